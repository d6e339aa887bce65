using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// A fit on three nodes, real processes, while something dies, freezes or leaves: its arrays equal those of 'fit' in one process, byte by
/// byte. What each costs is measured by bench/recovery.
/// </summary>
public sealed class FaultTests(EbmfFit ebmf, TwinEbFit twinEb, NbFit nb, StandingCluster standing) : IClassFixture<StandingCluster>
{
    [Fact]
    public Task Undisturbed() => Long(ebmf, Fault.None);

    [Fact]
    public Task A_node_that_only_works_is_killed() => Long(ebmf, Fault.Worker);

    [Fact]
    public Task The_node_of_the_coordinator_is_killed() => standing.Run(ebmf, Fault.Coordinator);

    [Fact]
    public Task The_oldest_node_is_killed() => Long(ebmf, Fault.Oldest);

    [Fact]
    public Task Two_of_three_nodes_are_killed_at_once() => Long(ebmf, Fault.Two);

    [Fact]
    public Task Every_node_is_killed_and_others_start() => standing.Run(ebmf, Fault.All);

    [Fact]
    public Task A_node_is_killed_while_every_round_writes_a_checkpoint() => Long(ebmf, Fault.Coordinator, checkpointRounds: 1);

    [Fact]
    public Task A_node_that_hands_over_is_killed() => Long(ebmf, Fault.KilledHandingOver);

    [Fact]
    public async Task A_node_to_which_shards_move_is_killed()
    {
        Effort.OnlyLong();
        // Large enough not to end before the node has started.
        using var large = new EbmfFit(60_000, 6);
        await standing.Run(large, Fault.KilledTaking);
    }

    [Fact]
    public Task All_nodes_are_restarted_one_after_the_other() => Long(ebmf, Fault.RollingRestart);

    [Fact]
    public Task A_node_is_told_to_end() => standing.Run(ebmf, Fault.Terminated);

    [Fact]
    public Task A_frozen_node_of_a_coordinator_is_done_without_and_joins_again_when_it_wakes() =>
        Freeze(Fault.FrozenCoordinator(Effort.Of(12, 20)));

    [Fact]
    public async Task A_frozen_worker_is_done_without_and_joins_again_when_it_wakes()
    {
        Effort.OnlyLong();
        await Freeze(Fault.FrozenWorker(20));
    }

    [Fact]
    public Task TwinEb_undisturbed() => Long(twinEb, Fault.None);

    [Fact]
    public Task TwinEb_a_node_that_only_works_is_killed() => Long(twinEb, Fault.Worker);

    [Fact]
    public Task TwinEb_the_oldest_node_is_killed() => Long(twinEb, Fault.Oldest);

    [Fact]
    public Task TwinEb_every_node_is_killed_and_others_start() => Long(twinEb, Fault.All);

    [Fact]
    public Task TwinEb_all_nodes_are_restarted_one_after_the_other() => Long(twinEb, Fault.RollingRestart);

    [Fact]
    public Task TwinEb_two_of_three_nodes_are_killed_at_once() => standing.Run(twinEb, Fault.Two);

    [Fact]
    public Task Nb_undisturbed() => Long(nb, Fault.None);

    [Fact]
    public Task Nb_the_node_of_the_coordinator_is_killed() => Long(nb, Fault.Coordinator);

    [Fact]
    public Task Nb_two_of_three_nodes_are_killed_at_once() => Long(nb, Fault.Two);

    // What another test of ./test shows in part: with one model of the two, on two nodes, or by its steps.
    private async Task Long(FaultFit fit, Fault fault, int checkpointRounds = EbmfFit.CheckpointRounds)
    {
        Effort.OnlyLong();
        await standing.Run(fit, fault, checkpointRounds);
    }

    private async Task Freeze(Fault fault)
    {
        await standing.Run(ebmf, fault);
        var cluster = await standing.Three();
        // It may wake after the job has ended, and has to find out.
        await TestCluster.Until(
            () => cluster.Nodes.Any(node => cluster.Said(node, "was frozen or cut off")), "no node says that it was frozen");
        var woken = cluster.Nodes.Where(node => cluster.Said(node, "was frozen or cut off")).ToList();
        var node = Assert.Single(woken);
        await TestCluster.Until(
            () => cluster.ErrorOf(node).Split(" is ready: store ").Length == 3, $"{node} did not join again: {cluster.ErrorOf(node)}");
        var hosts = false;
        await FaultRun.Of(cluster, ebmf, $"after-{node}", async (_, job) => await TestCluster.Until(
            async () => (hosts |= (await cluster.Store.Nodes()).Any(
                n => n.Name == node && n.Actors.Any(a => a.Contains(job, StringComparison.Ordinal)))) ||
                (await cluster.Job(job)).Ended is not null,
            $"{node} hosts nothing, and the job does not end"));
        Assert.True(hosts, $"{node}, which woke, hosted nothing of the next job");
        standing.IsSound();
    }
}
