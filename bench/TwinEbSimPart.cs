using System.Globalization;
using System.Text.Json;

namespace FitCluster.Bench;

/// <summary>
/// Twin, single and every fixed prior of the published grid on the simulated 300 x 200 counts of the reference, with its own split.
/// </summary>
internal static class TwinEbSimPart
{
    private const int Seeds = 3;
    private const int Factors = 8;
    private const int Columns = 200;

    public static Table Run()
    {
        var table = new Table(
            "twineb-sim", "learnt priors of TwinEB against a sweep over fixed ones, 300 x 200 simulated counts", TwinEbFits.Columns(Seeds));
        var source = Path.Combine("..", "shared", "reference", "twineb", "sim300x200.json");
        if (!File.Exists(source))
        {
            table.Note($"not measured: {source} is not here.");
            return table;
        }

        var (data, split) = WriteFiles(source);
        string[] common = [$"split={split}", "heldOutSamples=500", "writeSplit=false"];
        var twin = Add("twin 70 / 100", ["prior=twin", "rowComponents=70", "columnComponents=100"]);
        Add("single", ["prior=single"]);
        double[] grid = [0.01, 0.2, 0.4, 1, 10, 100];
        (double Row, double Column)[] pairs = [.. grid.Select(a => (0.1, a)), .. grid.Select(a => (a, 0.1))];
        var fits = pairs.Select(p => (Name: TwinEbFits.FixedName(
            p.Row, p.Column), Scores: Add(TwinEbFits.FixedName(p.Row, p.Column), TwinEbFits.Fixed(p.Row, p.Column)))).ToArray();

        var chosen = fits.MaxBy(f => f.Scores.BestValidation);
        var highest = fits.MaxBy(f => f.Scores.BestTest);
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"the sweep's choice, by validation: {chosen.Name}, test {chosen.Scores.BestTest:F3} after " +
            $"{fits.Sum(f => f.Scores.CpuSeconds):F0} CPU s for all fixed priors; twin's test {twin.BestTest:F3} after " +
            $"{twin.CpuSeconds:F0} CPU s: twin is {Words(twin.BestTest - chosen.Scores.BestTest)}."));
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"the highest test score of a fixed prior, which no one could have chosen without the test cells: {highest.Name}, " +
            $"{highest.Scores.BestTest:F3} (validation {highest.Scores.BestValidation:F3}, twin's {twin.BestValidation:F3}): twin is " +
            $"{Words(twin.BestTest - highest.Scores.BestTest)} in test."));
        table.Note($"sim300x200 and its split (reference/twineb), L = {Factors}, M = 500, fits with seeds 1 to {Seeds}; Gamma(shape, " +
            $"rate); the grid: one side Gamma(a, a), a in {{.01, .2, .4, 1, 10, 100}}, the other Gamma(.1, .1). Validation counts " +
            "zeros, test does not.");
        table.Note("published code, test at the best validation: twin -2.739, single -2.780, the fixed prior it ran that validation " +
            "prefers -2.777; the true rates: validation -1.734, test -2.078. Seconds: of the whole process with one thread, .NET's " +
            "start in them.");
        return table;

        TwinEbFits.Scores Add(string name, string[] prior)
        {
            var scores = TwinEbFits.Run(Seeds, data, Factors, [.. common, .. prior]);
            table.AddRow(TwinEbFits.Cells(name, scores));
            return scores;
        }
    }

    private static string Words(double difference) =>
        difference >= 0 ? FormattableString.Invariant($"{difference:F3} better") : FormattableString.Invariant($"{-difference:F3} worse");

    // The counts as .npz, and the published split as files.
    private static (string Data, string Split) WriteFiles(string source)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(source));
        var poisson = document.RootElement.GetProperty("PMF");
        var counts = poisson.GetProperty("Y_full").EnumerateArray().Select(Numbers).ToArray();
        var (values, columns, starts) = (new List<double>(), new List<int>(), new long[counts.Length + 1]);
        for (var i = 0; i < counts.Length; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                if (counts[i][j] != 0)
                {
                    values.Add(counts[i][j]);
                    columns.Add(j);
                }
            }

            starts[i + 1] = values.Count;
        }

        var data = Path.Combine(BenchFiles.Folder, "sim300x200.npz");
        BenchFiles.WriteCsr(data, counts.Length, Columns, ([.. values], [.. columns], starts));

        var (training, heldOut) = (Numbers(poisson.GetProperty("train_rows")), Numbers(poisson.GetProperty("test_rows")));
        var bits = Convert.FromBase64String(poisson.GetProperty("val_mask_packbits_base64_rowmajor").GetString()!);
        var cells = new List<string> { "row\tcolumn\tkind" };
        for (var at = 0; at < training.Length * Columns; at++)
        {
            if (((bits[at / 8] >> (7 - (at % 8))) & 1) == 1)
            {
                cells.Add(Line(training[at / Columns], at % Columns, "validation"));
            }
        }

        foreach (var (name, kind) in new[] { ("test_eval_ij", "test"), ("test_train_masked_ij", "ignored") })
        {
            var pairs = poisson.GetProperty(name).EnumerateArray().Select(Numbers).ToArray();
            cells.AddRange(pairs[0].Select((row, c) => Line(heldOut[(int)row], pairs[1][c], kind)));
        }

        var split = Directory.CreateDirectory(BenchFiles.Fresh("sim300x200-split")).FullName;
        var roles = training.Select(i => (Row: i, Role: "training")).Concat(heldOut.Select(i => (Row: i, Role: "heldOut"))).OrderBy(
            r => r.Row);
        File.WriteAllLines(Path.Combine(split, "split_rows.tsv"),
            ["row\trole", .. roles.Select(r => string.Create(CultureInfo.InvariantCulture, $"r{r.Row + 1}\t{r.Role}"))]);
        File.WriteAllLines(Path.Combine(split, "split_cells.tsv"), cells);
        return (data, split);
    }

    private static string Line(double row, double column, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"r{row + 1}\tc{column + 1}\t{kind}");

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetDouble())];
}
