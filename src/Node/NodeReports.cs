using System.Diagnostics;
using FitCluster.Engine;
using FitCluster.Models.Results;

namespace FitCluster.Node;

/// <summary>What a node reports of itself to the store.</summary>
/// <param name="options">What the node was told.</param>
/// <param name="store">The store.</param>
/// <param name="engine">What hosts the actors.</param>
/// <param name="unusable">The jobs that cannot be opened here.</param>
/// <param name="log">What the node says.</param>
internal sealed class NodeReports(NodeOptions options, IClusterStore store, IClusterEngine engine, UnusableJobs unusable, NodeLog log)
    : IDisposable
{
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly RowRate _rate = new();
    private long _reported;

    /// <summary>How long the store has not taken a report.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Volatile.Read(ref _reported));

    /// <summary>Reports.</summary>
    /// <param name="state">How the node stands.</param>
    /// <exception cref="ClusterStoreException">The store did not take it.</exception>
    public async Task Report(string state)
    {
        await store.ReportNode(new NodeEntry
        {
            Name = options.Name,
            Host = Environment.MachineName,
            ProcessId = Environment.ProcessId,
            Address = engine.Address,
            Version = FitReport.Version,
            Capacity = options.Capacity,
            Coordinators = options.Coordinators,
            Started = _started,
            State = state,
            MemoryBytes = NodeMemory.InUse,
            MemoryLimitBytes = NodeMemory.Limit,
            RowsPerSecond = _rate.PerSecond(),
            Actors = [.. engine.Hosted.Select(address => address.ToString())],
            Unusable = unusable.Names,
            LastLines = log.Last,
        }).ConfigureAwait(false);
        Volatile.Write(ref _reported, Stopwatch.GetTimestamp());
    }

    /// <summary>Reports; a store that is away is no news.</summary>
    public async Task ReportQuietly(string state)
    {
        try
        {
            await Report(state).ConfigureAwait(false);
        }
        catch (ClusterStoreException)
        {
            // Not ready until it answers again; the recorder says what is not written.
        }
    }

    /// <summary>Ends counting.</summary>
    public void Dispose() => _rate.Dispose();
}
