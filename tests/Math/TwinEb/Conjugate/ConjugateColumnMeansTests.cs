using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>A fit that predicts worse than the means of columns gives way to these.</summary>
public sealed class ConjugateColumnMeansTests
{
    // Counts whose rates are their columns', times noise of a variance of two: whatever else a factor finds is none.
    private static ConjugateProblem Noise(ulong seed, bool validates) =>
        new(seed, rows: 40, columns: 25, scale: 60, dispersion: 0.5, validates: validates, isUnstructured: true);

    [Theory]
    [InlineData(UnstoredEntries.Missing, true)]
    [InlineData(UnstoredEntries.Zero, true)]
    [InlineData(UnstoredEntries.Missing, false)]
    [InlineData(UnstoredEntries.Zero, false)]
    public void Of_counts_that_no_factor_predicts_the_result_is_never_worse_than_columns_means(UnstoredEntries unstored, bool validates)
    {
        var taken = 0;
        for (var seed = 1UL; seed <= Effort.Of(2UL, 4UL); seed++)
        {
            var problem = Noise(seed, validates);
            var options = problem.Options with { Factors = 6 };
            var fit = new ConjugateFit(options, problem.Shards(2, unstored: unstored));
            if (!fit.Result.Contains("validationRmse"))
            {
                // By training cells they were not overdispersed: then none is set aside.
                Assert.False(validates);
                continue;
            }

            var (rmse, means) = (fit.Result.Scalar("validationRmse"), fit.Result.Scalar("columnMeansRmse"));
            Assert.True(rmse <= (1 + 1e-6) * means, $"seed {seed}: RMSE {rmse} where column means have {means}");
            if (!fit.Result.Contains("replacedRmse"))
            {
                Assert.DoesNotContain(fit.Notes, n => n.Contains("means of their columns", StringComparison.Ordinal));
                continue;
            }

            taken++;
            Assert.True(fit.Result.Scalar("replacedRmse") > means);
            Assert.Equal(means, rmse, 1e-6 * means);
            AssertSaid(fit, validates);
            AssertColumnMeans(fit, problem, unstored, validates);
            var other = new ConjugateFit(options, problem.Shards(5, unstored: unstored));
            Assert.True(other.Result.Contains("replacedRmse"));
            Assert.Equal(other.Result["columns_mean"].Length, fit.Result["columns_mean"].Length);
            Assert.All(other.Result["columns_mean"].Zip(fit.Result["columns_mean"]), p => Assert.Equal(p.First, p.Second, 1e-9 * means));
            Assert.Equal(other.Result.Scalar("testLogLik"), fit.Result.Scalar("testLogLik"), 1e-6);
        }

        Assert.True(taken > 0, "no fit was worse than columns' means: the test proves nothing");
    }

    [Fact]
    public void A_fit_that_is_worse_in_errors_alone_is_kept_where_counts_are_not_overdispersed()
    {
        var problem = new ConjugateProblem(3, rows: 120, columns: 80, scale: 3);
        ArraySet Fit(double factor) => new ConjugateFit(problem.Options, problem.Shards(), spoil: (_, partial) =>
        {
            if (partial.Contains("columnErrors") && partial["columnErrors"] is { Length: 2 } errors)
            {
                errors[0] *= factor;
            }
        }).Result;
        var (kept, plain) = (Fit(0.01), Fit(1));
        Assert.False(kept.Contains("replacedRmse"));
        Assert.Equal(plain["columns_mean"], kept["columns_mean"]);
        Assert.Equal(plain.Scalar("testLogLik"), kept.Scalar("testLogLik"));
    }

    private static void AssertSaid(ConjugateFit fit, bool validates)
    {
        var note = Assert.Single(fit.Notes);
        Assert.StartsWith(
            (validates ? "validation cells" : "cells that were set aside") + " were predicted worse than by the means of their columns",
            note, StringComparison.Ordinal);
        Assert.EndsWith("so the result is these means and no model: likelihood poisson does not fit counts that vary so much; " +
            "set twineb.likelihood: negative_binomial", note, StringComparison.Ordinal);
    }

    // Rows are 1, held-out rows too, with a deviation that is no zero; columns add up to the means of their cells.
    private static void AssertColumnMeans(ConjugateFit fit, ConjugateProblem problem, UnstoredEntries unstored, bool validates)
    {
        Assert.All(fit.RowMeans, u => Assert.Equal(1, u, 1e-9));
        Assert.All(fit.Rows.SelectMany(r => r["rows_sd"]), sd => Assert.InRange(sd, 1e-12, 1e-3));
        Assert.All(fit.Result["columns_sd"], sd => Assert.True(sd > 0));
        Assert.True(fit.Result.Scalar("testLogLik") > -30);
        var (columns, factors) = (fit.Result["columns_mean"], 6);
        for (var j = 0; validates && j < problem.Options.Columns; j++)
        {
            var training = Enumerable.Range(0, problem.HeldOutFrom)
                .Where(i => problem.Kind(i, j) == 0 && (unstored == UnstoredEntries.Zero || problem.Y[i][j] != 0)).ToArray();
            var mean = training.Average(i => problem.Y[i][j]);
            Assert.Equal(mean, columns.AsSpan(j * factors, factors).ToArray().Sum(), 1e-4 * mean);
        }
    }
}
