using System.Collections.Concurrent;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>A meeting place for the nodes of one test, all in this process.</summary>
internal sealed class MemoryMeeting : IMeetingPlace, IDisposable
{
    private readonly SemaphoreSlim _joining = new(1);
    private readonly ConcurrentDictionary<string, (NodeEntry Node, long Since)> _nodes = new();
    private readonly ConcurrentDictionary<string, bool> _old = new();
    private readonly Dictionary<string, (string Owner, long Until)> _leases = [];

    public int NodesAsked { get; private set; }

    public void Dispose() => _joining.Dispose();

    /// <summary>A node reports, or did so some time ago.</summary>
    public void Report(NodeEntry node, double secondsAgo = 0)
    {
        if (!_old.ContainsKey(node.Name))
        {
            _nodes[node.Name] = (node, Environment.TickCount64 - (long)(secondsAgo * 1000));
        }
    }

    /// <summary>From here on a node's last report is so old, and it makes no other.</summary>
    public void Age(string name, double seconds)
    {
        _old[name] = true;
        _nodes[name] = (_nodes[name].Node, Environment.TickCount64 - (long)(seconds * 1000));
    }

    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default)
    {
        NodesAsked++;
        return Task.FromResult<IReadOnlyList<NodeEntry>>(
            [.. _nodes.Values.Select(n => n.Node with { SeenSecondsAgo = (Environment.TickCount64 - n.Since) / 1000.0 })]);
    }

    public async Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default)
    {
        await _joining.WaitAsync(cancellation);
        return new Held(_joining);
    }

    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default)
    {
        lock (_leases)
        {
            var isFree = !_leases.TryGetValue(name, out var lease) || lease.Owner == owner || lease.Until < Environment.TickCount64;
            if (isFree)
            {
                _leases[name] = (owner, Environment.TickCount64 + (long)validity.TotalMilliseconds);
            }

            return Task.FromResult(isFree);
        }
    }

    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default)
    {
        lock (_leases)
        {
            return Task.FromResult(_leases.TryGetValue(name, out var lease) && lease.Owner == owner && _leases.Remove(name));
        }
    }

    private sealed class Held(SemaphoreSlim joining) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            joining.Release();
            return ValueTask.CompletedTask;
        }
    }
}
