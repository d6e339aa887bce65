using System.Diagnostics;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Load alone makes no node be taken for dead.</summary>
public sealed class LoadTests(EbmfFit fit)
{
    // Broadcasts of 16 bytes x columns x factors.
    private const int Columns = 25_000;
    private const int Factors = 20;

    [Fact]
    public async Task Fits_that_use_every_core_with_broadcasts_of_8_MB_on_two_nodes_a_core_down_no_node()
    {
        var time = TimeSpan.FromMinutes(Effort.Of(1, 30));
        await using var cluster = await TestCluster.Start(2 * Environment.ProcessorCount);
        var data = Path.Combine(cluster.Folder, "data");
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "600", "--columns", $"{Columns}",
            "--factors", $"{Factors}",
            "--format", "store").Expect(0);
        var store = Path.Combine(data, "data.store");
        for (var (clock, n) = (Stopwatch.StartNew(), 0); clock.Elapsed < time; await Task.Delay(500))
        {
            // Two at a time, one of them just begun.
            var open = (await cluster.Store.Jobs()).Count(job => job.Ended is null);
            for (; open < 2; open++)
            {
                cluster.Run("submit", "ebmf", "--data", store, "--factors", $"{Factors}", "--shards", "8", "--set", "ebmf.init=block",
                    "--max-rounds", "100", "--tolerance", "1e-300", "--name", $"job{++n}").Expect(0);
            }
        }

        var (rounds, events) = (0L, "");
        foreach (var job in await cluster.Store.Jobs())
        {
            rounds += job.Progress.Round.Value;
            events += await cluster.Events(job.Submission.Job.Value);
            Assert.NotEqual(JobState.Failed, job.State);
        }

        Assert.True(rounds > 20, $"only {rounds} rounds were done: that is no load");
        Assert.DoesNotContain("was lost", events, StringComparison.Ordinal);
        ExpectNoneDown(cluster);
        TestContext.Current.TestOutputHelper!.WriteLine($"{rounds} rounds");
    }

    [Fact]
    public async Task Cores_that_others_keep_busy_for_the_whole_fit_down_no_node_and_a_kill_is_still_seen()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(3);
        var others = Enumerable.Range(0, 2 * Environment.ProcessorCount)
            .Select(_ => Process.Start("sh", ["-c", "while :; do :; done"])).ToList();
        try
        {
            var run = await FaultRun.Of(cluster, fit, "quiet", (_, _) => Task.CompletedTask);
            Assert.DoesNotContain("was lost", run.Events, StringComparison.Ordinal);
            ExpectNoneDown(cluster);
            Fault.Worker.Check(await FaultRun.Of(cluster, fit, "killed", Fault.Worker.Harm));
        }
        finally
        {
            foreach (var other in others)
            {
                other.Kill();
                other.Dispose();
            }
        }
    }

    private static void ExpectNoneDown(TestCluster cluster) => Assert.All(
        cluster.Nodes, node => Assert.DoesNotContain("has left the cluster", cluster.ErrorOf(node), StringComparison.Ordinal));
}
