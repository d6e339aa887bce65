using System.Diagnostics;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Results;

namespace FitCluster.Node;

/// <summary>
/// A node from its start to its end: it answers for its health, joins, hosts what it is given until it is told to stop, and hands over.
/// When the others have gone on without it (it was frozen, or cut off), it joins again.
/// </summary>
internal static class NodeRun
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan JoinPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Blocking calls of stores must not keep Akka's own work, which runs on the pool, waiting for threads.</summary>
    private const int LeastPoolThreads = 32;

    /// <summary>Runs a node; returns when it has handed over.</summary>
    /// <param name="options">What it is told.</param>
    /// <param name="say">Told each line that a user may want to read, one at a time.</param>
    /// <param name="stop">Completes when the node is to hand over.</param>
    /// <exception cref="ProblemException">It could not join (4), or an option cannot be used (2).</exception>
    public static async Task Run(NodeOptions options, Action<string> say, Task stop)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(int.Max(workers, LeastPoolThreads), ports);
        NodeHost? node = null;
        await using var health = options.Health is { } where
            ? await HealthServer.Start(where, () => node is null ? "the node is joining" : node.NotReady).ConfigureAwait(false)
            : null;
        using var telemetry = Telemetry.Start(options.Name);
        var certificates = Certificates(options);
        IReadOnlyList<ActorAddress> cutOff = [];
        var limit = JoinLimit;
        while ((node = await Join(options, certificates, say, stop, cutOff, limit).ConfigureAwait(false)) is not null)
        {
            await Task.WhenAny(stop, node.Removed).ConfigureAwait(false);
            if (!node.Removed.IsCompleted)
            {
                await node.Drain().ConfigureAwait(false);
                await node.DisposeAsync().ConfigureAwait(false);
                return;
            }

            limit = TimeSpan.MaxValue;
            cutOff = await node.Removed.ConfigureAwait(false);
            say(
                $"node {options.Name} was frozen or cut off, and the others went on without it: " +
                "what it hosted is elsewhere; it joins again");
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static NodeCertificates? Certificates(NodeOptions options)
    {
        try
        {
            return options.Tls is { } folder ? NodeCertificates.Read(folder) : null;
        }
        catch (ClusterEngineException error)
        {
            throw ProblemException.BadInput($"--tls: {error.Message}", error);
        }
    }

    /// <summary>
    /// Joins; what cannot be reached is tried for a while, since all of a cluster may be starting. A node that has been a member before
    /// does not give up. Null when told to stop meanwhile.
    /// </summary>
    private static async Task<NodeHost?> Join(
        NodeOptions options,
        NodeCertificates? certificates,
        Action<string> say,
        Task stop,
        IReadOnlyList<ActorAddress> cutOff,
        TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        var isTold = false;
        while (!stop.IsCompleted)
        {
            JournaledStore? store = null;
            try
            {
                store = new JournaledStore(
                    await ClusterAccess.Store(options.Store, isMade: true).ConfigureAwait(false), options.Name);
                var joined = store;
                var node = await NodeHost.Start(
                    options,
                    store,
                    async (engine, joining) => await AkkaEngine.Create(
                        engine, Akka(options, certificates, joining), joined, joined).ConfigureAwait(false),
                    say,
                    cutOff).ConfigureAwait(false);
                joined.WarmUp();
                return node;
            }
            catch (Exception error) when (
                error is ClusterEngineException or ClusterStoreException or ProblemException { ExitCode: ExitCode.Unreachable })
            {
                if (store is not null)
                {
                    await store.DisposeAsync().ConfigureAwait(false);
                }

                if (!isTold)
                {
                    isTold = true;
                    say($"{error.Message}; it is tried again{(limit == TimeSpan.MaxValue ? "" : $" for {limit.TotalSeconds:F0} s")}");
                }

                if (Stopwatch.GetElapsedTime(since) > limit)
                {
                    throw error as ProblemException ?? new ProblemException(ExitCode.Unreachable, error.Message, error);
                }
            }

            await Task.WhenAny(stop, Task.Delay(JoinPause)).ConfigureAwait(false);
        }

        return null;
    }

    private static AkkaOptions Akka(NodeOptions options, NodeCertificates? certificates, NodeJoining joining) => new()
    {
        Listen = options.Listen,
        AdvertisedHost = options.AdvertisedHost,
        AdvertisedPort = options.AdvertisedPort,
        Certificates = certificates,
        Version = FitReport.Version,
        Drain = options.Drain,
        CannotServe = joining.CannotServe,
        Permanent = joining.Permanent,
        Joined = joining.Joined,
    };
}
