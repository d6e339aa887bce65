using System.Diagnostics;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A shard whose process is killed each time it is at work: killed here from outside, as the kernel does for memory.</summary>
public sealed class PoisonShardTests(EbmfFit fit)
{
    private const int MostKills = 40;

    [Fact]
    public async Task A_shard_that_kills_its_node_again_and_again_stops_its_job_with_the_reason_and_the_nodes_and_other_jobs_live_on()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.Start(0);
        using var small = new SmallFit();
        var coordinators = await cluster.StartNodeIn([], "--capacity", "0");
        var worker = await cluster.StartNodeIn([], "--coordinators", "0", "--supervise");
        // No checkpoint but the first: a shard that is loaded again has many rounds to replay, in which it makes no progress.
        cluster.Run("submit", "ebmf", "--shards", "6", "--factors", "10", "--tolerance", "1e-7", "--checkpoint-seconds", "3600",
            "--name", "poison", "--data", fit.Data).Expect(0);
        await cluster.Round("poison", 60);
        var kills = 0;
        for (; kills < MostKills &&
            (await cluster.Job("poison")).Ended is null; await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            var host = (await cluster.Store.Nodes(TestContext.Current.CancellationToken))
                .FirstOrDefault(n => n.Name.StartsWith(worker, StringComparison.Ordinal) && n is { State: "up", SeenSecondsAgo: < 1 } &&
                    n.Actors.Contains("shard/poison/0"));
            if (host is not null && IsAlive(host.ProcessId))
            {
                FitProgram.Signal(Process.GetProcessById(host.ProcessId), 9);
                kills++;
            }
        }

        var job = await cluster.Job("poison");
        var events = await cluster.Events("poison");
        Assert.True(job.State == JobState.Failed, $"{job.State} {job.Reason}\n{events}");
        Assert.InRange(kills, 3, MostKills);
        Assert.Matches("^shard [0-5] of job poison was lost 3 times in a row in round [0-9]+ without progress", job.Reason);
        Assert.Matches(
            $"node {worker}(\\.[0-9]+)? ended: killed by signal 9 \\(SIGKILL\\), exit code 137.*, with [0-9]+ MB of [0-9]+ MB in use; " +
            "its last lines: .*is ready", job.Reason);
        var ran = cluster.Run("watch", "poison", "--progress", "none").Expect(1);
        Assert.Contains($"fitcluster: poison failed: {job.Reason}", ran.Error, StringComparison.Ordinal);

        // The coordinator's node has lived through it, the worker was started again, and the next job ends.
        Assert.True(cluster.IsUp(coordinators));
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "sound", "--data", small.Data, "--wait", "--progress", "none"]).Expect(0);
        await cluster.Terminate(worker);
        Assert.DoesNotContain((await cluster.Store.Nodes(TestContext.Current.CancellationToken)),
            n => n.Name.StartsWith(worker, StringComparison.Ordinal) && n.State == "up");
    }

    private static bool IsAlive(int process) => Directory.Exists($"/proc/{process}");
}
