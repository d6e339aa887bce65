using System.Collections.Concurrent;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Which node's queue the actors that have written here were last heard from. A hint: it may be old, or missing.</summary>
internal sealed class KnownNodes
{
    /// <summary>At so many actors everything is forgotten: those that are still there will write again.</summary>
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<ActorAddress, string> _nodes = new();

    public void Heard(ActorAddress? from, string? node)
    {
        if (from is not { } actor || node is null || !BrokerQueues.IsNode(node) ||
            (_nodes.TryGetValue(actor, out var known) && known == node))
        {
            return;
        }

        if (_nodes.Count >= Most)
        {
            _nodes.Clear();
        }

        _nodes[actor] = node;
    }

    public string? Of(ActorAddress actor) => _nodes.GetValueOrDefault(actor);

    public void Forget(ActorAddress actor) => _nodes.TryRemove(actor, out _);
}
