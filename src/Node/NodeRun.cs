using FitCluster.Engine;
using FitCluster.Models;

namespace FitCluster.Node;

/// <summary>
/// A node from its start to its end: it answers for its health, joins, hosts what it is given until it is told to stop, and hands over.
/// </summary>
internal static class NodeRun
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan JoinPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs a node; returns when it has handed over.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="say">Told each line that a user may want to read, one at a time.</param>
    /// <param name="stop">Completes when the node is to hand over.</param>
    /// <exception cref="ProblemException">It could not join (4), or an option cannot be used (2).</exception>
    public static async Task Run(NodeOptions options, Action<string> say, Task stop)
    {
        NodeHost? node = null;
        await using var health = options.Listen is { } where
            ? await HealthServer.Start(where, () => node is null ? "the node is joining" : node.NotReady).ConfigureAwait(false)
            : null;
        using var telemetry = Telemetry.Start(options.Name);
        node = await Join(options, say, stop).ConfigureAwait(false);
        if (node is null)
        {
            return;
        }

        await stop.ConfigureAwait(false);
        await node.Drain().ConfigureAwait(false);
        await node.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Joins; what cannot be reached is tried for a while, since all of a cluster may be starting. Null when told to stop meanwhile.
    /// </summary>
    private static async Task<NodeHost?> Join(NodeOptions options, Action<string> say, Task stop)
    {
        var until = Environment.TickCount64 + (long)JoinLimit.TotalMilliseconds;
        while (!stop.IsCompleted)
        {
            IClusterStore? store = null;
            try
            {
                store = await ClusterAccess.Store(options.Store).ConfigureAwait(false);
                var joined = store;
                return await NodeHost.Start(
                    options, store, engine => ClusterEngines.Connect(options.Broker, engine, joined), say).ConfigureAwait(false);
            }
            catch (Exception error) when (
                error is ClusterEngineException or ClusterStoreException or ProblemException { ExitCode: ExitCode.Unreachable })
            {
                if (store is not null)
                {
                    await store.DisposeAsync().ConfigureAwait(false);
                }

                if (Environment.TickCount64 > until)
                {
                    throw error as ProblemException ?? new ProblemException(ExitCode.Unreachable, error.Message, error);
                }
            }

            await Task.WhenAny(stop, Task.Delay(JoinPause)).ConfigureAwait(false);
        }

        return null;
    }
}
