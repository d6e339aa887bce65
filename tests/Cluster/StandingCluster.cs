namespace FitCluster.Cluster.Tests;

/// <summary>
/// Three nodes that the tests of a class use one after the other: each finds three, the first of them the oldest member. A test that failed
/// leaves none.
/// </summary>
public sealed class StandingCluster : IAsyncDisposable
{
    private TestCluster? _cluster;
    private bool _isSound;
    private int _jobs;

    /// <summary>Lets something happen to a job on three nodes.</summary>
    internal async Task<FaultRun> Run(FaultFit fit, Fault fault, int checkpointRounds = EbmfFit.CheckpointRounds)
    {
        var cluster = await Three();
        var run = await FaultRun.Of(cluster, fit, $"job{++_jobs}", fault.Harm, checkpointRounds);
        fault.Check(run);
        _isSound = true;
        return run;
    }

    /// <summary>The cluster, with at least three nodes.</summary>
    internal async Task<TestCluster> Three()
    {
        if (_cluster is not null && !_isSound)
        {
            await _cluster.DisposeAsync();
            _cluster = null;
        }

        _isSound = false;
        _cluster ??= await TestCluster.Start(0);
        await _cluster.StartNodes(3 - _cluster.Nodes.Count);
        // A job of before must not give its place to this one's numbers.
        await TestCluster.Until(
            async () => (await _cluster.Store.Nodes()).Count(node => node is { State: "up", SeenSecondsAgo: < 2 }) == _cluster.Nodes.Count,
            "the nodes are not all up");
        return _cluster;
    }

    internal void IsSound() => _isSound = true;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
