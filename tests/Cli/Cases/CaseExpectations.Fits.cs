using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Priors;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <content>Fits at every scale, of signed factors, and of counts.</content>
internal static partial class CaseExpectations
{
    private static IEnumerable<(string Name, CaseExpectation Expectation)> Fits() =>
    [
        Case("e1-signed-factors", run =>
        {
            Assert.Equal([0], run.Codes);
            var fit = run.Json("o/fit.json");
            Assert.Equal(10, fit.GetProperty("factors").GetInt32());
            Assert.True(fit.GetProperty("elbo").GetDouble() > 60_900, fit.GetProperty("elbo").ToString());
        }),
        Case("e2-column-variance-collapse", run =>
        {
            Assert.Equal([0], run.Codes);
            var sd = run.Array("o/residual_sd.npy").Order().ToArray();
            Assert.True(sd[0] > 1e-5 * sd[sd.Length / 2], $"the least is {sd[0]}, the median {sd[sd.Length / 2]}");
        }),
        Case("n1-ebmf-offset", run =>
        {
            var elbos = File.ReadLines(run.At("out/trace.csv")).Skip(1).Select(line => line.Split(',')[3]).Where(text => text.Length > 0)
                .Select(text => double.Parse(text, CultureInfo.InvariantCulture)).TakeLast(2).ToArray();
            Assert.True(elbos[1] >= elbos[0] - 1.8e-4, $"it falls from {elbos[0]} to {elbos[1]}");
            Assert.Equal(Elbo(run, "out"), run.Json("out/fit.json").GetProperty("elbo").GetDouble(), 1e-3);
        }),
        Case("n2-sd-ebmf", run =>
        {
            var (l, sd) = (DenseArray.Read(run.At("out/loadings_mean.npy")), run.Array("out/factors_sd.npy"));
            var noise = run.Array("out/residual_sd.npy")[0];
            for (var k = 0; k < l.Columns; k++)
            {
                var norm = double.Sqrt(Enumerable.Range(0, l.Rows).Sum(i => double.Pow(l.Values[(i * l.Columns) + k], 2)));
                for (var at = k; at < sd.Length; at += l.Columns)
                {
                    Assert.InRange(sd[at] / (noise / norm), 0.5, 2);
                }
            }
        }),
        Case("n7-scale-1e-12", HasOneFactor),
        Case("n7-scale-1e100", HasOneFactor),
        Case("n7-scale-1e-9-row", run =>
        {
            var (one, nine) = (run.Json("o1/fit.json"), run.Json("o9/fit.json"));
            Assert.Equal(one.GetProperty("factors").GetInt32(), nine.GetProperty("factors").GetInt32());
            Assert.Equal(one.GetProperty("pve")[0].GetDouble(), nine.GetProperty("pve")[0].GetDouble(), 1e-6);
            var expected = one.GetProperty("elbo").GetDouble() + (1200 * double.Log(1e9));
            Assert.Equal(expected, nine.GetProperty("elbo").GetDouble(), 1e-6 * double.Abs(expected));
        }),
        Case("n8-nsm-nan-constant", run =>
        {
            Assert.Equal([0], run.IsSound().Codes);
            Assert.Equal(2, run.Json("o/fit.json").GetProperty("factors").GetInt32());
            Assert.Equal(0.001, run.Array("o/residual_sd.npy")[0], 2e-4);
        }),
        Case("n8-nsm-nan-known", run =>
        {
            Assert.True(Assert.Single(run.IsSound().Codes) is 0 or 3, run.Error);
            Assert.True(double.IsFinite(run.Json("o/fit.json").GetProperty("elbo").GetDouble()));
            var arrays = run.Array("o/loadings_mean.npy").Concat(run.Array("o/loadings_sd.npy"));
            Assert.All(arrays, value => Assert.True(double.IsFinite(value)));
        }),
        ("t1-heavy-counts", new CaseExpectation(run =>
        {
            // The cells of validation and test, of the default optimizer and of the reference one.
            var (logs, errors) = (run.Numbers("log-likelihood ([-0-9.]+)"), run.Numbers("RMSE ([-0-9.]+)"));
            Assert.Equal((4, 4), (logs.Length, errors.Length));
            for (var kind = 0; kind < 2; kind++)
            {
                Assert.True(logs[kind] >= logs[kind + 2], run.Output);
                Assert.True(errors[kind] <= errors[kind + 2] * 1.02, run.Output);
            }
        })
        { IsLong = true }),
    ];

    private static void HasOneFactor(CaseRun run)
    {
        Assert.True(run.IsSound().ExitCode == 0, run.Error);
        var fit = run.Json("o/fit.json");
        Assert.Equal(1, fit.GetProperty("factors").GetInt32());
        Assert.Equal(0.76, fit.GetProperty("pve")[0].GetDouble(), 0.02);
    }

    /// <summary>
    /// The ELBO of a fit with normal priors and one variance, from its arrays: nothing in it cancels, as residuals are formed first.
    /// </summary>
    private static double Elbo(CaseRun run, string folder)
    {
        var y = DenseArray.Read(run.At("Y.npy"));
        var noise = double.Pow(run.Array($"{folder}/residual_sd.npy")[0], 2);
        var (l, ls, f, fs) = (Side("loadings_mean"), Side("loadings_sd"), Side("factors_mean"), Side("factors_sd"));
        var (factors, squares) = (l.Columns, 0.0);
        for (var i = 0; i < y.Rows; i++)
        {
            for (var j = 0; j < y.Columns; j++)
            {
                var (residual, variance) = (y.Values[(i * y.Columns) + j], 0.0);
                for (var k = 0; k < factors; k++)
                {
                    var (a, b) = ((i * factors) + k, (j * factors) + k);
                    residual -= l.Values[a] * f.Values[b];
                    var (va, vb) = (ls.Values[a] * ls.Values[a], fs.Values[b] * fs.Values[b]);
                    variance += (va * vb) + (va * f.Values[b] * f.Values[b]) + (vb * l.Values[a] * l.Values[a]);
                }

                squares += (residual * residual) + variance;
            }
        }

        var elbo = -((double)y.Rows * y.Columns / 2 * double.Log(2 * double.Pi * noise)) - (squares / (2 * noise));
        return elbo - Divergence(l, ls, "loadings") - Divergence(f, fs, "factors");

        DenseArray Side(string name) => DenseArray.Read(run.At($"{folder}/{name}.npy"));

        double Divergence(DenseArray mean, DenseArray sd, string side)
        {
            var priors = PriorJson.ReadListFile(run.At($"{folder}/{side}_prior.json"));
            var sum = 0.0;
            for (var at = 0; at < mean.Values.Length; at++)
            {
                var prior = priors[at % mean.Columns].Components.Single(c => c.Weight > 0);
                var (m, s) = ((mean.Values[at] - prior.Location) / prior.Scale, sd.Values[at] / prior.Scale);
                sum += ((m * m) + (s * s) - 1) / 2 - double.Log(s);
            }

            return sum;
        }
    }
}
