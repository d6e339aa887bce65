using System.Text.Json;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>Golden cases that are not whole fits from a start: one update, an intercept, kinds of input.</summary>
public sealed class GoldenStepsTests
{
    [Fact]
    public void One_update_of_one_factor_is_the_references_to_1e_9()
    {
        var golden = SharedFolder.RequireJson("reference/ebmf/one_factor_update.json");
        var y = SharedFolder.RequireJson("reference/inputs/sim_a.json").GetProperty("Y").Matrix();
        var (l, f) = (Columns(golden.GetProperty("L_init").Matrix()), Columns(golden.GetProperty("F_init").Matrix()));
        var tau = golden.GetProperty("tau_before").GetDouble();
        const int Updated = 1;

        var first = golden.GetProperty("step1_loadings");
        var loadings = Update(y, l, f, f.Select(Squares).ToArray(), Updated, tau, first);
        l[Updated] = loadings.Mean;

        var second = golden.GetProperty("step2_factors");
        var l2 = l.Select(Squares).ToArray();
        l2[Updated] = loadings.Second;
        var factors = Update(Transpose(y), f, l, l2, Updated, tau, second);
        f[Updated] = factors.Mean;
        var f2 = f.Select(Squares).ToArray();
        f2[Updated] = factors.Second;

        var r2 = 0.0;
        for (var i = 0; i < y.Length; i++)
        {
            for (var j = 0; j < y[0].Length; j++)
            {
                var (fitted, spread) = (0.0, 0.0);
                for (var k = 0; k < l.Length; k++)
                {
                    fitted += l[k][i] * f[k][j];
                    spread += (l2[k][i] * f2[k][j]) - (l[k][i] * l[k][i] * f[k][j] * f[k][j]);
                }

                r2 += ((y[i][j] - fitted) * (y[i][j] - fitted)) + spread;
            }
        }

        var n = y.Length * y[0].Length;
        Assert.Equal(golden.GetProperty("delta_R2").GetDouble(), r2 - golden.GetProperty("R2_before").GetDouble(), 1e-9 * r2);
        Assert.Equal(golden.GetProperty("tau_after").GetDouble(), n / r2, 1e-9);
        var elbo = loadings.Divergence + factors.Divergence - (0.5 * n * (double.Log(2 * double.Pi * r2 / n) + 1));
        Assert.Equal(1, elbo / golden.GetProperty("elbo_after").GetDouble(), 1e-9);
    }

    [Fact]
    public void An_intercept_of_fixed_ones_then_greedy_and_backfit_reach_the_references_elbo()
    {
        var golden = SharedFolder.RequireJson("reference/ebmf/gtex_intercept_fixed_ones_factor.json");
        var y = SharedFolder.RequireJson("reference/inputs/gtex.json").GetProperty("Y").Matrix();
        var p = y[0].Length;
        var fit = SequentialFit.Run(
            new EbmfOptions
            {
                Rows = y.Length, Columns = p, MaxFactors = 3, FixedFactorCount = 1, FixedFactors = [.. Enumerable.Repeat(1.0, p)]
            },
            SequentialFit.Shards(y, 2));
        var reference = golden.GetProperty("elbo").GetDouble();
        Assert.True(fit.Elbo >= reference - (1e-5 * double.Abs(reference)), $"ELBO {fit.Elbo:F6}, reference {reference:F6}");
        Assert.Equal(4, fit.K);
        for (var j = 0; j < p; j++)
        {
            Assert.Equal(1, fit.Result["factors_mean"][j * 4]);
            Assert.Equal(0, fit.Result["factors_sd"][j * 4]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fixed_entries_stay_and_the_others_are_fitted(bool onLoadings)
    {
        var y = RandomProblem.Make(21, 60, 20, 2);
        var options = new EbmfOptions { Rows = 60, Columns = 20, MaxFactors = 3, FixedFactorCount = 1 };
        var fit = onLoadings
            ? SequentialFit.Run(options, SequentialFit.Shards(y, 3, extras: (first, last) => new ArraySet().Set(
                "fixedLoadings", [.. Enumerable.Range(first, last - first).Select(i => i % 2 == 0 ? 1.0 : double.NaN)], [last - first, 1])))
            : SequentialFit.Run(options with { FixedFactors = [.. Enumerable.Range(0, 20).Select(j => j % 2 == 0 ? 1.0 : double.NaN)] },
                SequentialFit.Shards(y, 3));
        var side = onLoadings ? fit.Loadings("loadings_mean") : fit.Result["factors_mean"];
        var sd = onLoadings ? fit.Loadings("loadings_sd") : fit.Result["factors_sd"];
        for (var i = 0; i < side.Length / fit.K; i += 2)
        {
            Assert.Equal(1, side[i * fit.K]);
            Assert.Equal(0, sd[i * fit.K]);
        }

        Assert.Contains(Enumerable.Range(0, side.Length / fit.K).Where(i => i % 2 == 1), i => side[i * fit.K] != 1);
        Assert.True(double.IsFinite(fit.Elbo));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dense_and_sparse_counts_reach_the_references_elbo(bool sparse)
    {
        var golden = SharedFolder.RequireJson("reference/ebmf/input_types.json");
        var y = golden.GetProperty("X_dense").Matrix();
        var reference = golden.GetProperty("dense").Numbers();
        var fit = SequentialFit.Run(new EbmfOptions { Rows = y.Length, Columns = y[0].Length, MaxFactors = (int)reference[1] },
            SequentialFit.Shards(y, 2, sparse: sparse));
        Assert.True(fit.Elbo >= reference[0] - (1e-5 * double.Abs(reference[0])), $"ELBO {fit.Elbo:F6}, reference {reference[0]:F6}");
    }

    // One side's update through the very kernels of a fit, with the reference's fitted prior: x, s, posterior, log-likelihood, divergence.
    private static (double[] Mean, double[] Second, double Divergence) Update(
        double[][] y, double[][] own, double[][] other, double[][] otherSecond, int updated, double tau, JsonElement golden)
    {
        var (n, p, k) = (y.Length, y[0].Length, own.Length);
        var fitted = golden.GetProperty("fitted_g");
        var (weights, scales) = (fitted.GetProperty("pi").Numbers(), fitted.GetProperty("sd").Numbers());
        var prior = new Prior(
            PriorFamily.PointNormal, 0, [new(ComponentKind.Point, weights[0], 0, 0), new(ComponentKind.Normal, weights[1], 0, scales[1])]);
        var options = new EbmfOptions { Rows = n, Columns = p };
        var noise = new EbmfNoise(options);
        var data = new ShardData(new ShardId(0), 0, n, MatrixBlock.FromDense(n, p, y.SelectMany(r => r).ToArray()), null, new ArraySet());
        var order = new EbmfBroadcast
        {
            Step = EbmfStep.Sweep,
            Unit = 1,
            Factors = k,
            Active = [updated],
            Noise = [.. Enumerable.Repeat(tau, p)],
            Mean = other,
            Variance = [.. otherSecond.Zip(other, Variance)],
            Gram = [.. other.Select(f => tau * f.Zip(other[updated], (a, b) => a * b).Sum())],
            Denominators = [tau * otherSecond[updated].Sum()],
            Priors = [prior],
        };
        var shard = EbmfShard.New(n);
        shard.Apply(order, data);
        for (var t = 0; t < k; t++)
        {
            shard.Mean[t] = own[t];
        }

        LocalSweep.Prepare(order, data, shard, options, noise);
        AssertClose(golden.GetProperty("x").Numbers(), shard.X[0]);
        AssertClose(golden.GetProperty("s").Numbers(), shard.S[0]);
        var partial = LocalSweep.Run(order, data, shard, options, noise);
        AssertClose(golden.GetProperty("posterior_mean").Numbers(), shard.Proposed[updated]);
        double[] second = [.. shard.ProposedVariance[updated].Zip(shard.Proposed[updated], (v, m) => v + (m * m))];
        AssertClose(golden.GetProperty("posterior_second_moment").Numbers(), second);
        var logLikelihood = partial.Get(PartialKeys.Statistics.At(0))[1];
        Assert.Equal(1, logLikelihood / golden.GetProperty("log_likelihood").GetDouble(), 1e-9);
        var divergence = partial.Get(PartialKeys.Divergence)[0] + logLikelihood;
        Assert.Equal(1, divergence / golden.GetProperty("KL").GetDouble(), 1e-9);
        return (shard.Proposed[updated], second, divergence);
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-9);
        }
    }

    private static double[] Variance(double[] second, double[] mean) => [.. second.Zip(mean, (s, m) => s - (m * m))];

    private static double[] Squares(double[] values) => [.. values.Select(v => v * v)];

    private static double[][] Columns(double[][] rows) => Transpose(rows);

    private static double[][] Transpose(double[][] rows) =>
        [.. Enumerable.Range(0, rows[0].Length).Select(j => rows.Select(r => r[j]).ToArray())];
}
