using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>Units do not matter: a fit of c x and c s is the scaled fit.</summary>
public sealed class EbnmScaleTests
{
    // Powers of two, and others, over the range of doubles.
    private static readonly double[] Powers = [double.ScaleB(1, -480), double.ScaleB(1, -33), 2, double.ScaleB(1, 480)];
    private static readonly double[] Others = [1e-150, 3e-7, 1.7, 1e20, 1e150];

    public static TheoryData<PriorFamily, bool> Families
    {
        get
        {
            var data = new TheoryData<PriorFamily, bool>();
            foreach (var family in ParametricFixtures.SlabFamilies)
            {
                data.Add(family, false);
                if (family != PriorFamily.GeneralizedBinary)
                {
                    data.Add(family, true);
                }
            }

            data.Add(PriorFamily.Horseshoe, false);
            data.Add(PriorFamily.PointMass, true);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fit_of_scaled_data_is_the_scaled_fit(PriorFamily family, bool estimateMode)
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var (x, s) = ParametricFixtures.Problem(seed, 120, positive: seed == 2, someInfinite: seed == 3);
            var options = new EbnmOptions { EstimateMode = estimateMode };
            var plain = EbnmFamilies.Get(family).Fit(x, s, options);
            Assert.All(Powers, c => AssertScaled(plain, x, s, c, options, 1e-9));
            Assert.All(Others, c => AssertScaled(plain, x, s, c, options, 1e-6));

            // A step in shards, from a prior that is scaled.
            var stepped = Step(plain.Prior, x, s, options);
            foreach (var c in Powers)
            {
                var exponent = double.ILogB(c);
                var scaled = Step(plain.Prior.Scaled(exponent), Times(x, c), Times(s, c), options);
                AssertNear(stepped, scaled.Scaled(-exponent), 1e-9);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_fit_of_any_data_is_finite_and_no_worse_than_the_point_mass_at_its_mode(PriorFamily family, bool estimateMode)
    {
        double[][] data = [[1e10], [1e150, 0.3, -1.2, 0.7], [1e-150, -1e-150], [3, -2, 1.7, 0.9], [0, 0, 0], [1e140, 2e140, -1e140, 1]];
        double[][] errors = [[1], [1, 1, 1, 1], [1, 1], [1e-150, 1e-7, 1e-7, 1e-10], [1, 2, 3], [1e-10, 1e140, 1e150, 1]];
        foreach (var (x, s) in data.Zip(errors))
        {
            var solver = EbnmFamilies.Get(family);
            var fit = solver.Fit(x, s, new EbnmOptions { EstimateMode = estimateMode });
            var (mean, variance, lfsr) = (new double[x.Length], new double[x.Length], new double[x.Length]);
            var logLikelihood = solver.Moments(fit.Prior, x, s, mean, variance);
            solver.FalseSignRates(fit.Prior, x, s, lfsr);
            var what = $"{family} {string.Join(' ', x)}: {fit} {string.Join(' ', fit.Prior.Components)}";
            Assert.True(double.IsFinite(fit.LogLikelihood), what);
            Assert.Equal(logLikelihood, fit.LogLikelihood, 1e-9 * double.Abs(logLikelihood));
            Assert.True(mean.All(double.IsFinite) && variance.All(v => v >= 0), what);
            Assert.True(lfsr.All(r => r is >= 0 and <= 1), what);
            if (family != PriorFamily.Horseshoe)
            {
                var alone = ObservationSums.Of(x, s, fit.Prior.Mode).PointMass;
                Assert.True(fit.LogLikelihood >= alone - 1e-8 - (1e-12 * double.Abs(alone)), $"{what}: {alone}");
            }
        }
    }

    [Fact]
    public void Sums_over_observations_do_not_overflow_where_squares_do()
    {
        double[] x = [1e150, -2, 1e-150], s = [1e-150, 1e150, 1e-150];
        foreach (var family in ParametricFixtures.SlabFamilies)
        {
            foreach (var scale in new[] { 1e-100, 1, 1e100 })
            {
                var sums = ParametricFixtures.Statistics(ParametricFixtures.Prior(family, 0.3, scale, 0), [x[1], x[2]], [s[1], s[2]]);
                Assert.All(sums, v => Assert.True(double.IsFinite(v), $"{family} {scale}: {string.Join(' ', sums)}"));
            }
        }
    }

    [Fact]
    public void A_rate_is_a_number_where_the_slab_is_all_there_is_and_its_likelihood_too_small_for_one()
    {
        var prior = new Prior(PriorFamily.PointExponential, 0, [
            new PriorComponent(ComponentKind.Point, 0, 0, 0), new PriorComponent(ComponentKind.Exponential, 1, 0, 6e-101)]);
        var lfsr = new double[2];
        EbnmFamilies.Get(prior.Family).FalseSignRates(prior, [1e100, -2], [1e100, 0.001], lfsr);
        Assert.Equal([0, 0], lfsr);
    }

    [Theory]
    [InlineData(PriorFamily.PointExponential)]
    [InlineData(PriorFamily.PointLaplace)]
    [InlineData(PriorFamily.PointNormal)]
    public void A_mean_keeps_its_digits_however_far_the_mode_is(PriorFamily family)
    {
        foreach (var (mode, scale) in new[] { (-1e150, 1e150), (-1e12, 1e9), (-1e9, 50.0) })
        {
            double[] x = [3, -0.25, mode], mean = [0, 0, 0];
            EbnmFamilies.Get(family).Moments(ParametricFixtures.Prior(family, 0.3, scale, mode), x, [1, 1, 1], mean, new double[3]);
            for (var i = 0; i < 2; i++)
            {
                var shrinkage = family == PriorFamily.PointNormal ? (x[i] - mode) / (1 + (scale * scale)) : 1 / scale;
                Assert.Equal(x[i] - shrinkage, mean[i], 1e-12 * double.Max(double.Abs(x[i] - shrinkage), 1e-3));
            }

            Assert.Equal(mode, mean[2], 1e-6 * -mode);
        }
    }

    [Theory]
    [InlineData(PriorFamily.Unimodal)]
    [InlineData(PriorFamily.UnimodalSymmetric)]
    [InlineData(PriorFamily.NormalScaleMixture)]
    [InlineData(PriorFamily.Npmle)]
    public void A_grid_reaches_the_farthest_observation_at_the_largest_ratio(PriorFamily family)
    {
        foreach (var unit in new[] { 1, 1e150, 1e-150 })
        {
            var fit = EbnmFamilies.Get(family).Fit([1e150 * unit, -1e150 * unit, 2 * unit], [unit, unit, unit], new EbnmOptions());
            Assert.InRange(fit.LogLikelihood, -3000, 1100);
        }
    }

    [Fact]
    public void The_deconvolver_converges_where_scores_are_far_apart()
    {
        double[][] scores = [[1000, 0, 1], [-1000, 1000], [1000], [1000, 999, 1001, 1e4], [1e5, 0, 0, 0, 0]];
        foreach (var x in scores)
        {
            var fit = EbnmFamilies.Get(PriorFamily.Deconvolver).Fit(x, [.. x.Select(_ => 1.0)], new EbnmOptions());
            Assert.True(fit.Converged, string.Join(' ', x));
            Assert.True(double.IsFinite(fit.LogLikelihood));
        }
    }

    private static Prior Step(Prior prior, double[] x, double[] s, EbnmOptions options) =>
        EbnmFamilies.Get(prior.Family).Step(prior, ParametricFixtures.Statistics(prior, x, s), PriorStep.Newton, options);

    private static void AssertScaled(EbnmFit plain, double[] x, double[] s, double c, EbnmOptions options, double tolerance)
    {
        var fit = EbnmFamilies.Get(plain.Prior.Family).Fit(Times(x, c), Times(s, c), options);
        var expected = plain.LogLikelihood - (s.Count(double.IsFinite) * double.Log(c));
        Assert.Equal(expected, fit.LogLikelihood, tolerance * double.Max(1, double.Abs(expected)));
        Assert.Equal(plain.Converged, fit.Converged);
        AssertNear(plain.Prior, Divided(fit.Prior, c), tolerance);
    }

    private static void AssertNear(Prior expected, Prior actual, double tolerance)
    {
        Assert.Equal(expected.Components.Length, actual.Components.Length);
        foreach (var (e, a) in expected.Components.Zip(actual.Components))
        {
            Assert.Equal(e.Weight, a.Weight, tolerance);
            Assert.Equal(e.Scale, a.Scale, tolerance * double.Max(1, e.Scale));
            Assert.Equal(e.Location, a.Location, tolerance * double.Max(1, double.Abs(e.Location)));
        }
    }

    private static Prior Divided(Prior prior, double c) => new(prior.Family, prior.Mode / c, Array.ConvertAll(
        prior.Components, p => p with { Location = p.Location / c, Scale = p.Scale / c }));

    private static double[] Times(double[] values, double c) => Array.ConvertAll(values, v => v * c);
}
