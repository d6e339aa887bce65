using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

/// <summary>Moments of u . v against draws.</summary>
public sealed class TwinEbPredictionTests(ITestOutputHelper output)
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

    [Theory]
    [InlineData(40, 0.97, 1.03)]
    [InlineData(4, 0.8, 1.3)]
    public void What_is_left_out_of_a_gaussian_row_shows_in_the_predictive_deviation_where_entries_are_few(
        int entries, double least, double most)
    {
        // The posterior of a row under noise of 1: its entries are correlated, which rows_sd does not tell. Seen cells, and others.
        const int Factors = 4;
        var (a, h) = (new double[Factors * (Factors + 1) / 2], new double[Factors]);
        for (var e = 0; e < entries; e++)
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
        var sampler = new ConjugateNormalSampler(
            new TwinEbOptions { Rows = 1, Columns = 1, Factors = Factors, Seed = Seed }, ConjugateDraw.RowScore, 0, 1);
        sampler.Add(0, posterior);
        var rowSd = posterior.Variance.Select(double.Sqrt).ToArray();
        foreach (var e in new[] { 0, 1, 2, 100, 101, 102 })
        {
            var v = Column(e);
            var drawn = Variance(draw =>
            {
                var u = new double[Factors];
                sampler.Draw(draw, 0, 1, u);
                return Dot(u, v);
            });
            var told = TwinEbPrediction.Variance(posterior.Mean, rowSd, v, new double[Factors]);
            var ratio = double.Sqrt((1 + told) / (1 + drawn));
            output.WriteLine(
                $"{entries} entries, column {e}: predictive deviation {ratio:F3} of that of draws, of u . v " +
                $"{double.Sqrt(told / drawn):F3}");
            Assert.InRange(ratio, least, most);
        }

        static double[] Column(int e) =>
            [.. Enumerable.Range(0, Factors).Select(l => 0.5 + Philox.Normal(Seed, 9, (ulong)((e * Factors) + l)))];
    }

    [Theory]
    [InlineData(3, 1, 1, 1.01, 1.06)]
    [InlineData(0, 0, 0, 1.2, 1.6)]
    public void A_poisson_row_has_too_large_a_deviation_where_nothing_tells_its_component(
        double count1, double count2, double exposure, double least, double most)
    {
        const int Factors = 2;
        var prior = new ConjugateGammaPrior(2, Factors);
        new[] { 0.5, 0.5 }.CopyTo(prior.Weights, 0);

        // Means of 5 and 0.5, or the other way round: a row of counts 3 and 1 is of the first with probability 0.97, one without data of
        // either.
        new[] { 5.0, 5, 5, 5 }.CopyTo(prior.Shapes, 0);
        new[] { 1.0, 10, 10, 1 }.CopyTo(prior.Rates, 0);
        double[] v = [1, 1];
        var sampler = new ConjugateGammaSampler(prior, [count1, count2], [exposure, exposure], Seed, ConjugateDraw.RowScore, 0);
        var mean = new double[Factors];
        sampler.Mean(0, 1, mean);
        double[] sd = [.. Enumerable.Range(0, Factors).Select(l => double.Sqrt(Variance(draw => Draw(draw)[l])))];
        var drawn = Variance(draw => Dot(Draw(draw), v));
        var predicted = TwinEbPrediction.Mean(mean, v);
        var told = TwinEbPrediction.Variance(mean, sd, v, new double[Factors]);
        var ratio = double.Sqrt((predicted + told) / (predicted + drawn));
        output.WriteLine(
            $"counts {count1} and {count2}: predictive deviation {ratio:F3} of that of draws, of u . v {double.Sqrt(told / drawn):F3}");
        Assert.InRange(ratio, least, most);

        double[] Draw(int draw)
        {
            var u = new double[Factors];
            sampler.Draw(draw, 0, 1, u);
            return u;
        }
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
