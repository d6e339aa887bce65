using System.Diagnostics;
using System.Text.Json;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

[assembly: AssemblyFixture(typeof(FitCluster.Cluster.Tests.FaultTests.Fit))]

namespace FitCluster.Cluster.Tests;

/// <summary>
/// An EBMF fit on three nodes, through a real broker and a real database, while something dies: its arrays equal those of 'fit' in one
/// process, byte by byte. What each fault cost is written to artifacts/tests/failover.tsv.
/// </summary>
public sealed class FaultTests(FaultTests.Fit fit)
{
    private const int Stop = 19;
    private const int Continue = 18;
    private static readonly Lock TableLock = new();

    [Fact]
    public Task Undisturbed() => Run("undisturbed", _ => Task.CompletedTask, (_, again) => Assert.Equal(0, again));

    [Fact]
    public Task A_node_that_only_works_is_killed() => Run(
        "worker node killed (-9)",
        async cluster => cluster.Kill((await cluster.Placement("job")).Workers[0]),
        (events, again) =>
        {
            Assert.Contains("was lost in round", events, StringComparison.Ordinal);
            Assert.DoesNotContain("attempt 2", events, StringComparison.Ordinal);
            Assert.Equal(0, again);
        });

    [Fact]
    public Task The_node_of_the_coordinator_is_killed() => Run(
        "coordinator's node killed (-9)",
        async cluster => cluster.Kill((await cluster.Placement("job")).Coordinator),
        (events, again) =>
        {
            Assert.Contains("goes on from the checkpoint", events, StringComparison.Ordinal);
            Assert.InRange(again, 0, Fit.CheckpointRounds * 3);
        });

    [Fact]
    public Task Every_node_is_killed_and_others_start() => Run(
        "all nodes killed (-9), three started",
        async cluster =>
        {
            foreach (var node in cluster.Nodes.ToList())
            {
                cluster.Kill(node);
            }

            for (var n = 0; n < 3; n++)
            {
                await cluster.StartNode();
            }
        },
        (_, again) => Assert.InRange(again, 0, Fit.CheckpointRounds * 3));

    [Fact]
    public Task The_broker_is_killed_and_started_again() => Run(
        "broker killed (-9) and started",
        async cluster =>
        {
            await cluster.Broker.Kill();
            await cluster.Broker.Start();
        },
        (_, again) => Assert.InRange(again, 0, Fit.CheckpointRounds * 3),
        ownServers: true);

    [Fact]
    public Task The_database_is_restarted() => Run(
        "database restarted",
        async cluster =>
        {
            await cluster.Database.Stop();
            await cluster.Database.Start();
        },
        (_, again) => Assert.InRange(again, 0, Fit.CheckpointRounds * 3),
        ownServers: true);

    [Fact]
    public Task A_node_is_frozen_past_the_heartbeat_and_woken() => Run(
        "worker node frozen for 12 s (SIGSTOP) and woken",
        async cluster =>
        {
            var node = (await cluster.Placement("job")).Workers[0];
            cluster.Signal(node, Stop);
            await Task.Delay(TimeSpan.FromSeconds(12));
            cluster.Signal(node, Continue);
        },
        (events, again) =>
        {
            Assert.Contains("was lost in round", events, StringComparison.Ordinal);
            Assert.Equal(0, again);
        });

    [Fact]
    public Task The_node_of_the_coordinator_is_frozen_and_woken() => Run(
        "coordinator's node frozen for 12 s (SIGSTOP) and woken",
        async cluster =>
        {
            var node = (await cluster.Placement("job")).Coordinator;
            cluster.Signal(node, Stop);
            await Task.Delay(TimeSpan.FromSeconds(12));
            cluster.Signal(node, Continue);
        },
        (events, again) =>
        {
            Assert.Contains("goes on from the checkpoint", events, StringComparison.Ordinal);
            Assert.InRange(again, 0, Fit.CheckpointRounds * 3);
        });

    [Fact]
    public Task All_nodes_are_restarted_one_after_the_other() => Run(
        "rolling restart (SIGTERM)",
        async cluster =>
        {
            foreach (var node in cluster.Nodes.ToList())
            {
                await cluster.Terminate(node);
                await cluster.StartNode();
            }
        },
        (events, _) => Assert.DoesNotContain("times in a row", events, StringComparison.Ordinal));

    [Fact]
    public async Task A_node_that_joins_takes_load()
    {
        // Large enough not to end before the node has started.
        using var large = new Fit(50_000);
        await Run("a node joins", WaitForLoad, ExpectNoLoss, nodes: 1, of: large);

        static async Task WaitForLoad(TestCluster cluster)
        {
            var name = await cluster.StartNode();
            await TestCluster.Until(
                async () => (await cluster.Job("job")).Ended is not null ||
                    (await cluster.Store.Nodes()).Any(
                        node => node.Name == name && node.Actors.Any(a => a.StartsWith("shard/job/", StringComparison.Ordinal))),
                "the node that joined never got a shard");
            Assert.Null((await cluster.Job("job")).Ended);
        }

        static void ExpectNoLoss(string events, long again)
        {
            Assert.Contains("leaves its node", events, StringComparison.Ordinal);
            Assert.DoesNotContain("was lost in round", events, StringComparison.Ordinal);
            Assert.Equal(0, again);
        }
    }

    [Fact]
    public async Task A_node_is_cut_off_for_twenty_seconds()
    {
        await using var network = await CutNetwork.Create();
        await Run(
            "network of a worker node cut for 20 s",
            async cluster =>
            {
                await network.Cut();
                await Task.Delay(TimeSpan.FromSeconds(20));
                await network.Heal();
            },
            (_, again) => Assert.InRange(again, 0, Fit.CheckpointRounds * 3),
            network);
    }

    // Servers of its own are for a test that kills them, or that has its nodes at another address.
    private async Task Run(
        string what, Func<TestCluster, Task> harm, Action<string, long> check, CutNetwork? network = null, int nodes = 3, Fit? of = null,
        bool ownServers = false)
    {
        of ??= fit;
        await using var cluster = network is not null ? await TestCluster.Start(nodes - 1, network.HostAddress)
            : ownServers ? await TestCluster.Start(nodes)
            : await TestCluster.StartShared(nodes);
        if (network is not null)
        {
            await cluster.StartNode(network.Name);
        }

        cluster.Run(["submit", .. Fit.Arguments, "--name", "job", "--data", of.Data]).Expect(0);
        await cluster.Round("job", 60);
        var before = (await cluster.Job("job")).Progress.Round.Value;
        Assert.True((await cluster.Job("job")).Ended is null, "the job ended before anything could be done to it");
        var clock = Stopwatch.StartNew();
        var harming = harm(cluster);
        var (pause, last, since) = (0.0, before, 0.0);
        while ((await Progress(cluster)) is { } job && job.Ended is null && clock.Elapsed < TimeSpan.FromSeconds(120))
        {
            var now = clock.Elapsed.TotalSeconds;
            pause = double.Max(pause, now - since);
            (last, since) = job.Progress.Round.Value == last ? (last, since) : (job.Progress.Round.Value, now);

            await Task.Delay(20);
        }

        await harming;
        await cluster.End("job");
        var events = await cluster.Events("job");
        Assert.True((await cluster.Job("job")).State == JobState.Converged, $"{(await cluster.Job("job")).Reason}\n{events}");
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", output).Expect(0);
        of.ExpectSame(output);
        var again = Again(events, before);
        Note(what, pause, again, events);
        check(events, again);
    }

    private static async Task<JobEntry?> Progress(TestCluster cluster)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(50))
        {
            try
            {
                return await cluster.Job("job");
            }
            catch (ClusterStoreException)
            {
                // Being restarted.
            }
        }

        return null;
    }

    /// <summary>Rounds that the whole job did again: from where it stood to the checkpoint that an attempt went on from.</summary>
    private static long Again(string events, long before) => events.Split('\n')
        .Select(line => System.Text.RegularExpressions.Regex.Match(line, "goes on from the checkpoint of round ([0-9]+)"))
        .Where(m => m.Success).Select(m => long.Max(0, before - long.Parse(m.Groups[1].Value))).DefaultIfEmpty(0).First();

    private static void Note(string what, double pause, long again, string events)
    {
        var noticed = events.Split('\n').FirstOrDefault(line => line.Contains("was lost", StringComparison.Ordinal) ||
            line.Contains("goes on from", StringComparison.Ordinal) || line.Contains("leaves", StringComparison.Ordinal)) ?? "";
        lock (TableLock)
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "artifacts", "tests");
            Directory.CreateDirectory(folder);
            File.AppendAllText(
                Path.Combine(folder, "failover.tsv"), FormattableString.Invariant($"{what}\t{pause:F1}\t{again}\t{noticed}\n"));
        }
    }

    /// <summary>The data, and what one process makes of them.</summary>
    public sealed class Fit : IDisposable
    {
        public const int CheckpointRounds = 25;
        private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-fit-").FullName;

        // Made when first asked for: an assembly's fixture is there for parts of it that never ask.
        private readonly Lazy<string> _data;
        private readonly Lazy<string> _expected;

        public Fit()
            : this(20_000)
        {
        }

        internal Fit(int rows)
        {
            _data = new Lazy<string>(() => Simulate(rows));
            _expected = new Lazy<string>(FitInOneProcess);
        }

        // Factor by factor, so that it takes rounds enough for something to happen to them.
        public static string[] Arguments { get; } =
        [
            "ebmf", "--shards", "6", "--factors", "10", "--tolerance", "1e-7", "--checkpoint-rounds", "25", "--set", "ebmf.init=power",
        ];

        public string Data => _data.Value;

        public void ExpectSame(string results)
        {
            var expected = Directory.GetFiles(_expected.Value, "*.npy");
            Assert.True(expected.Length >= 7);
            Assert.All(expected, file => Assert.True(
                File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, Path.GetFileName(file)))),
                $"{Path.GetFileName(file)} differs"));
            Assert.Equal(Elbo(_expected.Value), Elbo(results));
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private string Simulate(int rows)
        {
            var data = Path.Combine(_folder, "data");
            FitProgram.RunProcess(
                "simulate", "ebmf", "--out", data, "--rows", $"{rows}", "--columns", "400", "--factors", "8", "--format", "store")
                .Expect(0);
            return Path.Combine(data, "data.store");
        }

        private string FitInOneProcess()
        {
            var expected = Path.Combine(_folder, "expected");
            FitProgram.RunProcess(["fit", .. Arguments, "--data", Data, "--out", expected, "--progress", "none"]).Expect(0);
            return expected;
        }

        private static (double Elbo, int Rounds, string? Status) Elbo(string folder)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "fit.json")));
            var root = document.RootElement;
            return (root.GetProperty("elbo").GetDouble(), root.GetProperty("rounds").GetInt32(), root.GetProperty("status").GetString());
        }
    }
}
