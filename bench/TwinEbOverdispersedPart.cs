using System.Globalization;
using System.Text.Json;

namespace FitCluster.Bench;

/// <summary>
/// Counts that vary more than Poisson's: the default optimizer, the reference one and the negative binomial on listening counts
/// (../shared/cases/t1-heavy-counts) and on planted ones, zeros missing and observed.
/// </summary>
internal static class TwinEbOverdispersedPart
{
    private const int Seeds = 5;
    private const string Draws = "heldOutSamples=500";

    private static readonly (string Name, string[] Settings)[] s_fits =
    [
        ("default", []), ("reference", ["optimizer=reference", "steps=1500"]), ("negative binomial", ["likelihood=negative_binomial"]),
    ];

    public static Table Run()
    {
        var table = new Table("twineb-overdispersed", "TwinEB on overdispersed counts", "data", "zeros", "fit", "validation", "its RMSE",
            "of columns' means", "test", "its RMSE", "CPU s");
        var (problems, kept, beaten) = (0, 0, 0);
        var listens = Path.Combine("..", "shared", "cases", "t1-heavy-counts", "listens.tsv.gz");
        if (File.Exists(listens))
        {
            Add("t1", listens, "unstored", 15, 20);
        }
        else
        {
            table.Note($"t1 was not measured: {listens} is not here.");
        }

        for (var seed = 1; seed <= Seeds; seed++)
        {
            var folder = BenchFiles.Fresh($"overdispersed-{seed}");
            Clock.Run(BenchFiles.Program,
            [
                "simulate", "twineb", "--rows", "400", "--columns", "150", "--factors", "5", "--row-components", "6",
                "--column-components", "8", "--rate", "100", "--dispersion", "0.8", "--seed", Words(seed), "--format", "npy",
                "--out", folder,
            ]);
            foreach (var missing in new[] { "zeros", "none" })
            {
                Add($"planted {seed}", Path.Combine(folder, "data.npy"), missing, 8, 10);
            }
        }

        table.Note(
            $"default at least as good as reference in both log-likelihoods and both RMSE: {kept} of {problems} problems; negative " +
            $"binomial better than both in all four: {beaten} of {problems}.");
        table.Note("planted: `simulate twineb --rows 400 --columns 150 --factors 5 --row-components 6 --column-components 8 --rate 100 " +
            "--dispersion 0.8 --seed S`; fits: protocol strong, M = 500, seed 1, L = 8 and 10 components a side (t1: 15, 20); reference: " +
            "1,500 steps. Log-likelihoods a cell.");
        return table;

        void Add(string name, string data, string missing, int factors, int components)
        {
            var scores = s_fits.Select(fit =>
            {
                var score = Fit(data, missing, factors, components, fit.Settings);
                table.AddRow(name, missing == "none" ? "observed" : "missing", fit.Name, Number(score.Validation, 3),
                    Number(score.ValidationRmse, 1), double.IsNaN(score.Means) ? "" : Number(score.Means, 1), Number(score.Test, 3),
                    Number(score.TestRmse, 1), Number(score.CpuSeconds, 1));
                return score;
            }).ToArray();
            problems++;
            kept += scores[0].IsAsGoodAs(scores[1]) ? 1 : 0;
            beaten += scores[2].IsAsGoodAs(scores[0]) && scores[2].IsAsGoodAs(scores[1]) ? 1 : 0;
        }
    }

    private static Score Fit(string data, string missing, int factors, int components, string[] settings)
    {
        string[] given = ["protocol=strong", Draws, $"rowComponents={components}", $"columnComponents={components}", .. settings];
        var folder = BenchFiles.Fresh("overdispersed-fit");
        var run = Clock.Run(BenchFiles.Program,
        [
            "fit", "twineb", "--data", data, "--missing", missing, "--factors", Words(factors), "--seed", "1",
            .. given.SelectMany(setting => new[] { "--set", "twineb." + setting }), "--threads", "1", "--progress", "none", "--out", folder,
        ]);
        run.Expect($"the fit of {data}", mayStop: true);

        using var report = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "fit.json")));
        var own = report.RootElement.GetProperty("twineb");
        double Of(string field) => own.GetProperty(field).GetDouble();
        var means = own.TryGetProperty("dispersionCheck", out var check) && check.TryGetProperty("columnMeansRmse", out var rmse)
            ? rmse.GetDouble() : double.NaN;
        return new Score(Of("heldOutLogLik"), Of("rmse"), Of("testLogLik"), Of("testRmse"), means, run.CpuSeconds);
    }

    private static string Words(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value, int digits) => value.ToString("F" + Words(digits), CultureInfo.InvariantCulture);

    private sealed record Score(
        double Validation, double ValidationRmse, double Test, double TestRmse, double Means, double CpuSeconds)
    {
        public bool IsAsGoodAs(Score other) => Validation >= other.Validation && ValidationRmse <= other.ValidationRmse &&
            Test >= other.Test && TestRmse <= other.TestRmse;
    }
}
