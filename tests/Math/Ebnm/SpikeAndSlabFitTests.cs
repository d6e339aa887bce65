using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>Statistics, steps and fits of the spike-and-slab families.</summary>
public class SpikeAndSlabFitTests
{
    public static TheoryData<PriorFamily, int> Seeds
    {
        get
        {
            var data = new TheoryData<PriorFamily, int>();
            foreach (var family in ParametricFixtures.SlabFamilies)
            {
                for (var seed = 1; seed <= 6; seed++)
                {
                    data.Add(family, seed);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Gradients_and_Hessians_equal_finite_differences(PriorFamily family, int seed)
    {
        var (x, s) = ParametricFixtures.Problem(seed, 100, positive: family == PriorFamily.GeneralizedBinary, someInfinite: seed % 2 == 0);
        double[] at = [-0.5 + (0.3 * seed), 0.2 * seed, family == PriorFamily.GeneralizedBinary ? 0 : 0.3];
        double[] Stats(double a, double b, double m)
        {
            var prior = ParametricFixtures.Prior(family, 1 / (1 + double.Exp(-a)), double.Exp(b), m);
            var (sums, unit) = (ParametricFixtures.Statistics(prior, x, s), SpikeAndSlab.Of(prior).Unit);

            // Derivatives in the mode itself.
            (sums[10], sums[14], sums[15], sums[16]) = (sums[10] / unit, sums[14] / unit, sums[15] / unit, sums[16] / (unit * unit));
            return sums;
        }

        var here = Stats(at[0], at[1], at[2]);
        int[] gradient = [8, 9, 10];
        int[,] hessian = { { 11, 12, 14 }, { 12, 13, 15 }, { 14, 15, 16 } };
        const double H = 1e-5;
        for (var k = family == PriorFamily.Normal ? 1 : 0; k < (family == PriorFamily.GeneralizedBinary ? 2 : 3); k++)
        {
            double[] Shifted(double h)
            {
                double[] p = [.. at];
                p[k] += h;
                return Stats(p[0], p[1], p[2]);
            }

            var (up, down) = (Shifted(H), Shifted(-H));
            Assert.Equal((up[1] - down[1]) / (2 * H), here[gradient[k]], 2e-6 * double.Max(100, double.Abs(here[gradient[k]])));
            for (var j = family == PriorFamily.Normal ? 1 : 0; j < (family == PriorFamily.GeneralizedBinary ? 2 : 3); j++)
            {
                var expected = (up[gradient[j]] - down[gradient[j]]) / (2 * H);
                Assert.Equal(expected, here[hessian[k, j]], 2e-6 * double.Max(100, double.Abs(expected)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void EM_never_lowers_the_log_likelihood(PriorFamily family, int seed)
    {
        var (x, s) = ParametricFixtures.Problem(seed, 300, 0.1 * seed, positive: seed % 2 == 0, someInfinite: seed % 3 == 0);
        var options = new EbnmOptions { EstimateMode = seed > 3 && family != PriorFamily.GeneralizedBinary };
        var prior = ParametricFixtures.Prior(family, 0.2 * (1 + (seed % 3)), 0.5 * seed, 0);
        var value = double.NegativeInfinity;
        for (var k = 0; k < 60; k++)
        {
            var statistics = ParametricFixtures.Statistics(prior, x, s);
            Assert.True(statistics[1] >= value - (1e-11 * double.Abs(value)), $"seed {seed}, step {k}: {statistics[1]:R} after {value:R}");
            value = statistics[1];
            prior = EbnmFamilies.Get(family).Step(prior, statistics, PriorStep.Expectation, options);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Newton_steps_from_a_cold_start_reach_the_fit(PriorFamily family, int seed)
    {
        var (x, s) =
            ParametricFixtures.Problem(seed, 600, 0.3, positive: family is PriorFamily.PointExponential or PriorFamily.GeneralizedBinary);
        var solver = EbnmFamilies.Get(family);
        var options = new EbnmOptions { EstimateMode = seed % 2 == 0 && family is PriorFamily.Normal or PriorFamily.PointNormal };
        var prior = solver.ColdStart(Summary(x, s), options);
        var value = double.NaN;
        for (var k = 0; k < 40; k++)
        {
            var statistics = ParametricFixtures.Statistics(prior, x, s);
            value = statistics[1];
            prior = solver.Step(prior, statistics, PriorStep.Newton, options);
        }

        var fit = solver.Fit(x, s, options);
        Assert.True(fit.Converged);
        if (family == PriorFamily.GeneralizedBinary)
        {
            // Several optima: a cold start from sums alone may end in a lower one; a warm start at the fit must stay.
            Assert.True(value <= fit.LogLikelihood + 1e-6, $"{value:R} {fit.LogLikelihood:R}");
            prior = solver.Step(fit.Prior, ParametricFixtures.Statistics(fit.Prior, x, s), PriorStep.Newton, options);
            value = ParametricFixtures.Statistics(prior, x, s)[1];
        }

        Assert.Equal(fit.LogLikelihood, value, 1e-6);
        var warm = solver.Fit(x, s, options with { Start = prior });
        Assert.Equal(fit.LogLikelihood, warm.LogLikelihood, 1e-6);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Statistics_of_a_split_add_up_to_those_of_the_whole(PriorFamily family, int seed)
    {
        var (x, s) = ParametricFixtures.Problem(seed, 3001, someInfinite: true);
        var prior = ParametricFixtures.Prior(family, 0.3, 1.4, 0);
        var whole = ParametricFixtures.Statistics(prior, x, s);
        var cut = 97 * seed;
        var parts = new double[whole.Length];
        var (mean, variance) = (new double[3001], new double[3001]);
        var solver = EbnmFamilies.Get(family);
        solver.Accumulate(prior, x.AsSpan(0, cut), s.AsSpan(0, cut), mean.AsSpan(0, cut), variance.AsSpan(0, cut), parts);
        solver.Accumulate(prior, x.AsSpan(cut), s.AsSpan(cut), mean.AsSpan(cut), variance.AsSpan(cut), parts);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-11 * double.Max(1, double.Abs(pair.First))));
        var (m, q) = (new double[3001], new double[3001]);
        Assert.Equal(solver.Moments(prior, x, s, m, q), whole[1], 1e-10 * double.Abs(whole[1]));
        Assert.Equal(m, mean);
        Assert.Equal(q, variance);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_prior_on_a_fine_grid_is_better_than_the_fit(PriorFamily family, int seed)
    {
        var (x, s) = ParametricFixtures.Problem(seed, 150, 0.1 * seed, positive: seed % 2 == 0);
        var fit = EbnmFamilies.Get(family).Fit(x, s, new EbnmOptions());
        foreach (var weight in new[] { 0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1 })
        {
            for (var scale = 0.1; scale < 12; scale *= 1.1)
            {
                var value = ParametricFixtures.Statistics(ParametricFixtures.Prior(family, weight, scale, 0), x, s)[1];
                Assert.True(
                    value <= fit.LogLikelihood + 1e-7, $"seed {seed}: weight {weight}, scale {scale}: {value:R} > {fit.LogLikelihood:R}");
            }
        }
    }

    [Theory]
    [InlineData(PriorFamily.Normal)]
    [InlineData(PriorFamily.PointNormal)]
    [InlineData(PriorFamily.PointLaplace)]
    [InlineData(PriorFamily.PointExponential)]
    public void A_known_prior_is_recovered_from_many_observations(PriorFamily family)
    {
        var truth = ParametricFixtures.Prior(family, 0.3, 2, 0.5);
        var random = new Random(11);
        const int N = 60_000;
        var (x, s) = (new double[N], new double[N]);
        Array.Fill(s, double.PositiveInfinity);
        EbnmFamilies.Get(family).Sample(truth, x, s, (_, _) => (random.NextDouble() * 0.99999999) + 5e-9, x);
        for (var i = 0; i < N; i++)
        {
            s[i] = 0.1 + random.NextDouble();
            x[i] += s[i] * NormalDistribution.Quantile((random.NextDouble() * 0.99999999) + 5e-9);
        }

        var fit = EbnmFamilies.Get(family).Fit(x, s, new EbnmOptions { EstimateMode = true });
        Assert.Equal(0.5, fit.Prior.Mode, 0.03);
        Assert.Equal(2, fit.Prior.Components[^1].Scale, 0.08);
        Assert.Equal(family == PriorFamily.Normal ? 1 : 0.3, fit.Prior.Components[^1].Weight, 0.02);
        Assert.True(fit.LogLikelihood >= ParametricFixtures.Statistics(truth, x, s)[1]);
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal)]
    [InlineData(PriorFamily.PointLaplace)]
    [InlineData(PriorFamily.PointExponential)]
    public void Pure_noise_gives_the_point_mass_and_pure_signal_no_spike(PriorFamily family)
    {
        var random = new Random(3);
        double[] s = [.. Enumerable.Repeat(1.0, 400)];
        double[] x = [.. s.Select((_, i) => 0.9 * NormalDistribution.Quantile((i + 0.5) / 400))];
        var fit = EbnmFamilies.Get(family).Fit(x, s, new EbnmOptions());
        Assert.Equal(1, fit.Prior.Components[0].Weight);
        var prior = EbnmFamilies.Get(family).ColdStart(Summary(x, s), new EbnmOptions());
        for (var k = 0; k < 60; k++)
        {
            prior = EbnmFamilies.Get(family).Step(prior, ParametricFixtures.Statistics(prior, x, s), PriorStep.Newton, new EbnmOptions());
        }

        Assert.Equal(1, prior.Components[0].Weight);
        double[] signal = [.. x.Select(v => 20 + (6 * v))];
        Assert.Equal(1, EbnmFamilies.Get(family).Fit(signal, s, new EbnmOptions()).Prior.Components[1].Weight);
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal)]
    [InlineData(PriorFamily.PointLaplace)]
    [InlineData(PriorFamily.PointExponential)]
    [InlineData(PriorFamily.GeneralizedBinary)]
    public void Rare_strong_signals_among_many_observations_are_found(PriorFamily family)
    {
        const int N = 50_000;
        double[] s = [.. Enumerable.Repeat(1.0, N)];
        double[] x = [.. s.Select((_, i) => NormalDistribution.Quantile(((i * 0.61803398874989485) + 0.3) % 1))];
        var truth = 0.0;
        for (var i = 0; i < 12; i++)
        {
            x[(4001 * i) + 7] = 9 + (0.3 * i);
        }

        foreach (var scale in new[] { 2.0, 5, 8, 10, 11 })
        {
            truth = double.Max(
                truth == 0 ? double.NegativeInfinity : truth,
                ParametricFixtures.Statistics(ParametricFixtures.Prior(family, 12.0 / N, scale, 0), x, s)[1]);
        }

        var fit = EbnmFamilies.Get(family).Fit(x, s, new EbnmOptions());
        Assert.True(fit.LogLikelihood >= truth, $"{fit.LogLikelihood:R} < {truth:R}");
        Assert.InRange(fit.Prior.Components[1].Weight, 6.0 / N, 40.0 / N);
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal, 0)]
    [InlineData(PriorFamily.PointLaplace, 0)]
    [InlineData(PriorFamily.PointNormal, 1e-12)]
    [InlineData(PriorFamily.PointLaplace, 1e-12)]
    public void Newton_steps_leave_a_weight_at_the_edge(PriorFamily family, double spike)
    {
        var (x, s) = ParametricFixtures.Problem(2, 2000, 0.3);
        var prior = ParametricFixtures.Prior(family, 1 - spike, 2, 0);
        for (var k = 0; k < 60; k++)
        {
            prior = EbnmFamilies.Get(family).Step(prior, ParametricFixtures.Statistics(prior, x, s), PriorStep.Newton, new EbnmOptions());
        }

        Assert.Equal(
            EbnmFamilies.Get(family).Fit(x, s, new EbnmOptions()).LogLikelihood, ParametricFixtures.Statistics(prior, x, s)[1], 1e-6);
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal)]
    [InlineData(PriorFamily.PointLaplace)]
    [InlineData(PriorFamily.GeneralizedBinary)]
    [InlineData(PriorFamily.Horseshoe)]
    public void Accumulate_allocates_nothing(PriorFamily family)
    {
        var (x, s) = ParametricFixtures.Problem(4, 4001);
        var prior = ParametricFixtures.Prior(family, 0.3, 1.5, 0);
        var solver = EbnmFamilies.Get(family);
        var (mean, variance, statistics) = (new double[4001], new double[4001], new double[solver.StatisticsLength(prior)]);
        solver.Accumulate(prior, x, s, mean, variance, statistics);
        var before = GC.GetAllocatedBytesForCurrentThread();
        solver.Accumulate(prior, x, s, mean, variance, statistics);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Options_take_effect_or_are_refused()
    {
        var (x, s) = ParametricFixtures.Problem(1, 200);
        var scaled = EbnmFamilies.Get(PriorFamily.PointLaplace).Fit(x, s, new EbnmOptions { Scale = 3, Mode = 0.25 }).Prior;
        Assert.Equal(3, scaled.Components[1].Scale);
        Assert.Equal(0.25, scaled.Mode);
        Assert.Equal(0.25, scaled.Components[1].Location);
        foreach (var refused in new[]
        {
            new EbnmOptions { Mode = 1 }, new EbnmOptions { EstimateMode = true }, new EbnmOptions { Scale = 1 }
        })
        {
            Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.GeneralizedBinary).Fit(x, s, refused));
            Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.Flat).Fit(x, s, refused));
        }

        Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.PointNormal).Fit(x, s, new EbnmOptions { Scale = -1 }));
        Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.PointMass).Fit(x, s, new EbnmOptions { Scale = 1 }));
        Assert.Throws<ArgumentException>(() => EbnmFamilies.Get(PriorFamily.Horseshoe).Fit(x, s, new EbnmOptions { EstimateMode = true }));
        Assert.False(EbnmFamilies.Get(PriorFamily.PointNormal).Fit(x, s, new EbnmOptions { MaxIterations = 1 }).Converged);
    }

    private static ObservationSummary Summary(double[] x, double[] s) => new(
        x.Length, x.Sum(), x.Sum(v => v * v), s.Sum(v => v * v), x.Min(), x.Max(), s.Min(), s.Max());
}
