using System.Diagnostics;
using System.Globalization;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Tests;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// A hundred jobs at once (1,000 under --long) on three nodes, one of which is killed (-9) and replaced every few seconds.
/// </summary>
public sealed class ManyJobsTests(ITestOutputHelper output)
{
    private const int Specs = 5;

    // Fewer jobs are done sooner: the kills come sooner too, so that several hit nodes at work.
    private static readonly int Jobs = Effort.Of(100, 1_000);
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(Effort.Of(4, 10));
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(Effort.Of(4, 40));

    [Fact]
    public async Task Every_job_ends_once_with_its_bits_while_nodes_die()
    {
        await using var cluster = await TestCluster.Start(3);
        var data = Path.Combine(cluster.Folder, "data");
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "60", "--columns", "20", "--factors", "2").Expect(0);
        var (expected, submissions) = (new Dictionary<string, byte[]>[Specs], new JobSubmission[Specs]);
        for (var seed = 0; seed < Specs; seed++)
        {
            string[] fit =
                ["ebmf", "--data", data, "--factors", "1", "--seed", $"{seed + 1}", "--shards", $"{1 + (seed % 2)}", "--progress", "none"];
            var output = Path.Combine(cluster.Folder, $"expected{seed}");
            FitProgram.RunProcess(["fit", .. fit, "--out", output]).Expect(0);
            expected[seed] = Directory.GetFiles(output, "*.npy").ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes);
            cluster.Run(["submit", .. fit, "--name", $"job{seed}"]).Expect(0);
            submissions[seed] = (await cluster.Job($"job{seed}")).Submission;
        }

        CountEnds(cluster);
        await Parallel.ForEachAsync(Enumerable.Range(Specs, Jobs - Specs), async (number, cancellation) => Assert.Equal(
            Submitted.New,
            await cluster.Store.Submit(submissions[number % Specs] with { Job = new JobName($"job{number}") }, cancellation)));
        // Everybody in a hurry submits twice.
        await Parallel.ForEachAsync(Enumerable.Range(Specs, 50), async (number, cancellation) => Assert.Equal(
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

        Assert.Equal(0L, Sql(cluster, "SELECT count(*) FROM (SELECT job FROM test_ends GROUP BY job HAVING count(*) > 1)"));
        Assert.Equal((long)Jobs - Specs, Sql(cluster, "SELECT count(*) FROM test_ends WHERE CAST(substr(job, 4) AS INTEGER) >= 5"));
        foreach (var job in jobs)
        {
            var name = job.Submission.Job;
            var right = expected[int.Parse(name.Value[3..], CultureInfo.InvariantCulture) % Specs];
            var files = (await cluster.Store.Results(name)).Where(file => file.Name.EndsWith(".npy", StringComparison.Ordinal)).ToList();
            Assert.Equal(right.Keys.Order(), files.Select(file => file.Name).Order());
            foreach (var file in files)
            {
                using var content = new MemoryStream();
                await cluster.Store.CopyResult(name, file, content);
                Assert.True(content.ToArray().AsSpan().SequenceEqual(right[file.Name]), $"{file.Name} of {name} differs");
            }
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
            string.Join('\n', cluster.Nodes.Select(n => $"{n}: {cluster.ErrorOf(n)}"));
    }

    /// <summary>The store itself counts how often each job ends from now on.</summary>
    private static void CountEnds(TestCluster cluster)
    {
        Sql(cluster, "CREATE TABLE test_ends (job TEXT)");
        Sql(cluster, """
            CREATE TRIGGER test_end AFTER UPDATE OF state ON jobs WHEN NEW.state = 'Converged'
            BEGIN INSERT INTO test_ends VALUES (NEW.job); END
            """);
    }

    private static object? Sql(TestCluster cluster, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={cluster.StoreUrl};Pooling=False;Default Timeout=30");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static async Task KillNodes(TestCluster cluster, Random random, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            await Task.Delay(BetweenKills, done).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!done.IsCancellationRequested)
            {
                cluster.Kill(cluster.Nodes.ElementAt(random.Next(cluster.Nodes.Count)));
                await cluster.StartNode();
            }
        }
    }
}
