using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Hundreds of jobs at once (1,000 under --long) on three nodes, one of which is killed (-9) and replaced every few seconds.
/// </summary>
public sealed class ManyJobsTests(ITestOutputHelper output)
{
    private const int Specs = 5;
    private const int Killed = 8;

    // Fewer jobs are done sooner: the kills come sooner too, so that several hit nodes at work.
    private static readonly int Jobs = Effort.Of(300, 1_000);
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(Effort.Of(3, 6));
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Hundreds_of_jobs_all_end_and_none_twice_while_nodes_die()
    {
        await using var cluster = await TestCluster.Start(3);
        var data = Path.Combine(cluster.Folder, "data");
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "60", "--columns", "20", "--factors", "2").Expect(0);
        var (expected, submissions) = (new double[Specs], new JobSubmission[Specs]);
        for (var seed = 0; seed < Specs; seed++)
        {
            string[] fit =
                ["ebmf", "--data", data, "--factors", "1", "--seed", $"{seed + 1}", "--shards", $"{1 + (seed % 2)}", "--progress", "none"];
            var output = Path.Combine(cluster.Folder, $"expected{seed}");
            FitProgram.RunProcess(["fit", .. fit, "--out", output]).Expect(0);
            expected[seed] = Elbo(File.ReadAllBytes(Path.Combine(output, "fit.json")));
            cluster.Run(["submit", .. fit, "--name", $"job{seed}"]).Expect(0);
            submissions[seed] = (await cluster.Job($"job{seed}")).Submission;
        }

        await CountEnds(cluster);
        await Parallel.ForEachAsync(Enumerable.Range(Specs, Jobs - Specs), async (number, cancellation) => Assert.Equal(
            Submitted.New,
            await cluster.Store.Submit(submissions[number % Specs] with { Job = new JobName($"job{number}") }, cancellation)));
        // Everybody in a hurry submits twice.
        await Parallel.ForEachAsync(Enumerable.Range(Specs, 100), async (number, cancellation) => Assert.Equal(
            Submitted.Same,
            await cluster.Store.Submit(submissions[number % Specs] with { Job = new JobName($"job{number}") }, cancellation)));

        var random = new Random(7);
        using var done = new CancellationTokenSource();
        var killing = KillNodes(cluster, random, done.Token);
        try
        {
            await WaitForAll(cluster);
        }
        finally
        {
            await done.CancelAsync();
            await killing;
        }

        var jobs = await cluster.Store.Jobs();
        Assert.Equal(Jobs, jobs.Count);
        foreach (var job in jobs.Where(job => job.State != JobState.Converged))
        {
            Assert.Fail($"{job.Submission.Job} ended as {job.State}: {job.Reason}\n{await cluster.Events(job.Submission.Job.Value)}");
        }

        Assert.Equal("0", (await cluster.Database.Sql(
            cluster.StoreUrl, "SELECT count(*) FROM (SELECT job FROM test_ends GROUP BY job HAVING count(*) > 1) AS twice")).Trim());
        foreach (var job in jobs)
        {
            var name = job.Submission.Job;
            var report = Assert.Single(await cluster.Store.Results(name), file => file.Name == "fit.json");
            using var content = new MemoryStream();
            await cluster.Store.CopyResult(name, report, content);
            Assert.Equal(
                expected[int.Parse(name.Value[3..], System.Globalization.CultureInfo.InvariantCulture) % Specs], Elbo(content.ToArray()));
        }
    }

    /// <summary>Says every few seconds how many are in which state, so that a failure tells where they are stuck.</summary>
    private async Task WaitForAll(TestCluster cluster)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(TimeSpan.FromSeconds(2)))
        {
            var jobs = await cluster.Store.Jobs();
            output.WriteLine(
                $"{clock.Elapsed.TotalSeconds:F0} s: " +
                $"{string.Join(", ", jobs.GroupBy(job => job.State).Select(g => $"{g.Count()} {g.Key}"))}");
            if (jobs.All(job => job.Ended is not null))
            {
                return;
            }

            if (clock.Elapsed > Limit)
            {
                Assert.Fail($"some jobs did not end; {await Describe(cluster, jobs.First(job => job.Ended is null))}");
            }
        }
    }

    private static async Task<string> Describe(TestCluster cluster, JobEntry job)
    {
        var (name, p) = (job.Submission.Job.Value, job.Progress);
        var shards = string.Join(
            "; ", p.Shards.Select(s => $"{s.Shard} load {s.Load} ready {s.IsReady} round {s.Round} waiting {s.WaitingSeconds:F1}"));
        var hosts = string.Join("; ", (await cluster.Store.Nodes()).Select(n => $"{n.Name} ({n.State}, {n.SeenSecondsAgo:F1} s): " +
            $"{n.Actors.Count} actors, {string.Join(' ', n.Actors.Where(a => a.Contains($"/{name}", StringComparison.Ordinal)))}"));
        return $"{name} {job.State} reported {job.Reported:HH:mm:ss} attempt {p.Attempt} on {p.Node} round {p.Round}: " +
            $"{shards}\n{hosts}\n{await cluster.Events(name)}\n" +
            await cluster.Broker.Control("list_queues", "name", "messages", "messages_unacknowledged", "consumers");
    }

    /// <summary>The database itself counts how often each job ends from now on.</summary>
    private static Task<string> CountEnds(TestCluster cluster) => cluster.Database.Sql(cluster.StoreUrl, """
        CREATE TABLE test_ends (job text);
        CREATE FUNCTION test_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO test_ends VALUES (NEW.job); RETURN NEW; END $$;
        CREATE TRIGGER test_end AFTER UPDATE ON fitcluster.jobs FOR EACH ROW WHEN (NEW.state = 'Converged') EXECUTE FUNCTION test_end();
        """);

    private static async Task KillNodes(TestCluster cluster, Random random, CancellationToken done)
    {
        for (var kill = 0; kill < Killed && !done.IsCancellationRequested; kill++)
        {
            await Task.Delay(BetweenKills, done).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!done.IsCancellationRequested)
            {
                cluster.Kill(cluster.Nodes.ElementAt(random.Next(cluster.Nodes.Count)));
                await cluster.StartNode();
            }
        }
    }

    private static double Elbo(byte[] report)
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(report));
        return document.RootElement.GetProperty("elbo").GetDouble();
    }
}
