using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class ConjugateChecksTests
{
    [Theory]
    [InlineData(UnstoredEntries.Missing)]
    [InlineData(UnstoredEntries.Zero)]
    public void Of_overdispersed_counts_the_best_state_is_kept_and_predicts_no_worse_than_a_columns_mean(UnstoredEntries unstored)
    {
        for (var seed = 1UL; seed <= Effort.Of(2UL, 3UL); seed++)
        {
            var problem = ConjugateProblem.Overdispersed(seed);
            var shards = problem.Shards(2, unstored: unstored);
            var fit = new ConjugateFit(problem.Options with { Factors = 10 }, shards);
            Assert.Contains(fit.Trace, round => round.Phase == "check");
            Assert.True(CountMisfit.FromArray(fit.Result["heldOutMisfit"]).IsOverdispersed(trained: false));
            Assert.True(fit.Result.Scalar("spread") > 1);

            var (rmse, means) = (fit.Result.Scalar("rmse"), ColumnMeans(problem, unstored));
            Assert.True(rmse <= (1 + 1e-6) * means, $"seed {seed}: RMSE {rmse} where column means have {means}");
        }
    }

    [Fact]
    public void Of_poisson_counts_nothing_is_spread_and_the_last_of_equally_good_states_is_kept()
    {
        var problem = new ConjugateProblem(3, rows: 120, columns: 80, scale: 3);
        var fit = new ConjugateFit(problem.Options, problem.Shards());
        Assert.False(CountMisfit.FromArray(fit.Result["heldOutMisfit"]).IsOverdispersed(trained: false));
        Assert.Equal(1, fit.Result.Scalar("spread"));
        Assert.Equal(fit.Trace.Last(round => !double.IsNaN(round.Objective)).Objective, fit.Result.Scalar("elbo"));
    }

    [Fact]
    public void Without_validation_cells_there_is_no_check_and_the_misfit_is_that_of_training_cells()
    {
        var problem = new ConjugateProblem(5, scale: 3);
        foreach (var dense in new[] { false, true })
        {
            // Some cells are excluded, and some rows held out.
            int Kind(int i, int j) => problem.Kind(i, j) == (int)HeldOutKind.Validation ? (int)HeldOutKind.Ignored : problem.Kind(i, j);
            var fit = new ConjugateFit(problem.Options, ConjugateFit.Shards(problem.Y, Kind, problem.HeldOutFrom, 3, dense: dense));
            Assert.DoesNotContain(fit.Trace, round => round.Phase == "check");

            double errors = 0, rates = 0, squares = 0;
            var (columns, factors) = (fit.Result["columns_mean"], problem.Options.Factors);
            for (var i = 0; i < problem.HeldOutFrom; i++)
            {
                for (var j = 0; j < problem.Y[i].Length; j++)
                {
                    if (Kind(i, j) == 0)
                    {
                        var rate = Enumerable.Range(0, factors).Sum(l => fit.RowMeans[(i * factors) + l] * columns[(j * factors) + l]);
                        var error = problem.Y[i][j] - rate;
                        (errors, rates, squares) = (errors + (error * error), rates + rate, squares + (rate * rate));
                    }
                }
            }

            double[] expected = [errors, rates, squares];
            Assert.All(expected.Zip(fit.Result["misfit"]), pair => Assert.Equal(pair.First, pair.Second, 1e-9 * pair.First));
        }
    }

    [Theory]
    [InlineData(UnstoredEntries.Missing)]
    [InlineData(UnstoredEntries.Zero)]
    public void Without_a_validation_set_overdispersed_counts_are_predicted_no_worse_than_by_a_columns_mean(UnstoredEntries unstored)
    {
        for (var seed = 4UL; seed <= Effort.Of(4UL, 5UL); seed++)
        {
            var problem = ConjugateProblem.Overdispersed(seed);
            var (options, shards) = (problem.Options with { Factors = 10 }, Unvalidated(problem, 2, unstored));
            var fit = new ConjugateFit(options, shards);
            Assert.Contains(fit.Trace, round => round.Phase == "describe");
            Assert.False(fit.Result.Contains("heldOutLogLik"));
            Assert.True(fit.Result.Scalar("sliceLogLik") < 0);
            Assert.True(fit.Result.Scalar("spread") > 1 && fit.Result.Scalar("temper") > 1);

            // The cells of the problem's own validation set, of which the fit was told nothing.
            var (squared, cells, columns) = (0.0, 0, fit.Result["columns_mean"]);
            for (var i = 0; i < problem.HeldOutFrom; i++)
            {
                for (var j = 0; j < problem.Options.Columns; j++)
                {
                    if (problem.Kind(i, j) == (int)HeldOutKind.Validation)
                    {
                        var rate = Enumerable.Range(0, 10).Sum(l => fit.RowMeans[(i * 10) + l] * columns[(j * 10) + l]);
                        (squared, cells) = (squared + ((problem.Y[i][j] - rate) * (problem.Y[i][j] - rate)), cells + 1);
                    }
                }
            }

            var (rmse, means) = (double.Sqrt(squared / cells), ColumnMeans(problem, unstored));
            Assert.True(rmse < means, $"seed {seed}: RMSE {rmse} where column means have {means}");
        }
    }

    [Theory]
    [InlineData(UnstoredEntries.Missing, false)]
    [InlineData(UnstoredEntries.Zero, false)]
    [InlineData(UnstoredEntries.Zero, true)]
    public void The_cells_that_are_set_aside_depend_on_neither_shards_nor_storage_and_leave_a_cell_in_every_row(
        UnstoredEntries unstored, bool dense)
    {
        var problem = ConjugateProblem.Overdispersed(7);
        List<(long Row, double Column, double Value)> Of(int count, bool isDense, double share) =>
        [
            .. Unvalidated(problem, count, unstored, isDense).Select(data => ConjugateSlice.Of(data, 3, share)).SelectMany(data =>
            {
                var cells = new HeldOutCells(data);
                return Enumerable.Range(0, cells.Rows).SelectMany(i =>
                {
                    var row = new ConjugateRow(data, zerosAreImplied: true);
                    row.Read(i);
                    var taken = cells.RowColumns(i).ToArray().Zip(cells.RowValues(i).ToArray(), cells.RowKinds(i).ToArray())
                        .Where(c => c.Third == (int)HeldOutKind.Validation).ToArray();
                    Assert.All(taken, cell => Assert.DoesNotContain((int)cell.First, row.Columns.ToArray()));
                    Assert.True(taken.Length == 0 || unstored == UnstoredEntries.Zero || row.Columns.Length > 0);
                    return taken.Select(cell => (data.FirstRow + i, cell.First, cell.Second));
                });
            }),
        ];
        var found = Of(3, dense, 0.1);
        Assert.Equal(Of(1, false, 0.1), found);
        Assert.All(found, cell => Assert.Equal(problem.Y[cell.Row][(int)cell.Column], cell.Value));
        Assert.All(found, cell => Assert.Equal(0, Kind(problem)((int)cell.Row, (int)cell.Column)));
        Assert.Equal(unstored == UnstoredEntries.Zero, found.Any(cell => cell.Value == 0));
        var training = Enumerable.Range(0, problem.HeldOutFrom).Sum(i => Enumerable.Range(0, problem.Options.Columns)
            .Count(j => Kind(problem)(i, j) == 0 && (unstored == UnstoredEntries.Zero || problem.Y[i][j] != 0)));
        Assert.InRange(found.Count, 0.08 * training, 0.11 * training);
        Assert.NotEmpty(Of(2, dense, 50));
    }

    private static Func<int, int, int> Kind(ConjugateProblem problem) =>
        (i, j) => problem.Kind(i, j) == (int)HeldOutKind.Validation ? (int)HeldOutKind.Ignored : problem.Kind(i, j);

    // The problem's validation cells are in no set.
    private static ShardData[] Unvalidated(ConjugateProblem problem, int shards, UnstoredEntries unstored, bool dense = false) =>
        ConjugateFit.Shards(problem.Y, Kind(problem), problem.HeldOutFrom, shards, unstored, dense);

    // Over validation cells, of means over each column's training cells.
    private static double ColumnMeans(ConjugateProblem problem, UnstoredEntries unstored)
    {
        var errors = new List<double>();
        for (var j = 0; j < problem.Options.Columns; j++)
        {
            bool IsObserved(int i, int kind) => i < problem.HeldOutFrom && problem.Kind(i, j) == kind;
            var training = Enumerable.Range(0, problem.Y.Length)
                .Where(i => IsObserved(i, 0) && (unstored == UnstoredEntries.Zero || problem.Y[i][j] != 0)).ToArray();
            var mean = training.Length == 0 ? 0 : training.Average(i => problem.Y[i][j]);
            errors.AddRange(Enumerable.Range(0, problem.Y.Length).Where(i => IsObserved(i, (int)HeldOutKind.Validation))
                .Select(i => (problem.Y[i][j] - mean) * (problem.Y[i][j] - mean)));
        }

        return double.Sqrt(errors.Average());
    }
}
