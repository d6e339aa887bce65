using System.Globalization;
using System.Text.Json;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Models.Priors;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <content>Normal-means problems at every scale.</content>
internal static partial class CaseExpectations
{
    private static IEnumerable<(string Name, CaseExpectation Expectation)> Ebnm() =>
    [
        // -log(1e10) - log(2 pi) / 2 - 1 / 2.
        Case("n1-loglik-one", run => Assert.Equal(-24.444789462951, Assert.Single(run.Numbers("logLik\": ([^,]*)")), 1e-9)),
        ("n1-loglik-small-s", new CaseExpectation(run =>
        {
            string[] families = ["point_normal", "point_laplace", "point_exponential", "normal"];
            var said = run.Numbers("logLik\": ([^,]*)");
            Assert.Equal(families.Length, said.Length);
            for (var f = 0; f < families.Length; f++)
            {
                var result = run.Ebnm("--family", families[f]);
                var expected = LogLikelihood(result, Observations(run));
                Assert.Equal(expected, said[f], 1e-6 * double.Abs(expected));
                Assert.True(said[f] < 0);
            }
        })
        { Pending = "of an x of 0 with an s of 1e-10 the largest log-likelihood is above 0: 5.06 with point_normal" }),
        Case("n2-sd-ebnm", run =>
        {
            string[] lines = [.. run.Output.Split('\n').Where(line => line.Contains("\"sd\"", StringComparison.Ordinal))];
            Assert.Equal(4, lines.Length);
            foreach (var family in new[] { "normal", "point_normal", "point_laplace", "horseshoe" })
            {
                var sd = run.Ebnm("--family", family).GetProperty("posterior").GetProperty("sd");
                var s = Observations(run).S;
                for (var i = 0; i < s.Length; i++)
                {
                    Assert.Equal(1, sd[i].GetDouble() / s[i], 1e-3);
                }
            }
        }),
        Case("n3-negative-lfsr", run =>
        {
            Assert.Empty(run.Output);
            foreach (var family in new[] { "normal_scale_mixture", "npmle" })
            {
                var posterior = run.Ebnm("--family", family).GetProperty("posterior");

                // A family without a point mass at 0 has no false discoveries, and no s-values.
                var rates = posterior.EnumerateObject().Where(p => p.Name is "lfsr" or "svalue").SelectMany(p => p.Value.EnumerateArray());
                Assert.Equal(family == "npmle", !posterior.TryGetProperty("svalue", out _));
                Assert.All(rates, rate => Assert.InRange(rate.GetDouble(), 0, 1));
            }
        }),
        Case("n4-extreme-exceptions", run =>
        {
            run.IsSound();
            Assert.Equal(2, run.Codes.Length);
            Assert.All(run.Codes, code => Assert.True(code is 0 or 2 or 3, run.Error));
        }),
        Case("n4-unimodal-nan", run => Assert.Equal("0", run.IsSound().Output.Trim())),
        Case("n5-npmle-0.001", IsOptimal),
        Case("n5-npmle-0.01", IsOptimal),
        Case("n6-mode-estimate", run =>
        {
            var said = run.Numbers("log-likelihood +([^ \n]*)");
            Assert.Equal(2, said.Length);
            Assert.True(said[0] >= said[1] - 1e-6, $"{said[0]} at the estimated mode, {said[1]} there when it is given");
        }),
    ];

    // No other point of its grid raises the log-likelihood: max_k mean_i L_ik / (L pi)_i = 1.
    private static void IsOptimal(CaseRun run)
    {
        Assert.Equal([0], run.IsSound().Codes);
        var prior = PriorJson.ReadFile(run.At("o.json"));
        var (x, s) = Observations(run);
        double[][] logs = [.. x.Select((xi, i) => prior.Components.Select(c => Log(c, xi, s[i])).ToArray())];
        double[] totals = [.. logs.Select(row => LogSum([.. row.Select((log, k) => log + double.Log(prior.Components[k].Weight))]))];
        var gap = Enumerable.Range(0, prior.Components.Length)
            .Max(k => logs.Select((row, i) => double.Exp(row[k] - totals[i])).Average()) - 1;
        Assert.True(gap < 1e-6, $"the gap is {gap}");
    }

    private static (double[] X, double[] S) Observations(CaseRun run)
    {
        string[][] rows = [.. File.ReadAllLines(run.At("z.csv")).Skip(1).Where(line => line.Length > 0).Select(line => line.Split(','))];
        double[] Column(int c) => [.. rows.Select(row => double.Parse(row[c], CultureInfo.InvariantCulture))];
        return (Column(0), Column(1));
    }

    private static double LogLikelihood(JsonElement result, (double[] X, double[] S) z)
    {
        var prior = PriorJson.Read(result.GetProperty("prior"), "prior");
        return z.X.Select((x, i) => LogSum(
            [.. prior.Components.Where(c => c.Weight > 0).Select(c => double.Log(c.Weight) + Log(c, x, z.S[i]))])).Sum();
    }

    private static double LogSum(double[] logs) => logs.Max() + double.Log(logs.Sum(log => double.Exp(log - logs.Max())));

    /// <summary>The log density of x ~ N(theta, s^2) with theta of a component.</summary>
    private static double Log(PriorComponent c, double x, double s)
    {
        // Of a tail of an exponential of scale b, seen from above: e^(-u / b + s^2 / (2 b^2)) Phi(u / s - s / b) / b.
        double Tail(double u) =>
            (-u / c.Scale) + (s / c.Scale * (s / c.Scale) / 2) + NormalDistribution.LogCdf((u / s) - (s / c.Scale)) - double.Log(c.Scale);
        return c.Kind switch
        {
            ComponentKind.Point => NormalDistribution.LogDensity(x - c.Location, s),
            ComponentKind.Normal => NormalDistribution.LogDensity(x - c.Location, double.Hypot(s, c.Scale)),
            ComponentKind.Exponential => Tail(x - c.Location),
            ComponentKind.Laplace => LogSum([Tail(x - c.Location), Tail(c.Location - x)]) - double.Log(2),
            ComponentKind.Uniform when c.Low == c.High => NormalDistribution.LogDensity(x - c.Low, s),
            _ => throw new NotSupportedException($"{c.Kind} is none of the cases"),
        };
    }
}
