using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A network that is cut, in namespaces of the kernel; or slow, with relays before the nodes. The store is a PostgreSQL.</summary>
public sealed class NetworkTests(EbmfFit fit)
{
    private static readonly TimeSpan CutFor = TimeSpan.FromSeconds(Effort.Of(12, 20));

    [Fact]
    public async Task A_node_is_cut_off_from_all_others_and_joins_again()
    {
        await using var network = await CutNetwork.Create(1);
        await using var cluster = await TestCluster.StartPostgres(0, network.HostAddress);
        await network.StartNode(cluster, 0);
        var node = await network.StartNode(cluster, 1);
        await network.StartNode(cluster, 0);
        var run = await FaultRun.Of(cluster, fit, "job", async (_, _) =>
        {
            await network.Cut(1);
            await Task.Delay(CutFor);
            await network.Heal(1);
        });
        Assert.True(
            run.Events.Contains("was lost in round", StringComparison.Ordinal) ||
            run.Events.Contains("goes on from the checkpoint", StringComparison.Ordinal), run.Events);
        Assert.InRange(run.Redone, 0, EbmfFit.CheckpointRounds * 3);
        await TestCluster.Until(
            () => cluster.ErrorOf(node).Split(" is ready: store ").Length == 3, $"{node} did not join again: {cluster.ErrorOf(node)}");
        Assert.All(
            cluster.Nodes.Where(n => n != node),
            n => Assert.DoesNotContain("was frozen or cut off", cluster.ErrorOf(n), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_nodes_do_not_see_each_other_and_a_third_sees_both()
    {
        Effort.OnlyLong();
        await using var network = await CutNetwork.Create(2);
        await using var cluster = await TestCluster.StartPostgres(0, network.HostAddress);
        await network.StartNode(cluster, 0);
        await network.StartNode(cluster, 1);
        await network.StartNode(cluster, 2);
        var run = await FaultRun.Of(cluster, fit, "job", async (_, _) =>
        {
            await network.CutBetween(1, 2);
            await Task.Delay(CutFor);
            await network.HealBetween(1, 2);
        });
        // All three are one cluster again, and fit.
        await TestCluster.Until(
            async () => (await cluster.Store.Nodes()).Count(n => n is { State: "up", SeenSecondsAgo: < 3 }) == 3,
            "three nodes did not come together again");
        await FaultRun.Of(cluster, fit, "after", (_, _) => Task.CompletedTask);
        Assert.InRange(run.Redone, 0, EbmfFit.CheckpointRounds * 3);
    }

    [Fact]
    public async Task A_link_that_is_slow_and_stalls_costs_time_and_no_node()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(1);
        var relays = new List<SlowRelay>();
        for (var n = 0; n < 2; n++)
        {
            var (inside, outside) = (TestCluster.FreePorts(), TestCluster.FreePorts());
            relays.AddRange([new SlowRelay(outside, inside), new SlowRelay(outside + 1, inside + 1)]);
            await cluster.StartNode(more: ["--listen", $"127.0.0.1:{inside}", "--advertise", $"127.0.0.1:{outside}"]);
        }

        try
        {
            var run = await FaultRun.Of(cluster, fit, "job", (_, _) => Task.CompletedTask);
            Assert.DoesNotContain("was lost", run.Events, StringComparison.Ordinal);
            Assert.Equal(0, run.Redone);
            // Of Akka's connections one of each pair is enough for both directions: it need not be the one that goes by a relay.
            Assert.True(
                relays[1].Bytes > 1000 && relays[3].Bytes > 1000 && relays[0].Bytes + relays[2].Bytes > 1000, "nothing went by the relays");
            Assert.All(
                cluster.Nodes, node => Assert.DoesNotContain("has left the cluster", cluster.ErrorOf(node), StringComparison.Ordinal));
        }
        finally
        {
            relays.ForEach(relay => relay.Dispose());
        }
    }
}
