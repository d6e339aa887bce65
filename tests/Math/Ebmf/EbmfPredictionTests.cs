using FitCluster.Math.Ebmf;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class EbmfPredictionTests
{
    [Fact]
    public void Moments_are_those_of_a_sum_of_products_of_independent_numbers()
    {
        double[] l = [1.5, -2, 0], lSd = [0.2, 0.1, 1], f = [0.5, 1, 3], fSd = [0.3, 0, 0.4];
        Assert.Equal(-1.25, EbmfPrediction.Mean(l, f), 1e-15);
        var second = 0.0;
        for (var k = 0; k < 3; k++)
        {
            second += (((l[k] * l[k]) + (lSd[k] * lSd[k])) * ((f[k] * f[k]) + (fSd[k] * fSd[k]))) - (l[k] * l[k] * f[k] * f[k]);
        }

        Assert.Equal(second, EbmfPrediction.FittedVariance(l, lSd, f, fSd), 1e-12);
        Assert.Equal(double.Sqrt(second + 4), EbmfPrediction.Sd(l, lSd, f, fSd, 4), 1e-12);
    }

    [Fact]
    public void Small_variances_beside_large_means_keep_their_digits()
    {
        // (1e6 +- 1e-6) x 1: a difference of second moments would have nothing left of 1e-12.
        Assert.Equal(1, EbmfPrediction.FittedVariance([1e6], [1e-6], [1], [0]) / 1e-12, 1e-12);
        Assert.Equal(0, EbmfPrediction.FittedVariance([1e6], [0], [1], [0]));
    }

    [Theory]
    [InlineData(VarianceStructure.Constant)]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Column)]
    [InlineData(VarianceStructure.Kronecker)]
    public void Held_out_cells_lie_as_far_from_their_means_as_their_sds_say(VarianceStructure variance)
    {
        var (whole, y) = (RandomProblem.Make(51, 120, 40, 2), RandomProblem.Make(51, 120, 40, 2, missing: 0.15));
        var options = new EbmfOptions { Rows = 120, Columns = 40, MaxFactors = 2, Variance = variance };
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 2));
        var k = fit.K;
        double[] Or(bool there, Func<double[]> values) => there ? values() : [];
        var residual = new EbmfResidual(
            options,
            Or(fit.ShardResults[0].Contains("residual_sd"), () => fit.Loadings("residual_sd")),
            Or(fit.Result.Contains("residual_sd"), () => fit.Result["residual_sd"]));
        Assert.False(residual.NeedsKnownError);
        var (l, lSd, f, fSd) =
            (fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"), fit.Result["factors_mean"], fit.Result["factors_sd"]);
        var scores = new List<double>();
        for (var i = 0; i < y.Length; i++)
        {
            for (var j = 0; j < y[i].Length; j++)
            {
                if (double.IsNaN(y[i][j]))
                {
                    ReadOnlySpan<double> row = l.AsSpan(i * k, k), rowSd = lSd.AsSpan(i * k, k);
                    ReadOnlySpan<double> column = f.AsSpan(j * k, k), columnSd = fSd.AsSpan(j * k, k);
                    var sd = EbmfPrediction.Sd(row, rowSd, column, columnSd, residual.Variance(i, j));
                    scores.Add((whole[i][j] - EbmfPrediction.Mean(row, column)) / sd);
                }
            }
        }

        // 700 cells: the standard error of the root mean square is 0.027.
        Assert.InRange(double.Sqrt(scores.Average(z => z * z)), 0.9, 1.12);
        Assert.True(residual.Variance(3, 5) > 0);
    }

    [Fact]
    public void Beside_known_errors_the_results_have_what_is_added_to_them()
    {
        var options = new EbmfOptions { Rows = 2, Columns = 2, KnownErrors = KnownErrors.Matrix };
        Assert.True(new EbmfResidual(options, [], [3]).NeedsKnownError);
        Assert.Equal(25, new EbmfResidual(options, [], [3]).Variance(1, 1, 4), 1e-12);
        Assert.Equal(20, new EbmfResidual(options with { Variance = VarianceStructure.Column }, [], [3, 2]).Variance(0, 1, 4), 1e-12);
        Assert.Equal(17, new EbmfResidual(options with { Variance = VarianceStructure.Row }, [3, 1], []).Variance(1, 0, 4), 1e-12);
        Assert.Equal(16, new EbmfResidual(options with { Variance = VarianceStructure.Known }, [], []).Variance(1, 0, 4), 1e-12);
        var kronecker = options with { KnownErrors = KnownErrors.None, Variance = VarianceStructure.Kronecker };
        Assert.Equal(36, new EbmfResidual(kronecker, [3, 2], [1, 3]).Variance(1, 1), 1e-12);
    }
}
