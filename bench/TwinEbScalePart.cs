using System.Diagnostics;
using System.Globalization;
using FitCluster.Coordinator;
using FitCluster.Data;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Bench;

/// <summary>
/// TwinEB's default optimizer by size: the cost of a non-zero from 1e5 to 1e8 of them, one and two
/// threads, and memory through the chunked store.
/// </summary>
internal static class TwinEbScalePart
{
    private const int L = 15;
    private const int PerRow = 105;
    private const int AtlasColumns = 2_000;
    private const int BooksRows = 51_288;
    private const int BooksColumns = 10_000;

    // Six sweeps: three with one component a side, three with the mixtures, of which the first is left out.
    private const int Sweeps = 6;

    public static Table Run()
    {
        var table = new Table("twineb-scale", "TwinEB's default optimizer, Poisson, by size");
        ByNonZeros(table);
        Threads(table);
        Through(table, "GoodBooks' shape, 51,288 x 10,000", Store(BooksRows, BooksColumns, 121), 30);
        Through(table, "atlas, 1,000,000 x 2,000", Store(1_000_000, AtlasColumns, PerRow), 4);
        table.Note("simulated counts of a Poisson factorization with 12 clusters of rows and 16 of columns (bench/TwinEbCounts.cs), no " +
            $"held-out cells; L = {L}, K_r 70, K_c 100; all data in a chunked store, mapped.");
        table.Note("cost of a non-zero: CPU seconds of the process for one sweep (two rounds: broadcast, all shards, reduce, update) " +
            "over the non-zeros, the least of the sweeps of the phase (small sizes are fitted 20 times: the machine is faster and " +
            "slower by half, as others use it), in one process with two threads. 'start' has one component a side, 'mixtures' are the " +
            "second and later sweeps after the split, when nearly all components of every row matter: the dearest there are.");
        table.Note("threads: sweeps of mixtures at GoodBooks' shape, one and two threads in turns, and two fits of one thread at once: " +
            "what these get more than one alone is what the machine gives to perfectly parallel work. Where the machine is shared, two " +
            "threads cannot have two cores: 'work that is not in shards' is CPU seconds while no shard is in its local step (reduce, " +
            "update, broadcast, messages) over those of the sweep, and bounds what threads can give (Amdahl).");
        table.Note("through the store: `fitcluster fit twineb --threads 2`, the whole program; RssAnon and VmHWM looked at every 10 ms; " +
            "the data are 12 bytes a non-zero and 8 a row, what the store holds. Mapped pages count in VmHWM as long as the " +
            "machine has room.");
        return table;
    }

    private static void ByNonZeros(Table table)
    {
        // Rows of some 95 to 100 non-zeros (more counts, where they fall on fewer columns); columns up to the atlas's 2,000.
        (int Rows, int Columns, int Counts)[] shapes =
            [(1_000, 400, 167), (10_000, 800, 130), (100_000, 1_300, 118), (1_000_000, AtlasColumns, PerRow)];
        var measured = new List<(string Name, double Start, double Mixtures)>();
        foreach (var (rows, columns, counts) in shapes)
        {
            var source = MatrixSource.Open(Store(rows, columns, counts));
            // Small ones are over before the machine has been quiet once: again and again.
            var rounds = Enumerable.Range(0, rows switch { >= 1_000_000 => 1, >= 100_000 => 2, _ => 20 })
                .SelectMany(_ => Fit(source, 2, rows >= 1_000_000 ? 4 : Sweeps)).ToList();
            var name = string.Create(CultureInfo.InvariantCulture, $"{rows:N0} x {columns:N0}, {source.StoredCount:N0} non-zeros");
            measured.Add((name, Nanoseconds(rounds, "start", source), Nanoseconds(rounds, "sweep", source)));
        }

        var (start, mixtures) = (measured.Min(m => m.Start), measured.Min(m => m.Mixtures));
        foreach (var m in measured)
        {
            table.Add(new Line($"{m.Name}: CPU a non-zero, start", Text(m.Start), Text(start), m.Start / start, 1.5));
            table.Add(new Line($"{m.Name}: CPU a non-zero, mixtures", Text(m.Mixtures), Text(mixtures), m.Mixtures / mixtures, 1.5));
        }

        table.Note("cost of a non-zero: the peer column is the least of the four sizes.");
    }

    private static void Threads(Table table)
    {
        var source = MatrixSource.Open(Store(BooksRows, BooksColumns, 121));
        var (one, two, both, coordinator, cpu) = (new List<double>(), new List<double>(), new List<double>(), 0.0, 0.0);
        for (var repeat = 0; repeat < 2; repeat++)
        {
            one.AddRange(Mixtures(source, 1).Select(r => r.Seconds));
            var rounds = Mixtures(source, 2);
            two.AddRange(rounds.Select(r => r.Seconds));
            (coordinator, cpu) = (coordinator + rounds.Sum(r => r.Coordinator), cpu + rounds.Sum(r => r.Cpu));
            var others = new List<(string Phase, double Seconds, double Cpu, double Coordinator)>();
            var thread = new Thread(() => others = Mixtures(source, 1));
            thread.Start();
            both.AddRange(Mixtures(source, 1).Select(r => r.Seconds));
            thread.Join();
            both.AddRange(others.Select(r => r.Seconds));
        }

        var (first, second, limit) = (Figures.Of(one), Figures.Of(two), Figures.Of(both));
        table.Add(Speedup("rows/s by two threads against one, wanted 1.7 (ratio: 1.7 over ours)", first.Median, second.Median, 1.7, 1));
        table.Add(Speedup("the same, of the fastest sweeps", first.Least, second.Least, 1.7, 1));
        var most = 2 * first.Median / limit.Median;
        table.Add(Speedup(string.Create(CultureInfo.InvariantCulture,
            $"the same against the {most:F2} times that two fits side by side, with nothing in common, have together (ratio: " +
            $"these over ours)"), first.Median, second.Median, most, 1.1));
        var share = coordinator / cpu;
        table.Add(new Line(FormattableString.Invariant(
            $"GoodBooks' shape: work that is not in shards (two threads then give at most {2 / (1 + share):F2})"),
            FormattableString.Invariant($"{100 * share:F1} %"), "17.6 %", share / 0.176, 1));
    }

    private static List<(string Phase, double Seconds, double Cpu, double Coordinator)> Mixtures(MatrixSource source, int threads) =>
        Fit(source, threads, 10).Where(r => r.Phase == "sweep").ToList();

    private static Line Speedup(string what, double oneSeconds, double twoSeconds, double wanted, double target) =>
        new($"GoodBooks' shape: {what}", Rate(BooksRows / twoSeconds), Rate(BooksRows / oneSeconds),
            wanted / (oneSeconds / twoSeconds), target);

    private static void Through(Table table, string name, string store, int sweeps)
    {
        using var folder = new TemporaryFolder(BenchFiles.Fresh("twineb-scale"));
        var source = MatrixSource.Open(store);
        var run = Clock.Run(
            BenchFiles.Program,
            [
                "fit", "twineb", "--data", store, "--factors", $"{L}", "--set", $"twineb.steps={sweeps}", "--threads", "2",
                "--out", folder.Path, "--progress", "none"
            ]);
        run.Expect($"the fit of {store}", mayStop: true);

        var data = (double)source.StoredBytes;
        table.Add(new Line($"{name}: memory but for what is mapped (RssAnon)", Megabytes(run.AnonymousBytes), $"data {Megabytes(data)}",
            run.AnonymousBytes / data, 1));
        table.Add(new Line(
            $"{name}: peak (VmHWM, with mapped pages)", Megabytes(run.PeakBytes), $"data {Megabytes(data)}", run.PeakBytes / data));
        table.Add(new Line(
            FormattableString.Invariant($"{name}: {sweeps} sweeps and the results, {run.Seconds:F0} s wall, {run.CpuSeconds:F0} s CPU"),
            string.Create(CultureInfo.InvariantCulture,
                $"{source.Rows * sweeps / run.Seconds:N0} rows/s, {source.StoredCount * sweeps / run.Seconds / 1e6:F1} million " +
                $"non-zeros/s")));
    }

    // Every sweep of a fit (two rounds: rows, then columns) but the first of each phase, which compiles or starts: wall seconds, CPU
    // seconds, and those of them at the coordinator.
    private static List<(string Phase, double Seconds, double Cpu, double Coordinator)> Fit(MatrixSource source, int threads, int count)
    {
        var (sweeps, last, phase, rowsPhase, cpu, coordinator) = (new List<(string, double, double, double)>(), 0L, "", "", 0.0, 0.0);
        var model = new TimedModel(new TwinEbConjugateModel(new TwinEbOptions
        {
            Rows = source.Rows, Columns = source.Columns, Factors = L, Steps = count, Tolerance = 1e-300, HeldOutSamples = 1,
        }));
        var shards = source.Shards().Select(
            (range, s) => new ShardData(new ShardId(s), range.First, source.Rows, source.RowBlock(range), null, new ArraySet())).ToArray();
        var fit = new SimulatedFit(model, shards)
        {
            AfterRound = report =>
            {
                if (report.Phase is "start" or "sweep")
                {
                    // Its columns are the next round.
                    rowsPhase = report.Phase;
                }

                if (report.Phase is not ("columns" or "validate"))
                {
                    return;
                }

                if (rowsPhase == phase)
                {
                    sweeps.Add((phase, Stopwatch.GetElapsedTime(last).TotalSeconds, Clock.CpuSeconds - cpu, model.Seconds - coordinator));
                }

                (phase, last, cpu, coordinator) = (rowsPhase, Stopwatch.GetTimestamp(), Clock.CpuSeconds, model.Seconds);
            },
        };
        fit.Run(new InMemoryCheckpointStore(), new FitSettings { CheckpointSeconds = 3600 }, threads);
        return sweeps;
    }

    private static double Nanoseconds(
        List<(string Phase, double Seconds, double Cpu, double Coordinator)> rounds, string phase, MatrixSource source) =>
        1e9 * rounds.Where(r => r.Phase == phase).Min(r => r.Cpu) / source.StoredCount;

    private static string Store(int rows, int columns, int perRow)
    {
        var path = Path.Combine(BenchFiles.Folder, $"twineb-{rows}-{columns}-{perRow}.store");
        if (!Directory.Exists(path))
        {
            var source = Path.ChangeExtension(path, ".npz");
            BenchFiles.WriteCsr(source, rows, columns, TwinEbCounts.Make(rows, columns, perRow));
            var run = Clock.Run(BenchFiles.Program, ["ingest", source, "--out", path]);
            File.Delete(source);
            run.Expect($"ingesting {source}");
        }

        return path;
    }

    private static string Text(double nanoseconds) => FormattableString.Invariant($"{nanoseconds:F0} ns");

    private static string Rate(double rows) => FormattableString.Invariant($"{rows:N0} rows/s");

    private static string Megabytes(double bytes) => FormattableString.Invariant($"{bytes / 1e6:F0} MB");

    /// <summary>
    /// The model, with the CPU seconds of the process while no shard was in its local step: reduce, update, broadcast, messages.
    /// </summary>
    private sealed class TimedModel(IFitModel model) : IFitModel
    {
        private readonly Lock _lock = new();
        private int _active;
        private double _idleSince = double.PositiveInfinity;

        public double Seconds { get; private set; }

        public string Name => model.Name;

        public ArraySet InitialGlobal() => model.InitialGlobal();

        public ArraySet InitialShard(ShardData data) => model.InitialShard(data);

        public ArraySet Broadcast(ArraySet global) => model.Broadcast(global);

        public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
        {
            lock (_lock)
            {
                Seconds += _active++ == 0 ? double.Max(0, Clock.CpuSeconds - _idleSince) : 0;
            }

            var partial = model.Local(broadcast, data, shard);
            lock (_lock)
            {
                _active--;
                _idleSince = Clock.CpuSeconds;
            }

            return partial;
        }

        public ArraySet Update(ArraySet global, ArraySet partial) => model.Update(global, partial);

        public RoundReport Report(ArraySet global) => model.Report(global);

        public ArraySet EndEarly(ArraySet global) => model.EndEarly(global);

        public ArraySet ShardResult(ShardData data, ArraySet shard) => model.ShardResult(data, shard);

        public ArraySet GlobalResult(ArraySet global) => model.GlobalResult(global);
    }

    private sealed record TemporaryFolder(string Path) : IDisposable
    {
        public void Dispose()
        {
            if (Directory.Exists(Path))
            {
                Directory.Delete(Path, recursive: true);
            }
        }
    }
}
