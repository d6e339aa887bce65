using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>Posteriors and likelihoods against brute-force quadrature; samplers; uninformative observations.</summary>
public class SpikeAndSlabPosteriorTests
{
    public static TheoryData<PriorFamily, double, double, double> Priors
    {
        get
        {
            var data = new TheoryData<PriorFamily, double, double, double>();
            foreach (var family in ParametricFixtures.SlabFamilies)
            {
                data.Add(family, 0.3, 1.5, 0);
                data.Add(family, 0.8, 0.2, 0);
                data.Add(family, 0.05, 6, 0);
                if (family != PriorFamily.GeneralizedBinary)
                {
                    data.Add(family, 0.3, 1.5, 0.7);
                    data.Add(family, 0.6, 0.9, -1.1);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Priors))]
    public void Moments_likelihood_and_false_sign_rates_equal_quadrature(PriorFamily family, double weight, double scale, double mode)
    {
        var prior = ParametricFixtures.Prior(family, weight, scale, mode);
        double[] x = [-6, -2, -0.5, 0, 0.01, 0.4, 1.3, 2.5, 5, 9, 0.7];
        double[] s = [1, 0.5, 2, 1, 0.3, 1, 0.7, 1.5, 1, 1.2, 3];
        var n = x.Length;
        var (mean, variance, lfsr) = (new double[n], new double[n], new double[n]);
        var logLikelihood = EbnmFamilies.Get(family).Moments(prior, x, s, mean, variance);
        EbnmFamilies.Get(family).FalseSignRates(prior, x, s, lfsr);
        var expected = 0.0;
        for (var i = 0; i < n; i++)
        {
            var q = Quadrature(prior, x[i], s[i]);
            expected += double.Log(q.Mass);
            Assert.Equal(q.Mean, mean[i], 1e-8 * double.Max(1, double.Abs(q.Mean)));
            Assert.Equal(q.Second, variance[i] + (mean[i] * mean[i]), 1e-8 * double.Max(1, q.Second));
            Assert.Equal(double.Min(q.Below, q.Above), lfsr[i], 1e-8);
        }

        Assert.Equal(expected, logLikelihood, 1e-7);
    }

    [Theory]
    [MemberData(nameof(Priors))]
    public void Samples_have_the_posteriors_moments(PriorFamily family, double weight, double scale, double mode)
    {
        const int Count = 40_000;
        var prior = ParametricFixtures.Prior(family, weight, scale, mode);
        foreach (var (xi, si) in new[] { (1.2, 0.9), (-4.0, 1.0), (0, double.PositiveInfinity) })
        {
            double[] x = [.. Enumerable.Repeat(xi, Count)];
            double[] s = [.. Enumerable.Repeat(si, Count)];
            var (mean, variance, sample) = (new double[Count], new double[Count], new double[Count]);
            EbnmFamilies.Get(family).Moments(prior, x, s, mean, variance);

            // A lattice in two dimensions (the golden ratio's sequence): far more even than random draws.
            EbnmFamilies.Get(family).Sample(
                prior, x, s, (i, d) => d == 0 ? (i + 0.5) / Count : ((i + 0.5) * 0.61803398874989485) % 1, sample);
            var sd = double.Sqrt(variance[0]);
            Assert.Equal(mean[0], sample.Average(), (3e-3 * sd) + 1e-4);
            Assert.Equal(variance[0], sample.Average(v => (v - mean[0]) * (v - mean[0])), (0.02 * variance[0]) + 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Priors))]
    public void An_infinite_standard_error_carries_no_information(PriorFamily family, double weight, double scale, double mode)
    {
        var prior = ParametricFixtures.Prior(family, weight, scale, mode);
        double[] x = [1.5, double.NaN, -0.3];
        double[] s = [1, double.PositiveInfinity, 0.8];
        var (mean, variance, lfsr) = (new double[3], new double[3], new double[3]);
        var logLikelihood = EbnmFamilies.Get(family).Moments(prior, x, s, mean, variance);
        EbnmFamilies.Get(family).FalseSignRates(prior, x, s, lfsr);
        Assert.Equal(
            EbnmFamilies.Get(family).Moments(prior, [x[0], x[2]], [s[0], s[2]], new double[2], new double[2]), logLikelihood, 1e-13);
        var (m, v) = ParametricFixtures.SlabKind(family) switch
        {
            ComponentKind.Laplace => (0, 2 * scale * scale),
            ComponentKind.Exponential => (scale, 2 * scale * scale),
            ComponentKind.TruncatedNormal => (scale, 1.01 * scale * scale),
            _ => (0, scale * scale),
        };
        var w = prior.Components[^1].Weight;
        Assert.Equal(mode + (w * m), mean[1], 1e-12);
        Assert.Equal((w * v) - (w * m * w * m), variance[1], 1e-12 * double.Max(1, v));
        Assert.InRange(lfsr[1], 0, 1);
        var with = ParametricFixtures.Statistics(prior, x, s);
        var without = ParametricFixtures.Statistics(prior, [x[0], x[2]], [s[0], s[2]]);
        Assert.All(with.Zip(without), pair => Assert.Equal(pair.Second, pair.First, 1e-12));
    }

    [Theory]
    [MemberData(nameof(Priors))]
    public void Extreme_observations_give_finite_and_ordered_moments(PriorFamily family, double weight, double scale, double mode)
    {
        var prior = ParametricFixtures.Prior(family, weight, scale, mode);
        double[] x = [-1e6, -1000, 1000, 1e6, 1e-9, 50];
        double[] s = [1, 1, 1, 1, 1e-9, 1e9];
        var (mean, variance) = (new double[6], new double[6]);
        Assert.True(double.IsFinite(EbnmFamilies.Get(family).Moments(prior, x, s, mean, variance)));
        for (var i = 0; i < 6; i++)
        {
            Assert.True(variance[i] >= 0, $"x {x[i]}: {mean[i]:R} {variance[i]:R}");
        }

        Assert.All(ParametricFixtures.Statistics(prior, x, s), v => Assert.True(double.IsFinite(v)));
    }

    // The spike in closed form, the slab by Simpson's rule around its kinks (0, mode) and the observation.
    private static (double Mass, double Mean, double Second, double Below, double Above) Quadrature(Prior prior, double x, double s)
    {
        var slab = prior.Components[^1].Weight;
        var spike = (1 - slab) * NormalDistribution.Density((x - prior.Mode) / s) / s;
        double mass = spike, mean = spike * prior.Mode, second = spike * prior.Mode * prior.Mode;
        var below = prior.Mode <= 0 ? spike : 0;
        var above = prior.Mode >= 0 ? spike : 0;
        double[] ends = [-40 + double.Min(x, 0), 0, prior.Mode, 40 + double.Max(x, 0)];
        Array.Sort(ends);
        const int Steps = 40_000;
        for (var piece = 0; piece < 3; piece++)
        {
            var h = (ends[piece + 1] - ends[piece]) / Steps;
            for (var k = 0; k <= Steps && h > 0; k++)
            {
                // Off the kinks by a hair, so that one-sided densities have their one-sided limits.
                var theta = ends[piece] + (h * (k == 0 ? 1e-9 : k == Steps ? Steps - 1e-9 : k));
                var f = h / 3 * (k == 0 || k == Steps ? 1 : k % 2 == 1 ? 4 : 2)
                    * slab * ParametricFixtures.SlabDensity(prior, theta) * NormalDistribution.Density((x - theta) / s) / s;
                mass += f;
                mean += f * theta;
                second += f * theta * theta;
                below += ends[piece + 1] <= 0 ? f : 0;
                above += ends[piece] >= 0 ? f : 0;
            }
        }

        return (mass, mean / mass, second / mass, below / mass, above / mass);
    }
}
