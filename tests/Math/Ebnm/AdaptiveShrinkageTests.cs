using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

public class AdaptiveShrinkageTests
{
    public static TheoryData<string> Cases() => [.. SharedFolder.Files("reference/ash", "*.json").DefaultIfEmpty("absent")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Posterior_quantities_under_the_references_prior_are_the_same(string file)
    {
        var (json, x, s, prior) = Load(file);
        var actual = AdaptiveShrinkage.Compute(prior, x, s);
        var result = json.GetProperty("result");
        Compare("PosteriorMean", actual.PosteriorMean);
        if (!file.StartsWith("ash_halfnormal", StringComparison.Ordinal))
        {
            // The reference's second moments of truncated normals are wrong (an sd of 0.125 where x = -8.2,
            // s = 1); ours are tested against quadrature.
            Compare("PosteriorSD", actual.PosteriorStandardDeviation);
        }

        Compare("NegativeProb", actual.NegativeProbability);
        Compare("PositiveProb", actual.PositiveProbability);
        Compare("lfdr", actual.LocalFalseDiscoveryRate);
        Compare("lfsr", actual.LocalFalseSignRate);
        Compare("qvalue", actual.QValue);
        Compare("svalue", actual.SValue);
        Assert.Equal(json.GetProperty("loglik").GetDouble(), actual.LogLikelihood, 1e-7);

        void Compare(string name, double[] values)
        {
            var expected = result.GetProperty(name).Numbers();
            var worst = expected.Zip(values, (e, a) => double.Abs(e - a)).Max();
            TestContext.Current.TestOutputHelper!.WriteLine($"{file} {name}: {worst:E2}");
            Assert.True(worst < 1e-9,
                $"{name} differs by {worst:E3} at " +
                $"{Array.FindIndex(values, v => double.Abs(v - expected[Array.IndexOf(values, v)]) == worst)}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_on_the_references_grid_are_no_worse(string file)
    {
        var (json, x, s, prior) = Load(file);
        var nullWeight = json.GetProperty("prior").GetString() == "nullbiased" ? 10.0 : 1.0;
        var fit = AdaptiveShrinkage.FitWeights(prior, x, s, nullWeight);
        double Objective(double log, Prior p) => log + (nullWeight > 1 ? (nullWeight - 1) * double.Log(p.Components[0].Weight) : 0);
        var reference = Objective(json.GetProperty("loglik").GetDouble(), prior);
        var ours = Objective(fit.LogLikelihood, fit.Prior);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{file}: {ours - reference:E3} above {reference:F6} in {fit.Iterations} iterations");
        Assert.True(fit.Converged);
        Assert.True(ours >= reference - (1e-9 * double.Abs(reference)));
        var actual = AdaptiveShrinkage.Compute(fit.Prior, x, s);
        var expected = json.GetProperty("result").GetProperty("PosteriorMean").Numbers();
        var lfdr = json.GetProperty("result").GetProperty("lfdr").Numbers();
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(expected[i], actual.PosteriorMean[i], 1e-3 * x.Max(double.Abs));
            Assert.Equal(lfdr[i], actual.LocalFalseDiscoveryRate[i], 1e-3);
        }
    }

    [Fact]
    public void Q_values_are_running_means_of_the_sorted_rates() =>
        Assert.Equal([0.3, 0.1, 0.2], AdaptiveShrinkage.RunningMeans([0.5, 0.1, 0.3]), (a, b) => double.Abs(a - b) < 1e-15);

    private static (JsonElement Json, double[] X, double[] S, Prior Prior) Load(string file)
    {
        var json = SharedFolder.RequireJson($"reference/ash/{file}");
        var source = SharedFolder.RequireJson($"reference/{json.GetProperty("x_s_from").GetString()}");
        var (x, s) = (source.GetProperty("x").Numbers(), source.GetProperty("s").Numbers());
        var g = json.GetProperty("fitted_g");
        var pi = g.GetProperty("pi").Numbers();
        double[] Field(string name) => g.TryGetProperty(name, out var values) ? values.Numbers() : new double[pi.Length];
        var (mean, sd, a, b) = (Field("mean"), Field("sd"), Field("a"), Field("b"));
        var components = new PriorComponent[pi.Length];
        for (var k = 0; k < pi.Length; k++)
        {
            components[k] = json.GetProperty("fitted_g_class").GetString() switch
            {
                "normalmix" => new(sd[k] == 0 ? ComponentKind.Point : ComponentKind.Normal, pi[k], mean[k], sd[k]),
                "unimix" when a[k] == b[k] => new(ComponentKind.Point, pi[k], a[k], 0),
                "unimix" => new(ComponentKind.Uniform, pi[k], 0, 0, a[k], b[k]),
                _ when sd[k] == 0 => new(ComponentKind.Point, pi[k], mean[k], 0),
                _ => new(ComponentKind.TruncatedNormal, pi[k], mean[k], sd[k], a[k], b[k]),
            };
        }

        return (json, x, s, new Prior(PriorFamily.Unimodal, 0, components));
    }
}
