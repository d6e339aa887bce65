using FitCluster.Math.TwinEb;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class ConjugateChecksTests
{
    [Theory]
    [InlineData(UnstoredEntries.Missing)]
    [InlineData(UnstoredEntries.Zero)]
    public void Of_overdispersed_counts_the_best_state_is_kept_and_predicts_no_worse_than_a_columns_mean(UnstoredEntries unstored)
    {
        for (var seed = 1UL; seed <= 3; seed++)
        {
            var problem = new ConjugateProblem(seed, rows: 100, columns: 60, scale: 40, dispersion: 0.8);
            var shards = problem.Shards(2, unstored: unstored);
            var fit = new ConjugateFit(problem.Options with { Factors = 10 }, shards);
            Assert.Contains(fit.Trace, round => round.Phase == "check");
            Assert.True(CountMisfit.FromArray(fit.Result["heldOutMisfit"]).IsOverdispersed(trained: false));
            Assert.True(fit.Result.Scalar("spread") > 1);

            var (rmse, means) = (fit.Result.Scalar("rmse"), ColumnMeans(problem, unstored));
            Assert.True(rmse < 1.02 * means, $"seed {seed}: RMSE {rmse} where column means have {means}");
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
