using System.Globalization;

namespace FitCluster.Bench;

/// <summary>Peak resident memory of the program over whole fits, against 1.3 x the data as stored + O((n + p) K) + 150 MB.</summary>
internal static class MemoryPart
{
    private const int K = 10;
    private const double Overhead = 150e6;
    private const double DataFactor = 1.3;

    // Each loading and each factor entry: states (mean and second moment, accepted, before and proposed; false sign rate: 6), twice while a
    // checkpoint copies them, and results (mean, sd, lfsr: 3).
    private const int ArraysOfStates = 15;
    private const long HeapLimit = 96L << 20;

    public static Table Run()
    {
        var table = new Table("memory", "peak resident memory of `fitcluster fit`");
        Measure(table, "dense 10,000 x 1,000 in memory (.npy)", BenchFiles.Dense(10_000, 1_000, K), 10_000, 1_000, 8e7, []);
        var sparse = SimulatedData.Sparse(5_000, 2_000, K, 0.1).Values.Length;
        Measure(table, "sparse 5,000 x 2,000 in memory (.npz)", BenchFiles.Sparse(5_000, 2_000, K, 0.1), 5_000, 2_000,
            (12.0 * sparse) + (8 * 5_001), []);
        Store(table);
        table.Note("VmHWM of the process, looked at every 10 ms; ratio: peak over the bound, which is 1.3 x data as stored + 15 arrays " +
            "of float64 x (n + p) K + 150 MB.");
        table.Note($"the store is ingested with 32 MB for entries and fitted with the managed heap limited to {HeapLimit >> 20} MiB " +
            "(DOTNET_GCHeapHardLimit), less than the matrix; its mapped pages count as resident as long as the machine has room. That " +
            "fit is stopped after 60 rounds (exit code 3).");
        return table;
    }

    private static void Store(Table table)
    {
        const int N = 20_000;
        const int P = 1_000;
        var data = BenchFiles.Dense(N, P, K);
        var store = BenchFiles.Fresh("store");
        var ingest = Clock.Run(BenchFiles.Program, ["ingest", data, "--out", store, "--memory-mb", "32"]);
        ingest.Expect("ingest");

        Add(table, "dense 20,000 x 1,000, ingest into a store", ingest, Overhead);
        var limit = ("DOTNET_GCHeapHardLimit", HeapLimit.ToString("X", CultureInfo.InvariantCulture));
        var run = Measure(table, "dense 20,000 x 1,000 from the store", store, N, P, 8.0 * N * P, ["--max-rounds", "60"], limit);
        table.Add(new Line("of it not mapped from the store (RssAnon)", Megabytes(run.AnonymousBytes), Megabytes(8.0 * N * P),
            run.AnonymousBytes / (8.0 * N * P), 1));
        Directory.Delete(store, recursive: true);
    }

    private static ChildRun Measure(
        Table table, string name, string data, int n, int p, double stored, string[] more, params (string, string)[] environment)
    {
        var folder = BenchFiles.Fresh("memory");
        var run = Clock.Run(
            BenchFiles.Program,
            ["fit", "ebmf", "--data", data, "--factors", $"{K}", "--threads", "2", "--out", folder, "--progress", "none", .. more],
            environment);
        run.Expect($"the fit of {data}", mayStop: true);

        var states = 8.0 * ArraysOfStates * K * (n + p);
        Add(table, $"{name}: data {Megabytes(stored)}, states {Megabytes(states)}", run, (DataFactor * stored) + states + Overhead);
        return run;
    }

    private static void Add(Table table, string name, ChildRun run, double bound) =>
        table.Add(new Line(name, Megabytes(run.PeakBytes), Megabytes(bound), run.PeakBytes / bound, 1));

    private static string Megabytes(double bytes) => FormattableString.Invariant($"{bytes / 1e6:F1} MB");
}
