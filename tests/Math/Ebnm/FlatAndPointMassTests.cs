using FitCluster.Math.Ebnm;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class FlatAndPointMassTests
{
    private static readonly double[] X = [1, -2, double.NaN, 4];
    private static readonly double[] S = [1, 0.5, double.PositiveInfinity, 2];

    [Fact]
    public void Under_the_flat_prior_the_posterior_is_the_observation()
    {
        var family = EbnmFamilies.Get(PriorFamily.Flat);
        var fit = family.Fit(X, S, new EbnmOptions());
        var (mean, variance, lfsr, sample) = (new double[4], new double[4], new double[4], new double[4]);
        Assert.True(double.IsNaN(fit.LogLikelihood) && double.IsNaN(family.Moments(fit.Prior, X, S, mean, variance)));
        Assert.Equal([1, -2, 0, 4], mean);
        Assert.Equal([1, 0.25, double.PositiveInfinity, 4], variance);
        family.FalseSignRates(fit.Prior, X, S, lfsr);
        Assert.Equal(0.15865525393145705, lfsr[0], 1e-15);
        Assert.Equal(0.5, lfsr[2]);
        family.Sample(fit.Prior, X, S, (_, _) => 0.5, sample);
        Assert.Equal([1, -2, 0, 4], sample);
        var statistics = ParametricFixtures.Statistics(fit.Prior, X, S);
        Assert.Equal(3, statistics[0]);
        Assert.Same(fit.Prior, family.Step(fit.Prior, statistics, PriorStep.Newton, new EbnmOptions()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_point_mass_is_at_the_weighted_mean_when_its_mode_is_estimated(bool estimate)
    {
        var family = EbnmFamilies.Get(PriorFamily.PointMass);
        var options = new EbnmOptions { EstimateMode = estimate, Mode = 0.25 };
        var expected = estimate ? (1 - 8 + 1) / (1 + 4 + 0.25) : 0.25;
        var fit = family.Fit(X, S, options);
        Assert.Equal(expected, fit.Prior.Mode, 1e-14);
        Assert.Equal(expected, fit.Prior.Components[0].Location, 1e-14);
        var logLikelihood = 0.0;
        foreach (var i in new[] { 0, 1, 3 })
        {
            logLikelihood += FitCluster.Math.Numerics.NormalDistribution.LogDensity(X[i] - expected, S[i]);
        }

        Assert.Equal(logLikelihood, fit.LogLikelihood, 1e-12);
        var start = family.ColdStart(new ObservationSummary(3, 3, 21, 5.25, -2, 4, 0.5, 2), options);
        var stepped = family.Step(start, ParametricFixtures.Statistics(start, X, S), PriorStep.Expectation, options);
        Assert.Equal(expected, stepped.Mode, 1e-14);
        var (mean, variance, lfsr) = (new double[4], new double[4], new double[4]);
        family.Moments(fit.Prior, X, S, mean, variance);
        family.FalseSignRates(fit.Prior, X, S, lfsr);
        Assert.All(mean, m => Assert.Equal(expected, m, 1e-14));
        Assert.All(variance, v => Assert.Equal(0, v));
        Assert.All(lfsr, f => Assert.Equal(0, f));
    }

    [Fact]
    public void On_case_B_the_point_masses_are_the_references()
    {
        var golden = GoldenEbnm.Load("point_normal__B_n1000_het");
        var family = EbnmFamilies.Get(PriorFamily.PointMass);
        Assert.Equal(-3886.04228689, family.Fit(golden.X, golden.S, new EbnmOptions()).LogLikelihood, 1e-7);
        Assert.Equal(-3884.78848287, family.Fit(golden.X, golden.S, new EbnmOptions { EstimateMode = true }).LogLikelihood, 1e-7);
    }
}
