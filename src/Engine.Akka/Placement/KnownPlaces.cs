using System.Collections.Concurrent;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>On which member ("host:port") the actors that have written here were last. A hint: it may be old, or missing.</summary>
internal sealed class KnownPlaces
{
    /// <summary>At so many actors everything is forgotten: those that are still there will write again.</summary>
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<ActorAddress, string> _members = new();

    /// <summary>An actor has been heard of.</summary>
    public void Heard(ActorAddress actor, string member)
    {
        if (_members.TryGetValue(actor, out var known) && known == member)
        {
            return;
        }

        if (_members.Count >= Most)
        {
            _members.Clear();
        }

        _members[actor] = member;
    }

    public string? Of(ActorAddress actor) => _members.GetValueOrDefault(actor);

    /// <summary>An actor is no longer on a member; nothing happens when it is known elsewhere.</summary>
    public void Forget(ActorAddress actor, string member) =>
        _members.TryRemove(new KeyValuePair<ActorAddress, string>(actor, member));

    /// <summary>A member has gone: who was there.</summary>
    public IReadOnlyList<ActorAddress> Lose(string member)
    {
        var there = _members.Where(place => place.Value == member).Select(place => place.Key).ToList();
        there.ForEach(actor => Forget(actor, member));
        return there;
    }
}
