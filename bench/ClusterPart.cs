using System.Text.Json;
using FitCluster.Services;

namespace FitCluster.Bench;

/// <summary>
/// A fit by two node processes through a real broker and a real database, against the same fit by one process with as many threads.
/// </summary>
internal static class ClusterPart
{
    private const int Rows = 50_000;
    private const int Columns = 2_000;
    private const int Factors = 10;
    private const int Repeats = 3;
    private const int Interval = 5;
    private const double DefaultSeconds = 30;

    public static Table Run()
    {
        var table = new Table("cluster",
            "the same fit by 2 node processes, through RabbitMQ and PostgreSQL, and by one process with 2 threads");
        if ((RabbitServer.Missing ?? PostgresServer.Missing) is { } missing)
        {
            table.Note($"not measured: {missing}");
            return table;
        }

        Measure(table).GetAwaiter().GetResult();
        table.Note($"sparse {Rows:N0} x {Columns:N0}, 10 % stored, K = {Factors}, point_normal on both sides, as a chunked store; " +
            "rounds: the seconds from the first round to the last that `fit.json` says; whole: from start to end of `fit`, and of " +
            "`submit --wait`.");
        table.Note("the cluster's broker and database run on the same two cores; fits and submissions take turns in one run; ratios are " +
            "of the medians. A node takes as many threads as there are cores unless told otherwise: with one thread each, a node whose " +
            "shards are done waits for the other while a core is idle.");
        table.Note($"a checkpoint's cost is (median seconds of the rounds with one every {Interval} rounds - without) / checkpoints; " +
            $"its share is that over the default interval of {DefaultSeconds} s.");
        return table;
    }

    private static async Task Measure(Table table)
    {
        var store = BenchFiles.Store(Rows, Columns, Factors, 0.1);
        await using var broker = await RabbitServer.StartNew();
        await using var database = await PostgresServer.StartNew();
        var (environment, single) = (await Cluster(broker, database), await Cluster(broker, database));
        await using var nodes = await BenchNodes.Start(2, [], environment);
        await using var singleNodes = await BenchNodes.Start(2, ["--threads", "1"], single);
        var (local, remote, thin, saving) = (new List<Measured>(), new List<Measured>(), new List<Measured>(), new List<Measured>());
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            local.Add(Local(store));
            remote.Add(Remote(store, $"bench-{repeat}", environment, []));
            thin.Add(Remote(store, $"thin-{repeat}", single, []));
            saving.Add(Remote(store, $"saving-{repeat}", environment, ["--checkpoint-rounds", $"{Interval}"]));
        }

        foreach (var (nodesWords, fits, target) in new[]
        {
            ("nodes as they come, 2 threads each", remote, 1.3), ("nodes with 1 thread each", thin, double.NaN)
        })
        {
            foreach (var (name, time) in new (string, Func<Measured, double>)[] { ("rounds", m => m.Rounds), ("whole", m => m.Whole) })
            {
                var (ours, peer) = (Figures.Of([.. fits.Select(time)]).Median, Figures.Of([.. local.Select(time)]).Median);
                table.Add(new Line($"{name}, {nodesWords}, median of {Repeats} ({local[0].Count} rounds)", Figures.Text(ours),
                    Figures.Text(peer), ours / peer, name == "rounds" ? target : double.NaN));
            }
        }

        var each = double.Max(0, Figures.Of([.. saving.Select(m => m.Rounds)]).Median -
            Figures.Of([.. remote.Select(m => m.Rounds)]).Median) / (saving[0].Checkpoints - remote[0].Checkpoints);
        table.Add(new Line(
            $"one checkpoint (from fits with {saving[0].Checkpoints} and with {remote[0].Checkpoints}) over the default interval",
            Figures.Text(each), Figures.Text(DefaultSeconds), each / DefaultSeconds, 0.026));
    }

    private static async Task<(string, string)[]> Cluster(RabbitServer broker, PostgresServer database) =>
        [("FITCLUSTER_BROKER", await broker.NewVirtualHost()), ("FITCLUSTER_STORE", await database.NewDatabase())];

    private static Measured Local(string store)
    {
        var folder = BenchFiles.Fresh("cluster-local");
        var run = Expect(Clock.Run(BenchFiles.Program, ["fit", .. Fit(store), "--threads", "2", "--out", folder, "--progress", "none"]));
        return Read(folder, run.Seconds);
    }

    private static Measured Remote(string store, string name, (string, string)[] environment, string[] more)
    {
        var run = Expect(
            Clock.Run(BenchFiles.Program, ["submit", .. Fit(store), "--name", name, "--wait", "--progress", "none", .. more], environment));
        var folder = BenchFiles.Fresh("cluster-remote");
        Expect(Clock.Run(BenchFiles.Program, ["results", name, "--out", folder], environment));
        return Read(folder, run.Seconds);
    }

    private static string[] Fit(string store) => ["ebmf", "--data", store, "--factors", $"{Factors}"];

    private static ChildRun Expect(ChildRun run) =>
        run.ExitCode == 0 ? run : throw new InvalidOperationException($"exit code {run.ExitCode}: {run.Error}");

    private static Measured Read(string folder, double whole)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "fit.json")));
        var root = document.RootElement;
        return new Measured(root.GetProperty("seconds").GetDouble(), whole, root.GetProperty("rounds").GetInt32(),
            root.GetProperty("checkpoints").GetInt32());
    }

    private sealed record Measured(double Rounds, double Whole, int Count, int Checkpoints);
}
