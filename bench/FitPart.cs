using System.Globalization;
using System.Text.Json;

namespace FitCluster.Bench;

/// <summary>Whole fits by the program, from start to end of its process, against the recorded CPU seconds of flashier.</summary>
internal static class FitPart
{
    private const int Repeats = 3;

    public static Table Run()
    {
        var table = new Table("fit", "whole fits (greedy + backfit to tolerance, at most 10 factors) against flashier 1.0.60 (R)");
        Measure(table, "dense 2,000 x 1,000", BenchFiles.Dense(2_000, 1_000, 10), 16.0);
        Measure(table, "dense 10,000 x 1,000", BenchFiles.Dense(10_000, 1_000, 10), 92);
        Measure(table, "sparse 5,000 x 2,000 (10 %)", BenchFiles.Sparse(5_000, 2_000, 10, 0.1), 45);
        table.Note("ours: CPU seconds, user and system, of the whole process of `fitcluster fit ebmf --threads 2`, with the start of " +
            $".NET, compiling, reading and hashing the file, checkpoints and writing the results; least of {Repeats} runs.");
        table.Note("`in rounds` is the wall time of the rounds alone. CPU / wall says whether both cores were used; other jobs ran on " +
            "the machine at the same time.");
        table.Note("the peer's figures are the least recorded CPU seconds (docs/design/reference-figures.md, section 3; the fit alone, " +
            "on another simulated matrix of the same shape): R is not installed here.");
        return table;
    }

    private static void Measure(Table table, string name, string data, double peer)
    {
        var (best, rounds, words) = (default(ChildRun), 0.0, "");
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var folder = BenchFiles.Fresh("fit");
            var run = Clock.Run(BenchFiles.Program, [
                "fit", "ebmf", "--data", data, "--factors", "10", "--threads", "2", "--out", folder, "--progress", "none",
                "--format", "json"
            ]);
            run.Expect($"the fit of {data}");

            if (best is null || run.CpuSeconds < best.CpuSeconds)
            {
                using var result = JsonDocument.Parse(run.Output);
                (best, rounds) = (run, Number(result.RootElement, "seconds"));
                words = string.Create(CultureInfo.InvariantCulture,
                    $"K {Number(result.RootElement, "factors"):0}, ELBO {Number(result.RootElement, "elbo"):F1}, " +
                    $"{Number(result.RootElement, "rounds"):0} rounds");
            }
        }

        table.Add(new Line($"{name}: CPU ({words})", Figures.Text(best!.CpuSeconds), FormattableString.Invariant($"{peer} s"),
            best.CpuSeconds / peer, 0.05));
        table.Add(new Line($"{name}: wall; in rounds; CPU / wall",
            FormattableString.Invariant($"{best.Seconds:F2} s; {rounds:F2} s; {best.CpuSeconds / best.Seconds:F2}")));
    }

    private static double Number(JsonElement result, string name) =>
        result.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
}
