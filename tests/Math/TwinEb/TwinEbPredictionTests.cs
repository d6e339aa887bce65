using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Moments of u . v against draws.</summary>
public sealed class TwinEbPredictionTests
{
    private const int Draws = 200_000;
    private const ulong Seed = 11;

    // The standard error of a variance of so many draws, with room for tails: 5 x sqrt(3 / draws) and more.
    private const double DrawTolerance = 0.03;

    [Fact]
    public void The_variance_of_independent_entries_is_that_of_draws()
    {
        double[] u = [1, -0.5, 2], us = [0.3, 1, 0.2], v = [0.4, 1.5, -1], vs = [0.5, 0.1, 0.7];
        var variance = Variance(draw => Dot(Normals(u, us, 1, draw), Normals(v, vs, 2, draw)));
        Assert.Equal(variance, TwinEbPrediction.Variance(u, us, v, vs), DrawTolerance * variance);
        Assert.Equal(-1.5 * 0.5 + 0.4 - 2, TwinEbPrediction.Mean(u, v), 12);
    }

    [Fact]
    public void The_variance_of_a_correlated_column_is_that_of_draws_and_reduces_to_the_other_without_correlations()
    {
        double[] u = [1, -0.5], us = [0.3, 0.6], v = [0.4, 1.5], vs = [0.5, double.Sqrt(0.5)];

        // v = mean + (0.5 z1, 0.5 z1 + 0.5 z2): covariance 0.25.
        double[] second = [(v[0] * v[0]) + 0.25, (v[0] * v[1]) + 0.25, (v[1] * v[1]) + 0.5];
        var variance = Variance(draw =>
        {
            var z = Normals([0, 0], [0.5, 0.5], 2, draw);
            return Dot(Normals(u, us, 1, draw), [v[0] + z[0], v[1] + z[0] + z[1]]);
        });
        Assert.Equal(variance, TwinEbPrediction.VarianceOfCorrelated(u, us, v, second), DrawTolerance * variance);
        second[1] = v[0] * v[1];
        Assert.Equal(TwinEbPrediction.Variance(u, us, v, vs), TwinEbPrediction.VarianceOfCorrelated(u, us, v, second), 12);
    }

    [Fact]
    public void What_is_left_out_of_a_gaussian_row_hardly_shows_in_the_predictive_deviation()
    {
        // The posterior of a row of 40 entries with noise of 1: its entries are correlated, which rows_sd does not tell.
        const int Factors = 4, Entries = 40;
        var (a, h) = (new double[Factors * (Factors + 1) / 2], new double[Factors]);
        for (var e = 0; e < Entries; e++)
        {
            var v = Column(e);
            for (int i = 0, at = 0; i < Factors; i++)
            {
                h[i] += v[i] * v[0];
                for (var l = 0; l <= i; l++, at++)
                {
                    a[at] += v[i] * v[l];
                }
            }
        }

        var posterior = new ConjugateNormalPosterior(ConjugateNormalPrior.One(Factors, 0, 1));
        posterior.Evaluate(a, h);
        var sampler = new ConjugateNormalSampler(new TwinEbOptions { Rows = 1, Columns = 1, Factors = Factors, Seed = Seed }, ConjugateDraw.RowScore, 0, 1);
        sampler.Add(0, posterior);
        var rowSd = posterior.Variance.Select(double.Sqrt).ToArray();
        for (var e = 0; e < 5; e++)
        {
            var v = Column(e);
            var drawn = Variance(draw =>
            {
                var u = new double[Factors];
                sampler.Draw(draw, 0, 1, u);
                return Dot(u, v);
            });
            var told = TwinEbPrediction.Variance(posterior.Mean, rowSd, v, new double[Factors]);
            Assert.Equal(double.Sqrt(1 + drawn), double.Sqrt(1 + told), 0.05);
            Assert.InRange(double.Sqrt(told / drawn), 0.6, 1.7);
        }

        static double[] Column(int e) => [.. Enumerable.Range(0, Factors).Select(l => 0.5 + Philox.Normal(Seed, 9, (ulong)((e * Factors) + l)))];
    }

    [Fact]
    public void A_poisson_row_between_two_components_has_about_the_deviation_of_its_draws()
    {
        const int Factors = 2;
        var prior = new ConjugateGammaPrior(2, Factors);
        new[] { 0.5, 0.5 }.CopyTo(prior.Weights, 0);
        new[] { 2.0, 2, 2, 2 }.CopyTo(prior.Shapes, 0);

        // Large in factor 1 and small in factor 2, or the other way round; three counts of each cannot tell.
        new[] { 0.5, 2, 2, 0.5 }.CopyTo(prior.Rates, 0);
        double[] s = [3, 3], t = [4, 4], v = [1, 0.6];
        var sampler = new ConjugateGammaSampler(prior, s, t, Seed, ConjugateDraw.RowScore, 0);
        var posterior = new ConjugateGammaPosterior(prior);
        var (padS, padT) = (new double[posterior.Stride], new double[posterior.Stride]);
        s.CopyTo(padS, 0);
        t.CopyTo(padT, 0);
        posterior.Evaluate(padS, padT);
        posterior.SecondMoments(padS, padT);
        double[] sd = [.. Enumerable.Range(0, Factors).Select(l => double.Sqrt(posterior.Square[l] - (posterior.Mean[l] * posterior.Mean[l])))];
        var drawn = Variance(draw =>
        {
            var u = new double[Factors];
            sampler.Draw(draw, 0, 1, u);
            return Dot(u, v);
        });
        var mean = TwinEbPrediction.Mean(posterior.Mean.AsSpan(0, Factors), v);
        var told = TwinEbPrediction.Variance(posterior.Mean.AsSpan(0, Factors), sd, v, new double[Factors]);
        Assert.Equal(double.Sqrt(mean + drawn), double.Sqrt(mean + told), 0.05 * double.Sqrt(mean));
    }

    private static double Dot(double[] a, double[] b) => TwinEbPrediction.Mean(a, b);

    private static double[] Normals(double[] mean, double[] sd, ulong stream, int draw) =>
        [.. mean.Select((m, l) => m + (sd[l] * Philox.Normal(Seed, stream, (ulong)((draw * mean.Length) + l))))];

    private static double Variance(Func<int, double> next)
    {
        var (mean, squares) = (0.0, 0.0);
        for (var draw = 0; draw < Draws; draw++)
        {
            var x = next(draw);
            var difference = x - mean;
            mean += difference / (draw + 1);
            squares += difference * (x - mean);
        }

        return squares / Draws;
    }
}
