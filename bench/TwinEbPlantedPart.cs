using System.Globalization;

namespace FitCluster.Bench;

/// <summary>
/// Held-out log-likelihood by the number of components, on counts with a planted number of them (<see cref="PlantedCounts"/>): the
/// table, and docs/figures/twineb-planted.svg.
/// </summary>
internal static class TwinEbPlantedPart
{
    private const int Rows = 1_000;
    private const int Columns = 1_500;
    private const int Factors = 64;
    private const int RowComponents = 15;
    private const int ColumnComponents = 20;
    private const int HeldOutFrom = 800;
    private const double MeanCount = 1;
    private const int DataSets = 3;
    private static readonly (int Rows, int Columns)[] ByRows =
        [.. new[] { 1, 2, 5, 10, 15, 20, 30, 70 }.Select(k => (k, ColumnComponents))];
    private static readonly (int Rows, int Columns)[] ByColumns = [.. new[] { 1, 5, ColumnComponents, 60 }.Select(k => (RowComponents, k))];

    public static Table Run()
    {
        var table = new Table(
            "twineb-planted", "TwinEB on planted components, by the number of components fitted", "K_r / K_c",
            $"validation less the true rates', data 1 to {DataSets}", "mean", $"test less the true rates', data 1 to {DataSets}", "mean");
        var settings = ByRows.Concat(ByColumns).Distinct().ToArray();
        var fits = settings.ToDictionary(s => s, _ => new Fits());
        PlantedProblem[] problems =
        [
            .. Enumerable.Range(1, DataSets).Select(
                set => PlantedProblem.Make((ulong)set, Rows, Columns, Factors, RowComponents, ColumnComponents, HeldOutFrom, MeanCount)),
        ];
        var runs = from half in new[] { ByRows, ByColumns.Except(ByRows) }
                   from set in Enumerable.Range(1, DataSets)
                   from setting in half
                   select (set, setting);
        // Two at a time: what is measured are scores. In the order of the runs, so that data sets keep theirs.
        var cpu = Clock.ChildrenCpuSeconds;
        var twoAtATime = runs.ToArray().AsParallel().AsOrdered().WithDegreeOfParallelism(2);
        var scored = twoAtATime.WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(run =>
        {
            var (set, setting) = run;
            var problem = problems[set - 1];
            var fit = TwinEbFits.RunOne(
                $"planted-{set}-{setting.Rows}-{setting.Columns}", set, problem.Data, Factors,
                [
                    $"rowComponents={setting.Rows}", $"columnComponents={setting.Columns}", $"split={problem.Split}", "heldOutSamples=100",
                    "writeSplit=false"
                ]);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  [twineb-planted] data {set}, {setting.Rows} / {setting.Columns}: {fit.Validation - problem.TrueValidation:F4}, " +
                $"{fit.Test - problem.TrueTest:F4}"));
            return (setting, Validation: fit.Validation - problem.TrueValidation, Test: fit.Test - problem.TrueTest);
        });
        foreach (var (setting, validation, test) in scored)
        {
            fits[setting].Validation.Add(validation);
            fits[setting].Test.Add(test);
        }

        cpu = (Clock.ChildrenCpuSeconds - cpu) / (settings.Length * DataSets);

        foreach (var setting in settings)
        {
            var fit = fits[setting];
            table.AddRow(
                $"{setting.Rows} / {setting.Columns}", TwinEbFits.Join(fit.Validation, 4),
                $"**{TwinEbFits.Join([fit.Validation.Average()], 4)}**",
                TwinEbFits.Join(fit.Test, 4), $"**{TwinEbFits.Join([fit.Test.Average()], 4)}**");
        }

        File.WriteAllText(Path.Combine("docs", "figures", "twineb-planted.svg"), PlantedFigure.Draw(
            $"held-out log-likelihood a cell, less the true rates'; dots: {DataSets} data sets; planted: {RowComponents} row and " +
            $"{ColumnComponents} column components",
            [("training rows, validation cells", Curves(f => f.Validation)), ("held-out rows, test cells", Curves(f => f.Test))]));
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"simulated counts, {Rows:N0} x {Columns:N0}, L = {Factors}, {RowComponents} row and {ColumnComponents} column components " +
            $"(weights Dirichlet(10), shapes and rates Gamma(1, 1); the rates of a side rescaled by one number, for a mean count of " +
            $"{MeanCount}), {100.0 * problems.Average(t => t.Stored) / Rows / Columns:F0} % non-zeros; another data set for each " +
            $"number, and a fit from one start (seed: the data set's)."));
        table.Note($"the true rates' score, data 1 to {DataSets}: validation " +
            $"{TwinEbFits.Join(problems.Select(t => t.TrueValidation), 4)}; test {TwinEbFits.Join(problems.Select(t => t.TrueTest), 4)}.");
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"cells are held out evenly, zeros as others: validation 20 % of the cells of 800 training rows; of 200 held-out rows' " +
            $"cells 30 % are tested, 60 % of the others ignored; M = 100. A fit takes {cpu:F0} CPU seconds in the mean, of the whole " +
            $"process with one thread."));
        return table;

        PlantedCurve[] Curves(Func<Fits, List<double>> scores) =>
        [
            new($"by K_r (K_c = {ColumnComponents})", "#1f6feb", [.. ByRows.Select(s => (s.Rows, scores(fits[s]).ToArray()))]),
            new($"by K_c (K_r = {RowComponents})", "#d1242f", [.. ByColumns.Select(s => (s.Columns, scores(fits[s]).ToArray()))]),
        ];
    }

    private sealed class Fits
    {
        public List<double> Validation { get; } = [];

        public List<double> Test { get; } = [];
    }
}
