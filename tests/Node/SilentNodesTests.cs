using FitCluster.Engine;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class SilentNodesTests
{
    private static readonly ActorAddress Shard = new("shard", "job/1");

    [Fact]
    public void A_node_that_had_the_shard_and_is_silent_is_named_with_its_memory() => Assert.Equal(
        "; node a ended without a word (its exit code is known to 'node --supervise' only), with 900 MB of 1000 MB in use",
        SilentNodes.Words(Shard, [Node("a") with { SeenSecondsAgo = 9 }]));

    [Fact]
    public void What_its_supervisor_noted_and_its_last_lines_are_told() => Assert.Equal(
        "; node a ended: killed by signal 9 (SIGKILL), with 900 MB of 1000 MB in use; its last lines: two | three | four",
        SilentNodes.Words(Shard, [Node("a") with { State = "killed by signal 9 (SIGKILL)", LastLines = ["one", "two", "three", "four"] }]));

    [Fact]
    public void Of_nodes_that_are_there_or_never_had_it_nothing_is_told() => Assert.Equal(
        "",
        SilentNodes.Words(
            Shard, [Node("a"), Node("b") with { State = "draining" }, Node("c") with { SeenSecondsAgo = 9, Actors = ["shard/job/11"] }]));

    private static NodeEntry Node(string name) => new()
    {
        Name = name, Actors = ["shard/job/1"], MemoryBytes = 900_000_000, MemoryLimitBytes = 1_000_000_000, SeenSecondsAgo = 0.5,
    };
}
