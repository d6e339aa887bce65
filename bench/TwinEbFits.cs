using System.Globalization;
using System.Text.Json;

namespace FitCluster.Bench;

/// <summary>Fits of TwinEB by the program, one after the other with one thread, from several seeds on one split.</summary>
internal static class TwinEbFits
{
    /// <summary>The figures of one setting, a number for each seed; seconds are sums over the seeds.</summary>
    public sealed record Scores(double[] Validation, double[] Test, double Seconds, double CpuSeconds)
    {
        /// <summary>The seed that validation chooses, from 0.</summary>
        public int Best => Array.IndexOf(Validation, Validation.Max());

        public double BestValidation => Validation[Best];

        public double BestTest => Test[Best];

        public double ValidationMean => Validation.Average();

        public double Spread => Validation.Max() - Validation.Min();
    }

    /// <summary>The columns of a table of scores.</summary>
    public static string[] Columns(int seeds) =>
        [
            "prior", $"validation, seeds 1 to {seeds}", $"test, seeds 1 to {seeds}", "test at the best validation", "wall s a fit",
            "CPU s a fit"
        ];

    /// <summary>A row of such a table.</summary>
    public static string[] Cells(string name, Scores scores) =>
    [
        name, Join(scores.Validation, 4), Join(scores.Test, 3), FormattableString.Invariant($"**{scores.BestTest:F3}**"),
        FormattableString.Invariant($"{scores.Seconds / scores.Test.Length:F1}"),
        FormattableString.Invariant($"{scores.CpuSeconds / scores.Test.Length:F1}"),
    ];

    /// <summary>Settings of a fixed prior: Gamma(row, row) and Gamma(column, column), shape and rate.</summary>
    public static string[] Fixed(double row, double column) =>
    [
        "prior=fixed", FormattableString.Invariant($"rowPriorShape={row}"), FormattableString.Invariant($"rowPriorRate={row}"),
        FormattableString.Invariant($"columnPriorShape={column}"), FormattableString.Invariant($"columnPriorRate={column}"),
    ];

    /// <summary>The name of a fixed prior in a table.</summary>
    public static string FixedName(double row, double column) =>
        FormattableString.Invariant($"fixed, rows Gamma({row}, {row}), columns Gamma({column}, {column})");

    /// <summary>Fits with seeds 1, 2, ...; settings are fields of the spec's section `twineb`.</summary>
    public static Scores Run(int seeds, string data, int factors, params IEnumerable<string> settings)
    {
        var fits = Enumerable.Range(1, seeds).Select(seed => RunOne("twineb", seed, data, factors, settings)).ToArray();
        return new Scores(
            [.. fits.Select(f => f.Validation)], [.. fits.Select(f => f.Test)], fits.Sum(f => f.Seconds), fits.Sum(f => f.CpuSeconds));
    }

    /// <summary>One fit, whose results are in a folder below artifacts/bench: its scores, and the seconds of its process.</summary>
    public static (double Validation, double Test, double Seconds, double CpuSeconds) RunOne(
        string folder, int seed, string data, int factors, IEnumerable<string> settings)
    {
        var given = settings.SelectMany(setting => new[] { "--set", "twineb." + setting }).ToArray();
        var run = Clock.Run(BenchFiles.Program,
        [
            "fit", "twineb", "--data", data, "--factors", factors.ToString(CultureInfo.InvariantCulture),
            "--seed", seed.ToString(CultureInfo.InvariantCulture), .. given,
            "--threads", "1", "--progress", "none", "--format", "json", "--out", BenchFiles.Fresh(folder),
        ]);
        run.Expect($"the fit of {data} with {string.Join(' ', given)}", mayStop: true);

        using var result = JsonDocument.Parse(run.Output);
        return (result.RootElement.GetProperty("heldOutLogLik").GetDouble(), result.RootElement.GetProperty("testLogLik").GetDouble(),
            run.Seconds, run.CpuSeconds);
    }

    public static string Join(IEnumerable<double> values, int digits) =>
        string.Join(
            ", ", values.Select(v => v.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)));
}
