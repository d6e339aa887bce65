using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Something that happens to a cluster of three nodes in the middle of a job.</summary>
/// <param name="Words">What, as docs/recovery.md names it.</param>
/// <param name="Harm">Does it.</param>
/// <param name="Check">What is to be seen of it.</param>
internal sealed record Fault(string Words, Func<TestCluster, string, Task> Harm, Action<FaultRun> Check)
{
    private const int Stop = 19;
    private const int Continue = 18;

    public static Fault None { get; } = new("nothing", (_, _) => Task.CompletedTask, run =>
    {
        Assert.Equal(0, run.Redone);
        Assert.DoesNotContain("was lost", run.Events, StringComparison.Ordinal);
    });

    public static Fault Worker { get; } = new(
        "a worker's node killed (-9)", async (cluster, job) => cluster.Kill(await WorkerOf(cluster, job)), run =>
        {
            Assert.Contains("was lost in round", run.Events, StringComparison.Ordinal);
            Assert.DoesNotContain("attempt 2", run.Events, StringComparison.Ordinal);
            Assert.Equal(0, run.Redone);
        });

    public static Fault Coordinator { get; } = new(
        "the coordinator's node killed (-9)", async (cluster, job) => cluster.Kill((await cluster.Placement(job)).Coordinator), Resumes);

    /// <summary>It places actors; it may host none itself.</summary>
    public static Fault Oldest { get; } = new("the oldest node killed (-9)", (cluster, _) =>
    {
        cluster.Kill(cluster.Nodes[0]);
        return Task.CompletedTask;
    }, run => Assert.InRange(run.Redone, 0, EbmfFit.CheckpointRounds * 3));

    public static Fault Two { get; } = new("two of three killed at once (-9): the coordinator's and the oldest", async (cluster, job) =>
    {
        var coordinator = (await cluster.Placement(job)).Coordinator;
        cluster.Kill(coordinator);
        cluster.Kill(cluster.Nodes[0]);
    }, Resumes);

    public static Fault All { get; } = new("all nodes killed (-9), three others started", async (cluster, _) =>
    {
        cluster.Nodes.ToList().ForEach(cluster.Kill);
        await cluster.StartNodes(3);
    }, Resumes);

    public static Fault Terminated { get; } = new(
        "SIGTERM to the coordinator's node", async (cluster, job) => await cluster.Terminate((await cluster.Placement(job)).Coordinator),
        run =>
        {
            Assert.Contains("leaves its node", run.Events, StringComparison.Ordinal);
            Assert.DoesNotContain("was lost in round", run.Events, StringComparison.Ordinal);
        });

    public static Fault KilledHandingOver { get; } = new(
        "SIGTERM to the coordinator's node, and kill -9 while it hands over", async (cluster, job) =>
        {
            var node = (await cluster.Placement(job)).Coordinator;
            cluster.Signal(node, 15);
            await TestCluster.Until(() => cluster.Said(node, "draining:") || !cluster.IsUp(node), "the node never drained");
            if (cluster.IsUp(node))
            {
                cluster.Kill(node);
            }
        }, Resumes);

    /// <summary>A fourth node comes, and dies when the first shards are on their way to it.</summary>
    public static Fault KilledTaking { get; } = new("a fourth node comes, and is killed (-9) as shards move to it", async (cluster, job) =>
    {
        var node = await cluster.StartNode();
        await TestCluster.Until(
            async () => (await cluster.Events(job)).Contains("leaves its node", StringComparison.Ordinal) ||
                (await cluster.Job(job)).Ended is not null,
            "no shard moved to the node that came");
        Assert.True((await cluster.Job(job)).Ended is null, "the job ended before a shard moved");
        cluster.Kill(node);
    }, run => Assert.Contains("leaves its node", run.Events, StringComparison.Ordinal));

    public static Fault RollingRestart { get; } = new("rolling restart (SIGTERM, one after the other)", async (cluster, _) =>
    {
        foreach (var node in cluster.Nodes.ToList())
        {
            await cluster.Terminate(node);
            await cluster.StartNode();
        }
    }, run => Assert.DoesNotContain("was lost in round", run.Events, StringComparison.Ordinal));

    public static Fault FrozenWorker(int seconds) => new(
        $"a worker's node frozen for {seconds} s (SIGSTOP) and woken",
        async (cluster, job) => await Freeze(cluster, await WorkerOf(cluster, job), seconds), Loses);

    public static Fault FrozenCoordinator(int seconds) => new(
        $"the coordinator's node frozen for {seconds} s (SIGSTOP) and woken",
        async (cluster, job) => await Freeze(cluster, (await cluster.Placement(job)).Coordinator, seconds), Resumes);

    /// <summary>Hosts shards, but neither the job's coordinator nor, where there are others, sharding's.</summary>
    public static async Task<string> WorkerOf(TestCluster cluster, string job)
    {
        var workers = (await cluster.Placement(job)).Workers;
        Assert.NotEmpty(workers);
        return workers.FirstOrDefault(node => node != cluster.Nodes[0], workers[0]);
    }

    private static async Task Freeze(TestCluster cluster, string node, int seconds)
    {
        cluster.Signal(node, Stop);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        cluster.Signal(node, Continue);
    }

    private static void Loses(FaultRun run) => Assert.True(
        run.Events.Contains("was lost in round", StringComparison.Ordinal) ||
        run.Events.Contains("goes on from the checkpoint", StringComparison.Ordinal), run.Events);

    private static void Resumes(FaultRun run)
    {
        Assert.Contains("goes on from the checkpoint", run.Events, StringComparison.Ordinal);
        Assert.InRange(run.Redone, 0, EbmfFit.CheckpointRounds * 3);
    }
}
