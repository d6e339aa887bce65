using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Six nodes (20 under --long), with one shard each and small heaps, of which a quarter is killed.</summary>
public sealed class ManyNodesTests
{
    private static readonly int Count = Effort.Of(6, 20);

    [Fact]
    public async Task All_come_up_share_the_work_and_a_quarter_of_them_may_die()
    {
        await using var cluster = await TestCluster.Start(0);
        string[] small = ["DOTNET_GCHeapHardLimit=0x10000000"];
        await cluster.StartNode(small, ["--threads", "1"]);
        await Task.WhenAll(Enumerable.Range(1, Count - 1).Select(_ => cluster.StartNode(small, ["--threads", "1"])));
        // A node that is ready may not be known yet to the one that places: by the end of a first job it is.
        using var first = new SmallFit();
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "first", "--data", first.Data, "--wait", "--progress", "none"]).Expect(0);
        // As many shards as nodes, and rounds enough that they are spread before the end.
        using var fit = new EbmfFit(15_000, Count, planted: 20);
        await FaultRun.Of(cluster, fit, "job", async (_, job) =>
        {
            await TestCluster.Until(async () => await Most(cluster, job) == 1 || (await cluster.Job(job)).Ended is not null,
                "the shards were never spread evenly");
            Assert.True((await cluster.Job(job)).Ended is null, "the job ended before its shards were spread evenly");
            foreach (var node in cluster.Nodes.Where((_, n) => n % 4 == 1).ToList())
            {
                cluster.Kill(node);
            }
        });
        Assert.All(cluster.Nodes, node => Assert.True(cluster.IsUp(node)));
    }

    /// <summary>The most shards of a job on one node; 0 when not all are placed.</summary>
    private static async Task<int> Most(TestCluster cluster, string job)
    {
        var counts = (await cluster.Store.Nodes())
            .Select(node => node.Actors.Count(a => a.StartsWith($"shard/{job}/", StringComparison.Ordinal))).ToList();
        return counts.Sum() == Count ? counts.Max() : 0;
    }
}
