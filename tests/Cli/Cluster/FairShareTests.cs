using FitCluster.Cli.Cluster;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cli.Tests.Cluster;

public sealed class FairShareTests
{
    [Fact]
    public void Shards_above_the_share_go_to_a_node_that_joined() =>
    Assert.Equal(3, FairShare.Surplus("a", 6, [Node("a", 6), Node("b", 0)]));

    [Fact]
    public void None_are_given_up_in_favour_of_a_node_that_does_not_see_the_data() =>
        Assert.Equal(0, FairShare.Surplus("a", 6, [Node("a", 6), Node("b", 0) with { Unusable = ["job"] }]));

    [Fact]
    public void A_third_node_counts_as_if_the_one_that_does_not_see_the_data_were_not_there() =>
        Assert.Equal(3, FairShare.Surplus("a", 6, [Node("a", 6), Node("b", 0) with { Unusable = ["job"] }, Node("c", 0)]));

    private static NodeEntry Node(string name, int shards) =>
        new() { Name = name, Capacity = 10, SeenSecondsAgo = 0.1, Actors = [.. Enumerable.Range(0, shards).Select(s => $"shard/job/{s}")] };
}
