using FitCluster.Math.Ebnm;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebnm;

/// <summary>The parametric families against the reference implementation.</summary>
public class ParametricGoldenTests
{
    private static readonly PriorFamily[] Families =
    [
        PriorFamily.Normal, PriorFamily.PointNormal, PriorFamily.PointLaplace, PriorFamily.PointExponential, PriorFamily.GeneralizedBinary,
        PriorFamily.Horseshoe, PriorFamily.Flat, PriorFamily.PointMass,
    ];

    public static TheoryData<string> FixedPriors =>
        [.. GoldenEbnm.Cases(Families).Where(id => GoldenEbnm.Load(id).Options.FixPrior).DefaultIfEmpty("absent")];

    public static TheoryData<string> Fitted =>
        [.. GoldenEbnm.Cases(Families).Where(id => !GoldenEbnm.Load(id).Options.FixPrior).DefaultIfEmpty("absent")];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(FixedPriors))]
    public void Posteriors_under_a_given_prior_equal_the_references(string id)
    {
        var golden = GoldenEbnm.Load(id);
        var family = EbnmFamilies.Get(golden.Family);
        var fit = family.Fit(golden.X, golden.S, golden.Options);
        Assert.Same(golden.Options.Start, fit.Prior);
        Assert.Equal(golden.LogLikelihood, fit.LogLikelihood, LogLikelihoodTolerance(golden.Family) * double.Abs(golden.LogLikelihood));
        AssertPosterior(golden, fit.Prior, golden.Mean, golden.StandardDeviation, golden.FalseSignRate, 1e-9);
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fitted))]
    public void Fits_are_as_good_as_the_references_or_better(string id)
    {
        var golden = GoldenEbnm.Load(id);
        var fit = EbnmFamilies.Get(golden.Family).Fit(golden.X, golden.S, golden.Options);
        Assert.True(fit.Converged);
        if (double.IsNaN(golden.LogLikelihood))
        {
            Assert.True(double.IsNaN(fit.LogLikelihood));
        }
        else
        {
            var tolerance = 1e-6 * double.Abs(golden.LogLikelihood);
            Assert.True(
                fit.LogLikelihood >= golden.LogLikelihood - tolerance,
                $"{id}: log-likelihood {fit.LogLikelihood:R}, reference {golden.LogLikelihood:R}");
            if (fit.LogLikelihood > golden.LogLikelihood + tolerance)
            {
                return;
            }
        }

        var scale = double.Sqrt(golden.X.Average(v => v * v));
        AssertPosterior(
            golden, fit.Prior, golden.TightMean ?? golden.Mean, golden.TightStandardDeviation ?? golden.StandardDeviation, null,
            1e-3 * scale);
    }

    [Fact]
    public void Each_group_of_group_normal_equals_a_fit_of_its_own()
    {
        var json = SharedFolder.RequireJson("reference/ebnm/group_normal.json");
        var (x, s) = (json.GetProperty("x").Numbers(), json.GetProperty("s").Numbers());
        var groups = json.GetProperty("group").EnumerateArray().Select(g => g.GetString()).ToArray();
        var means = json.GetProperty("posterior").GetProperty("mean").Numbers();
        var total = 0.0;
        foreach (var group in groups.Distinct())
        {
            var members = Enumerable.Range(0, x.Length).Where(i => groups[i] == group).ToArray();
            double[] gx = [.. members.Select(i => x[i])];
            double[] gs = [.. members.Select(i => s[i])];
            var family = EbnmFamilies.Get(PriorFamily.Normal);
            var fit = family.Fit(gx, gs, new EbnmOptions());
            total += fit.LogLikelihood;
            var (mean, variance) = (new double[gx.Length], new double[gx.Length]);
            family.Moments(fit.Prior, gx, gs, mean, variance);
            Assert.All(members.Zip(mean), pair => Assert.Equal(means[pair.First], pair.Second, 1e-3));
        }

        Assert.Equal(json.GetProperty("log_likelihood").Number(), total, 1e-5);
    }

    [Theory]
    [InlineData(PriorFamily.PointExponential, -2238.61)]
    [InlineData(PriorFamily.PointNormal, -1751.40381203)]
    [InlineData(PriorFamily.Normal, -2012.32458598)]
    public void An_estimated_mode_is_never_stuck_on_case_B(PriorFamily family, double atLeast)
    {
        var golden = GoldenEbnm.Load("point_normal__B_n1000_het");
        var fit = EbnmFamilies.Get(family).Fit(golden.X, golden.S, new EbnmOptions { EstimateMode = true });
        Assert.True(fit.LogLikelihood >= atLeast - 1e-5 * double.Abs(atLeast), $"{fit.LogLikelihood:R}");
        TestContext.Current.SendDiagnosticMessage($"{family}: {fit.LogLikelihood:R} {string.Join(", ", fit.Prior.Components)}");
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal, -341.36546025, -1751.40381203, -115.75177102)]
    [InlineData(PriorFamily.PointLaplace, -342.81369309, -1749.37502855, -115.81821316)]
    [InlineData(PriorFamily.PointExponential, -404.80880735, -2642.10827069, -110.08507286)]
    [InlineData(PriorFamily.Normal, -386.86196724, -2012.32458598, -126.75779287)]
    [InlineData(PriorFamily.GeneralizedBinary, -471.61122774, -3061.52939, -136.21424191)]
    public void Log_likelihoods_of_cases_A_B_C_are_those_of_the_table_or_better(PriorFamily family, double a, double b, double c)
    {
        foreach (var (id, reference) in new[] { ("flat__A_n200", a), ("point_normal__B_n1000_het", b), ("point_normal__C_n50_tiny", c) })
        {
            var golden = GoldenEbnm.Load(id);
            var fit = EbnmFamilies.Get(family).Fit(golden.X, golden.S, new EbnmOptions());
            Assert.True(fit.LogLikelihood >= reference - 1e-6 * double.Abs(reference),
                $"{family} {id}: {fit.LogLikelihood:R}, reference {reference}");
        }
    }

    private static double LogLikelihoodTolerance(PriorFamily family) => family == PriorFamily.Horseshoe ? 1e-6 : 1e-10;

    private static void AssertPosterior(
        GoldenEbnm golden, Prior prior, double[] mean, double[] deviation, double[]? lfsr, double tolerance)
    {
        var family = EbnmFamilies.Get(golden.Family);
        var (m, q, f) = (new double[mean.Length], new double[mean.Length], new double[mean.Length]);
        family.Moments(prior, golden.X, golden.S, m, q);
        family.FalseSignRates(prior, golden.X, golden.S, f);
        for (var i = 0; i < m.Length; i++)
        {
            // The reference's horseshoe integrates to about 1e-8: see HorseshoeTests for its case against 30 digits.
            var slack = golden.Family == PriorFamily.Horseshoe ? 2e-8 : 0;
            var sd = double.Sqrt(q[i]);
            Assert.True(double.Abs(m[i] - mean[i]) <= tolerance + slack,
                $"{golden.Id}[{i}] x {golden.X[i]} s {golden.S[i]}: mean {m[i]:R}, not {mean[i]:R}");
            Assert.True(double.Abs(sd - deviation[i]) <= tolerance + slack,
                $"{golden.Id}[{i}] x {golden.X[i]} s {golden.S[i]}: sd {sd:R}, not {deviation[i]:R}");
            if (lfsr is not null)
            {
                Assert.True(double.Abs(f[i] - lfsr[i]) <= tolerance,
                    $"{golden.Id}[{i}] x {golden.X[i]} s {golden.S[i]}: lfsr {f[i]:R}, not {lfsr[i]:R}");
            }
        }
    }
}
