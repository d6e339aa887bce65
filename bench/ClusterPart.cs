using System.Diagnostics;
using System.Text.Json;

namespace FitCluster.Bench;

/// <summary>
/// A fit by two node processes, against the same fit by one process with as many threads; what a node costs by itself, and a short job.
/// </summary>
internal static class ClusterPart
{
    private const int Rows = 50_000;
    private const int Columns = 2_000;
    private const int Factors = 10;
    private const int Repeats = 3;
    private const int Interval = 5;
    private const double DefaultSeconds = 30;
    private const int Starts = 5;
    private const double WantedStart = 2.5;
    private const double WantedMore = 1;
    private const double WantedIdlePercent = 3;
    private const double WantedIdleBytes = 200e6;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    public static Table Run()
    {
        var table = new Table("cluster",
            "the same fit by 2 node processes, whose store is a file, and by one process with 2 threads; nodes by themselves");
        Measure(table).GetAwaiter().GetResult();
        table.Note($"sparse {Rows:N0} x {Columns:N0}, 10 % stored, K = {Factors}, point_normal on both sides, as a chunked store; " +
            "rounds: the seconds from the first round to the last that `fit.json` says; whole: from start to end of `fit`, and of " +
            "`submit --wait`.");
        table.Note("fits and submissions take turns in one run; ratios are of the medians. " +
            "A node takes as many threads as there are cores unless told otherwise: with one thread each, a node whose " +
            "shards are done waits for the other while a core is idle.");
        table.Note($"a checkpoint's cost is (median seconds of the rounds with one every {Interval} rounds - without) / checkpoints; " +
            $"its share is that over the default interval of {DefaultSeconds} s.");
        table.Note($"a node's start: from the start of its process to its word that it is ready, {Starts} times, each joining those " +
            $"before; idle: CPU of each of {Starts} nodes over {Idle.TotalSeconds:F0} s without a job, and resident memory then, the " +
            "means; a short job: `submit --wait` of 400 x 60 on the two warm nodes less `fit`, each with the start of the program.");
        return table;
    }

    private static async Task Measure(Table table)
    {
        var store = BenchFiles.Store(Rows, Columns, Factors, 0.1);
        await MeasureNodes(table);
        var (environment, single) = (Cluster("cluster"), Cluster("cluster-thin"));
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
            ("nodes as they come, 2 threads each", remote, 1.15), ("nodes with 1 thread each", thin, double.NaN)
        })
        {
            foreach (var (name, time) in new (string, Func<Measured, double>)[] { ("rounds", m => m.Rounds), ("whole", m => m.Whole) })
            {
                var (ours, peer) = (Figures.Of([.. fits.Select(time)]).Median, Figures.Of([.. local.Select(time)]).Median);
                table.Add(new Line($"{name}, {nodesWords}, median of {Repeats} ({local[0].Count} rounds)", Figures.Text(ours),
                    Figures.Text(peer), ours / peer, name == "rounds" ? target : double.NaN));
            }
        }

        MeasureShort(table, environment);
        var each = double.Max(0, Figures.Of([.. saving.Select(m => m.Rounds)]).Median -
            Figures.Of([.. remote.Select(m => m.Rounds)]).Median) / (saving[0].Checkpoints - remote[0].Checkpoints);
        table.Add(new Line(
            $"one checkpoint (from fits with {saving[0].Checkpoints} and with {remote[0].Checkpoints}) over the default interval",
            Figures.Text(each), Figures.Text(DefaultSeconds), each / DefaultSeconds, 0.026));
    }

    private static (string, string)[] Cluster(string name) =>
        [("FITCLUSTER_STORE", BenchFiles.StoreFile(name))];

    /// <summary>How long nodes take to be ready, and what they cost when there is nothing to do.</summary>
    private static async Task MeasureNodes(Table table)
    {
        await using var nodes = await BenchNodes.Start(Starts, [], Cluster("cluster-idle"));
        var start = Figures.Of(nodes.Starts).Median;
        table.Add(new Line(
            $"a node's start to ready, median of {Starts}", Figures.Text(start), $"{Figures.Text(WantedStart)} asked for",
            start / WantedStart, 1));
        await Task.Delay(Settling);
        var before = nodes.Processes.Sum(Cpu);
        await Task.Delay(Idle);
        var percent = 100 * (nodes.Processes.Sum(Cpu) - before) / Idle.TotalSeconds / Starts;
        var bytes = nodes.Processes.Average(process => (double)process.WorkingSet64);
        table.Add(new Line(
            "CPU of an idle node", FormattableString.Invariant($"{percent:F1} % of a core"),
            FormattableString.Invariant($"{WantedIdlePercent} % asked for"), percent / WantedIdlePercent, 1));
        table.Add(new Line(
            "memory of an idle node", FormattableString.Invariant($"{bytes / 1e6:F0} MB"),
            FormattableString.Invariant($"{WantedIdleBytes / 1e6} MB asked for"), bytes / WantedIdleBytes, 1));
    }

    private static double Cpu(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>What a cluster adds to a short job.</summary>
    private static void MeasureShort(Table table, (string, string)[] environment)
    {
        var data = BenchFiles.Fresh("cluster-short");
        Expect(Clock.Run(BenchFiles.Program, ["simulate", "ebmf", "--rows", "400", "--columns", "60", "--factors", "3", "--out", data]));
        string[] fit = ["ebmf", "--data", data, "--factors", "5", "--progress", "none"];
        var (local, remote) = (new List<double>(), new List<double>());
        for (var repeat = 0; repeat <= Repeats; repeat++)
        {
            local.Add(Expect(Clock.Run(BenchFiles.Program, ["fit", .. fit, "--out", BenchFiles.Fresh("cluster-short-fit")])).Seconds);
            remote.Add(
                Expect(Clock.Run(BenchFiles.Program, ["submit", .. fit, "--name", $"short-{repeat}", "--wait"], environment)).Seconds);
        }

        var more = double.Max(0, Figures.Of(remote).Median - Figures.Of(local).Median);
        table.Add(new Line(
            "what the cluster adds to a short job", Figures.Text(more), $"{Figures.Text(WantedMore)} asked for", more / WantedMore, 1));
    }

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
