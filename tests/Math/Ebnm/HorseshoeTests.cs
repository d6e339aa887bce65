using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class HorseshoeTests
{
    private static readonly IEbnmFamily Family = EbnmFamilies.Get(PriorFamily.Horseshoe);

    /// <summary>Against quadrature with 30 digits; s = 1.</summary>
    [Theory]
    [InlineData(6.940063495536268, 0.2, -6.7889564344663717, 6.6312695563619422, 45.025344997261966, 2.7646361154496891e-9)]
    [InlineData(7.060761173886136, 0.2, -6.8258566532318459, 6.7580622670712565, 46.720819447008121, 1.2234830202894374e-9)]
    [InlineData(0.3, 0.2, -1.0758426096063199, 0.032676551668154605, 0.11308547995034375, 0.47119497347392494)]
    [InlineData(0.01, 1.0, -1.3705545717163495, 0.0033333777779894166, 0.33335777817989658, 0.49800528859804825)]
    [InlineData(1000.0, 0.001, -22.093784075432039, 999.99799999399996, 999996.99999399997, 2.3156211643588782e-217139)]
    [InlineData(30.0, 1.0e-5, -19.682495074866276, 29.933109363524883, 896.99328090574693, 2.5989673235679713e-188)]
    [InlineData(3.0, 0.01, -5.3213904663795046, 0.20409063714895494, 0.519696043709982, 0.42623280709558147)]
    public void Posteriors_equal_integrals_of_30_digits(
        double x, double scale, double logLikelihood, double mean, double second, double lfsr)
    {
        var prior = ParametricFixtures.Prior(PriorFamily.Horseshoe, 1, scale, 0);
        foreach (var unit in new[] { 1, 3.7 })
        {
            var scaled = ParametricFixtures.Prior(PriorFamily.Horseshoe, 1, scale * unit, 0);
            var (m, q, f) = (new double[1], new double[1], new double[1]);
            Assert.Equal(logLikelihood - double.Log(unit), Family.Moments(scaled, [x * unit], [unit], m, q),
                1e-12 * double.Max(1, double.Abs(logLikelihood)));
            Assert.Equal(mean, m[0] / unit, 1e-12 * mean);
            Assert.Equal(second, (q[0] + (m[0] * m[0])) / (unit * unit), 1e-12 * second);
            Family.FalseSignRates(scaled, [x * unit], [unit], f);
            Assert.Equal(lfsr, f[0], 1e-12);
        }

        Assert.Equal(1, prior.Components.Sum(c => c.Weight));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Derivatives_EM_splits_and_Newton_are_as_they_should_be(int seed)
    {
        var (x, s) = ParametricFixtures.Problem(seed, 200, 0.2, someInfinite: seed == 3);
        double[] Stats(double b) =>
            ParametricFixtures.Statistics(ParametricFixtures.Prior(PriorFamily.Horseshoe, 1, double.Exp(b), 0), x, s);
        const double H = 1e-5;
        var here = Stats(-1);
        Assert.Equal((Stats(-1 + H)[1] - Stats(-1 - H)[1]) / (2 * H), here[4], 1e-5 * double.Max(1, double.Abs(here[4])));
        Assert.Equal((Stats(-1 + H)[4] - Stats(-1 - H)[4]) / (2 * H), here[5], 1e-5 * double.Max(1, double.Abs(here[5])));
        var parts = new double[here.Length];
        var prior = ParametricFixtures.Prior(PriorFamily.Horseshoe, 1, double.Exp(-1), 0);
        Family.Accumulate(prior, x.AsSpan(0, 77), s.AsSpan(0, 77), new double[77], new double[77], parts);
        Family.Accumulate(prior, x.AsSpan(77), s.AsSpan(77), new double[123], new double[123], parts);
        Assert.True(double.IsNaN(here[2]) && double.IsNaN(parts[2]));
        (here[2], parts[2]) = (0, 0);
        Assert.All(here.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-10 * double.Max(1, double.Abs(pair.First))));

        var value = double.NegativeInfinity;
        for (var k = 0; k < 20; k++)
        {
            var statistics = ParametricFixtures.Statistics(prior, x, s);
            Assert.True(statistics[1] >= value - 1e-10);
            value = statistics[1];
            prior = Family.Step(prior, statistics, PriorStep.Expectation, new EbnmOptions());
        }

        for (var k = 0; k < 10; k++)
        {
            prior = Family.Step(prior, ParametricFixtures.Statistics(prior, x, s), PriorStep.Newton, new EbnmOptions());
        }

        var fit = Family.Fit(x, s, new EbnmOptions());
        Assert.True(fit.Converged);
        Assert.Equal(fit.LogLikelihood, ParametricFixtures.Statistics(prior, x, s)[1], 1e-7);
        Assert.Equal(fit.LogLikelihood, Family.Fit(x, s, new EbnmOptions { Start = prior }).LogLikelihood, 1e-7);
        for (var b = -6.0; b < 0; b += 0.1)
        {
            Assert.True(b > -double.Log(200) - 0.5 && Stats(b)[1] <= fit.LogLikelihood + 1e-7 || b <= -double.Log(200) - 0.5);
        }
    }

    [Fact]
    public void Samples_have_the_posteriors_moments()
    {
        const int Count = 40_000;
        var prior = ParametricFixtures.Prior(PriorFamily.Horseshoe, 1, 0.3, 0.2);
        double[] x = [.. Enumerable.Repeat(2.5, Count)];
        double[] s = [.. Enumerable.Repeat(0.8, Count)];
        var (mean, variance, sample) = (new double[Count], new double[Count], new double[Count]);
        Family.Moments(prior, x, s, mean, variance);
        Family.Sample(prior, x, s, (i, d) => d == 0 ? (i + 0.5) / Count : ((i + 0.5) * 0.61803398874989485) % 1, sample);
        Assert.Equal(mean[0], sample.Average(), 3e-3);
        Assert.Equal(variance[0], sample.Average(v => (v - mean[0]) * (v - mean[0])), 0.02);
    }
}
