using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Two nodes only: whichever dies or freezes, the other goes on, since the lease is in the store and not with a majority.
/// </summary>
public sealed class TwoNodesTests(EbmfFit fit)
{
    [Fact]
    public async Task The_one_that_has_everything_is_killed()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(2);
        // The coordinator is placed away from the oldest: what dies is the oldest, and then, when there are two again, the coordinator's.
        Fault.Oldest.Check(await FaultRun.Of(cluster, fit, "oldest", Fault.Oldest.Harm));
        await cluster.StartNodes(1);
        Fault.Coordinator.Check(await FaultRun.Of(cluster, fit, "coordinator", Fault.Coordinator.Harm));
    }

    [Fact]
    public async Task One_is_frozen_one_ends_in_order_and_both_are_restarted()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(2);
        foreach (var (job, fault) in new[]
        {
            ("frozen-coordinator", Fault.FrozenCoordinator(20)), ("frozen-worker", Fault.FrozenWorker(20)),
            ("terminated", Fault.Terminated), ("rolling", Fault.RollingRestart), ("none", Fault.None),
        })
        {
            fault.Check(await FaultRun.Of(cluster, fit, job, fault.Harm));
            await cluster.StartNodes(2 - cluster.Nodes.Count);
        }
    }
}
