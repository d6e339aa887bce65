using FitCluster.Data;
using FitCluster.Math.Numerics;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using Xunit;

namespace FitCluster.Models.Tests.Ebmf;

/// <summary>What is done with a finished fit of ebmf.</summary>
public sealed class EbmfUseTests : IDisposable
{
    private const int Rows = 70, Columns = 24;
    private static readonly int[] AllRows = [.. Enumerable.Range(0, Rows)];
    private static readonly int[] AllColumns = [.. Enumerable.Range(0, Columns)];
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("variance: column")]
    [InlineData("variance: row")]
    [InlineData("variance: kronecker")]
    [InlineData("variance: known, standardErrors: 0.3")]
    [InlineData("standardErrors: 0.1")]
    [InlineData("variance: known, standardErrors: rows.csv")]
    [InlineData("variance: known, standardErrors: columns.csv")]
    [InlineData("variance: known, standardErrors: matrix.csv")]
    [InlineData("standardErrors: rows.csv")]
    [InlineData("variance: row, standardErrors: columns.csv")]
    [InlineData("variance: column, standardErrors: matrix.csv")]
    public void Predictions_are_moments_of_the_written_posterior_and_residual(string options)
    {
        WriteErrors();
        var fit = Fit(options).Fit;
        var predictor = fit.As<IPredictsCells>().Predictor(withSd: true);
        var (k, l, f, ls, fs) = Moments(fit);
        Assert.True(k >= 2);
        foreach (var (i, j) in new[] { (0, 0), (4, 11), (Rows - 1, Columns - 1) })
        {
            var (mean, variance) = (0.0, 0.0);
            for (var t = 0; t < k; t++)
            {
                var (a, b, va, vb) = (l[(i * k) + t], f[(j * k) + t], double.Pow(ls[(i * k) + t], 2), double.Pow(fs[(j * k) + t], 2));
                mean += a * b;
                variance += ((va + (a * a)) * (vb + (b * b))) - (a * a * b * b);
            }

            Assert.Equal(mean, predictor.Mean(i, j), 1e-12);
            Assert.Equal(double.Sqrt(variance + Residual(options, fit, i, j)), predictor.Sd(i, j), 1e-9);
        }
    }

    [Fact]
    public void The_standard_deviation_is_that_of_draws_from_the_written_posterior()
    {
        const int Draws = 200_000;
        var fit = Fit("").Fit;
        var predictor = fit.As<IPredictsCells>().Predictor(withSd: true);
        var (k, l, f, ls, fs) = Moments(fit);
        var sd = fit.Scalar("residual_sd");
        var (i, j, sum, squares) = (4, 11, 0.0, 0.0);
        for (var draw = 0UL; draw < Draws; draw++)
        {
            var y = sd * Philox.Normal(7, draw, 0);
            for (var t = 0; t < k; t++)
            {
                var loading = l[(i * k) + t] + (ls[(i * k) + t] * Philox.Normal(8, draw, (ulong)t));
                y += loading * (f[(j * k) + t] + (fs[(j * k) + t] * Philox.Normal(9, draw, (ulong)t)));
            }

            (sum, squares) = (sum + y, squares + (y * y));
        }

        // Five standard errors of a mean and of a standard deviation of so many draws.
        var (mean, deviation) = (sum / Draws, double.Sqrt((squares / Draws) - (sum / Draws * (sum / Draws))));
        Assert.Equal(predictor.Mean(i, j), mean, 5 * deviation / double.Sqrt(Draws));
        Assert.Equal(predictor.Sd(i, j), deviation, 5 * deviation / double.Sqrt(2 * Draws));
    }

    [Fact]
    public void A_fit_without_factors_predicts_zero_with_its_noise_and_takes_new_rows()
    {
        var noise = TestMatrix.Csv(_scratch, "noise.csv", AllRows, AllColumns, (i, j) => Philox.Normal(11, (ulong)i, (ulong)j));
        var fit = FittedFolder.Of(_scratch, "none", $"model: ebmf\ndata: {{path: {noise}}}\n");
        Assert.Equal(0, fit.Fit.Report.GetProperty("factors").GetInt32());
        foreach (var from in new[] { fit.Fit, fit.Project(_scratch, noise, "projected") })
        {
            var predictor = from.As<IPredictsCells>().Predictor(withSd: true);
            Assert.Equal((0, fit.Fit.Scalar("residual_sd")), (predictor.Mean(3, 4), predictor.Sd(3, 4)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("variance: column")]
    [InlineData("variance: row")]
    [InlineData("variance: kronecker")]
    [InlineData("variance: known, standardErrors: 0.3")]
    [InlineData("variance: known, standardErrors: columns.csv")]
    [InlineData("variance: row, standardErrors: columns.csv")]
    [InlineData("fixedFactors: [intercept]")]
    [InlineData("fixedFactors: [column-intercept, intercept]")]
    public void The_rows_of_the_fit_are_projected_to_its_loadings_and_taken_by_all_that_takes_a_fit(string options)
    {
        WriteErrors();
        var fitted = Fit(options + (options.Length > 0 ? ", " : "") + "tolerance: 1.0e-7");
        var fit = fitted.Fit;
        var projected = fitted.Project(_scratch, Data(), "projected");
        Assert.Equal(FinishedFit.Projected, projected.Status);
        var (k, l, f, ls, fs) = Moments(fit);
        var (pk, pl, pf, ps, pfs) = Moments(projected);
        Assert.Equal(k, pk);
        Assert.Equal(f, pf);
        Assert.Equal(fs, pfs);
        AreClose(l, pl);
        AreClose(ls, ps);
        var isRow = options.Contains("variance: row", StringComparison.Ordinal);
        foreach (var name in isRow ? ["residual_sd"] : options.Contains("kronecker", StringComparison.Ordinal)
            ? new[] { "residual_sd_rows" } : [])
        {
            AreClose(fit.RowArray(name, 1), projected.RowArray(name, 1));
            Assert.Equal(["name", name], File.ReadLines(projected.At(name + ".tsv")).First().Split('\t'));
        }

        var (one, other) = (fit.As<IPredictsCells>().Predictor(withSd: true), projected.As<IPredictsCells>().Predictor(withSd: true));
        Assert.Equal(one.Mean(5, 6), other.Mean(5, 6), 1e-2);
        Assert.Equal(one.Sd(5, 6), other.Sd(5, 6), 1e-2);
        var again = FittedFolder.Project(projected, _scratch, Data(), "again");
        Assert.Equal(pl, again.RowArray("loadings_mean", k));
        if (options.Contains("column-intercept", StringComparison.Ordinal))
        {
            Assert.All(AllRows, i => Assert.Equal((1, 0), (pl[i * k], ps[i * k])));
        }
    }

    [Fact]
    public void Columns_are_matched_by_name_and_missing_entries_count_for_nothing()
    {
        var fit = Fit("");
        double Holed(int i, int j) => (i + j) % 7 == 0 ? double.NaN : TestMatrix.Entry(i, j);
        int[] rows = [.. Enumerable.Range(100, 9)];
        int[] others = [.. AllColumns.Reverse().Append(77).Prepend(55)];
        var straight = fit.Project(_scratch, TestMatrix.Csv(_scratch, "new.csv", rows, AllColumns, Holed), "straight");
        var turned = TestMatrix.Csv(_scratch, "turned.csv", rows, others, Holed);
        Assert.Equal(Scratch.Arrays(straight.Folder), Scratch.Arrays(fit.Project(_scratch, turned, "turned", ignoresUnknown: true).Folder));
        Assert.Contains("2 columns that the fit does not have", Refusal(() => fit.Project(_scratch, turned, "no")),
            StringComparison.Ordinal);

        // What is missing is not what is 0.
        var zeros = TestMatrix.Csv(_scratch, "zeros.csv", rows, AllColumns, (i, j) => double.IsNaN(Holed(i, j)) ? 0 : Holed(i, j));
        Assert.NotEqual(Scratch.Arrays(straight.Folder), Scratch.Arrays(fit.Project(_scratch, zeros, "zeros").Folder));
    }

    [Fact]
    public void Sparse_rows_are_projected_as_dense_ones()
    {
        var fit = FittedFolder.Of(_scratch, "fit", $"model: ebmf\ndata: {{path: {Mtx("all.mtx", AllColumns)}}}\n");
        var dense = File.ReadAllLines(TestMatrix.Csv(_scratch, "dense.csv", AllRows, AllColumns, Thin));
        dense[0] = "name," + string.Join(',', fit.Fit.Columns.Names);
        var k = Moments(fit.Fit).K;
        AreClose(
            fit.Project(_scratch, _scratch.At("all.mtx"), "sparse").RowArray("loadings_mean", k),
            fit.Project(_scratch, _scratch.File("dense.csv", string.Join('\n', dense) + "\n"), "other").RowArray("loadings_mean", k));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("unstored")]
    public void Sparse_rows_with_other_columns_become_those_of_the_fit(string missing)
    {
        var spec = $"model: ebmf\ndata: {{path: {Mtx("all.mtx", AllColumns)}, missing: {missing}}}\n";
        var fit = FittedFolder.Of(_scratch, "fit", spec).Fit;
        int[] turned = [.. AllColumns.Reverse().Prepend(77)];
        var map = ColumnMap.Of(fit, [.. turned.Select(j => $"c{j + 1}")], "turned", ignoresUnknown: true)!;
        var expected = DataOpener.Open(fit.Spec.Data).RowBlock(0, Rows);
        var mapped = map.Apply(DataOpener.Open(fit.Spec.Data with { Path = Mtx("turned.mtx", turned) }).RowBlock(0, Rows));
        Assert.Equal((expected.Columns, expected.Unstored, expected.MissingCount), (mapped.Columns, mapped.Unstored, mapped.MissingCount));
        for (var i = 0; i < Rows; i++)
        {
            Assert.Equal(expected.RowColumns(i).ToArray(), mapped.RowColumns(i).ToArray());
            Assert.Equal(expected.RowValues(i).ToArray(), mapped.RowValues(i).ToArray());
        }
    }

    [Theory]
    [InlineData("standardErrors: rows.csv", "has known standard errors by row, which are not known for new rows")]
    [InlineData("standardErrors: matrix.csv", "has known standard errors by entry, which are not known for new rows")]
    public void What_is_known_by_row_is_not_known_for_new_rows(string options, string words)
    {
        WriteErrors();
        var fit = Fit(options);
        Assert.Contains(words, Refusal(() => fit.Project(_scratch, Data(), "projected")), StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_errors_that_are_gone_or_not_there_for_a_cell_are_named()
    {
        WriteErrors();
        File.WriteAllText(_scratch.At("matrix.csv"), File.ReadAllText(_scratch.At("matrix.csv")).Replace("r2,0.31,", "r2,NA,",
            StringComparison.Ordinal));
        TestMatrix.Csv(_scratch, "data.csv", AllRows, AllColumns, (i, j) => (i, j) == (2, 0) ? double.NaN : TestMatrix.Entry(i, j));
        var fit = Fit("standardErrors: matrix.csv", _scratch.At("data.csv"));
        var predictor = fit.Fit.As<IPredictsCells>().Predictor(withSd: true);
        Assert.True(predictor.Sd(2, 1) > 0.3);
        Assert.Contains("have none above 0 for row 'r2', column 'c0'", Refusal(() => predictor.Sd(2, 0)), StringComparison.Ordinal);
        File.Delete(_scratch.At("matrix.csv"));
        Assert.Equal(predictor.Mean(2, 0), fit.Fit.As<IPredictsCells>().Predictor(withSd: false).Mean(2, 0));
        Assert.Contains("are not there any more", Refusal(() => fit.Fit.As<IPredictsCells>().Predictor(withSd: true)),
            StringComparison.Ordinal);
    }

    private static double Thin(int i, int j) => (i + j) % 3 == 0 ? TestMatrix.Entry(i, j) : 0;

    private string Mtx(string name, int[] columns)
    {
        var entries = AllRows.SelectMany(i => columns.Select((j, at) => (Row: i, At: at, Value: Thin(i, j))))
            .Where(e => e.Value != 0).ToList();
        return _scratch.File(name, $"%%MatrixMarket matrix coordinate real general\n{Rows} {columns.Length} {entries.Count}\n" +
            string.Concat(entries.Select(e => FormattableString.Invariant($"{e.Row + 1} {e.At + 1} {e.Value:R}\n"))));
    }

    [Theory]
    [InlineData("loadings.csv", "has fixed loadings")]
    [InlineData("factors.csv", null)]
    public void Fixed_factors_hold_for_new_rows_as_long_as_their_file_is_there(string file, string? words)
    {
        WriteErrors();
        var fit = Fit($"fixedFactors: [{file}]");
        if (words is null)
        {
            var projected = fit.Project(_scratch, Data(), "projected");
            Assert.Contains(projected.RowArray("loadings_sd", Moments(projected).K), sd => sd > 0);
            Assert.Equal(Scratch.Arrays(projected.Folder), Scratch.Arrays(FittedFolder.Project(projected, _scratch, Data(),
                "again").Folder));
        }
        else
        {
            Assert.Contains(words, Refusal(() => fit.Project(_scratch, Data(), "projected")), StringComparison.Ordinal);
        }

        File.Delete(_scratch.At(file));
        Assert.Contains("of the fit are not there any more", Refusal(() => fit.Project(_scratch, Data(), "gone")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e160")]
    [InlineData("1e-200")]
    public void Errors_whose_squares_are_no_numbers_are_refused(string error) =>
        Assert.Contains("from 1e-150 to 1e150", Refusal(() => Fit($"variance: known, standardErrors: {error}")), StringComparison.Ordinal);

    private static string Refusal(Action action) => Assert.Single(Assert.Throws<ProblemException>(action).Problems);

    private static void AreClose(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        var size = expected.Max(double.Abs);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * size));
    }

    private static (int K, double[] Loadings, double[] Factors, double[] LoadingsSd, double[] FactorsSd) Moments(FinishedFit fit)
    {
        var k = fit.Report.GetProperty("factors").GetInt32();
        return (k, fit.RowArray("loadings_mean", k), fit.ColumnArray("factors_mean", k), fit.RowArray("loadings_sd", k),
            fit.ColumnArray("factors_sd", k));
    }

    /// <summary>The variance of a cell's residual as docs/ebmf.md has it, from files.</summary>
    private double Residual(string options, FinishedFit fit, int i, int j)
    {
        double Square(double[] sd, int at) => sd[at] * sd[at];
        double[] Errors(string name) => DenseArray.Read(_scratch.At(name)).Values;
        return options switch
        {
            "" or "standardErrors: 0.1" => Square([fit.Scalar("residual_sd")], 0),
            "variance: known, standardErrors: 0.3" => 0.09,
            "variance: column" => Square(fit.ColumnArray("residual_sd", 1), j),
            "variance: row" => Square(fit.RowArray("residual_sd", 1), i),
            "variance: kronecker" => Square(fit.RowArray("residual_sd_rows", 1), i) * Square(fit.ColumnArray("residual_sd_columns", 1), j),
            "variance: known, standardErrors: rows.csv" => Square(Errors("rows.csv"), i),
            "variance: known, standardErrors: columns.csv" => Square(Errors("columns.csv"), j),
            "variance: known, standardErrors: matrix.csv" => Square(Errors("matrix.csv"), (i * Columns) + j),
            "standardErrors: rows.csv" => Square(Errors("rows.csv"), i) + Square([fit.Scalar("residual_sd")], 0),
            "variance: row, standardErrors: columns.csv" => Square(Errors("columns.csv"), j) + Square(fit.RowArray("residual_sd", 1), i),
            _ => Square(Errors("matrix.csv"), (i * Columns) + j) + Square(fit.ColumnArray("residual_sd", 1), j),
        };
    }

    private void WriteErrors()
    {
        string Invariant(double value) => FormattableString.Invariant($"{value:R}");
        _scratch.File("rows.csv", string.Concat(AllRows.Select(i => Invariant(0.2 + (0.002 * i)) + "\n")));
        _scratch.File("columns.csv", string.Concat(AllColumns.Select(j => Invariant(0.2 + (0.005 * j)) + "\n")));
        _scratch.File("loadings.csv", string.Concat(AllRows.Select(i => Invariant(1 + (i % 2)) + "\n")));
        _scratch.File("factors.csv", string.Concat(AllColumns.Select(j => Invariant(1 + (j % 2)) + "\n")));
        TestMatrix.Csv(_scratch, "matrix.csv", AllRows, AllColumns, (i, j) => 0.31 + (0.001 * (i * j % 50)));
    }

    private string Data() => File.Exists(_scratch.At("data.csv")) ? _scratch.At("data.csv")
        : TestMatrix.Csv(_scratch, "data.csv", AllRows, AllColumns, TestMatrix.Entry);

    private FittedFolder Fit(string options, string? data = null) =>
        FittedFolder.Of(_scratch, "fit", $"model: ebmf\ndata: {{path: {data ?? Data()}}}\nshards: 2\nebmf: {{{options}}}\n");
}
