using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>The ELBO, and posterior variances, where large terms nearly cancel (docs/ebmf.md, "Numerical notes").</summary>
public sealed class CancellationTests
{
    private const int Rows = 90;
    private const int Columns = 30;

    public static TheoryData<string, VarianceStructure> Problems
    {
        get
        {
            var problems = new TheoryData<string, VarianceStructure>();
            foreach (var variance in Enum.GetValues<VarianceStructure>())
            {
                foreach (var kind in new[] { "offset", "noise", "sparse", "missing", "wide errors" })
                {
                    if (kind != "wide errors" || variance is not VarianceStructure.Kronecker)
                    {
                        problems.Add(kind, variance);
                    }
                }
            }

            return problems;
        }
    }

    /// <summary>
    /// An offset of 1e6 residual sds, noise of 1e-7 of the signal (dense, sparse, with missing entries), and known errors from 1e-10 to
    /// 1e10. With normal priors all of the ELBO follows from the results.
    /// </summary>
    [Theory]
    [MemberData(nameof(Problems))]
    public void The_elbo_is_the_closed_form_of_the_results_and_never_falls(string kind, VarianceStructure variance)
    {
        static double Draw(int stream, int index) => Philox.Normal(41, (ulong)stream, (ulong)index);
        var noise = kind is "offset" or "wide errors" ? 1 : 1e-7;
        double[] factors = [.. Enumerable.Range(0, 2 * Columns).Select(at => Draw(1, at))];
        var (y, errors) = (new double[Rows][], new double[Rows][]);
        for (var i = 0; i < Rows; i++)
        {
            (y[i], errors[i]) = (new double[Columns], new double[Columns]);
            for (var j = 0; j < Columns; j++)
            {
                var index = (i * Columns) + j;
                var uniform = Philox.Uniform(41, 8, (ulong)index);
                errors[i][j] = kind == "wide errors" ? double.Pow(10, (20 * uniform) - 10) : noise;
                y[i][j] = kind == "missing" && uniform < 0.2 ? double.NaN
                    : kind == "sparse" && i % 7 == 0 && j % 2 == 0 ? 0
                    : (kind == "offset" ? 1e6 : 0) + (Draw(2, i) * factors[2 * j]) + (Draw(3, i) * factors[(2 * j) + 1])
                        + (errors[i][j] * Draw(4, index));
            }
        }

        var isMatrix = kind == "wide errors" || variance == VarianceStructure.Known;
        var options = new EbmfOptions
        {
            Rows = Rows,
            Columns = Columns,
            MaxFactors = 3,
            MaxSweeps = 40,
            Variance = variance,
            LoadingsPrior = [PriorFamily.Normal],
            FactorsPrior = [PriorFamily.Normal],
            KnownErrors = isMatrix ? KnownErrors.Matrix : KnownErrors.None,
            Extrapolate = false,

            // Singular vectors, which ignore known errors, say nothing of the factors under noise of 1e10.
            Init = kind == "wide errors" ? EbmfInit.Given : EbmfInit.Power,
            InitialFactorCount = kind == "wide errors" ? 2 : 0,
            InitialFactors = kind == "wide errors" ? factors : [],
        };
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 3, isMatrix ? errors : null, sparse: kind == "sparse"));
        Assert.True(fit.K > 0);
        Assert.DoesNotContain(0, fit.Loadings("loadings_sd"));
        Assert.DoesNotContain(0, fit.Result["factors_sd"]);
        var expected = ClosedFormElbo.Of(fit, y, variance, isMatrix ? errors : null);
        Assert.True(double.Abs(expected - fit.Elbo) <= 1e-9 * double.Abs(expected), $"ELBO {fit.Elbo:R}, closed form {expected:R}");
        var slack = new EbmfModel(options).Tolerance;
        for (var t = 1; t < fit.Trace.Count; t++)
        {
            var before = fit.Trace[t - 1].Elbo;
            Assert.True(
                fit.Trace[t].Elbo >= before - double.Max(slack, 1e-12 * double.Abs(before)), $"{fit.Trace[t - 1]} -> {fit.Trace[t]}");
        }
    }
}
