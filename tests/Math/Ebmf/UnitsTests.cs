using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>Data in other units give the same fit, scaled (docs/ebmf.md, "Units").</summary>
public sealed class UnitsTests
{
    private const int Rows = 60;
    private const int Columns = 24;

    public static TheoryData<VarianceStructure, KnownErrors, PriorFamily, PriorFamily, string> Problems => new()
    {
        { VarianceStructure.Constant, KnownErrors.None, PriorFamily.PointNormal, PriorFamily.PointNormal, "dense" },
        { VarianceStructure.Constant, KnownErrors.None, PriorFamily.PointExponential, PriorFamily.PointNormal, "sparse" },
        { VarianceStructure.Row, KnownErrors.None, PriorFamily.PointNormal, PriorFamily.PointLaplace, "sparse" },
        { VarianceStructure.Column, KnownErrors.None, PriorFamily.PointExponential, PriorFamily.PointExponential, "missing" },
        { VarianceStructure.Kronecker, KnownErrors.None, PriorFamily.PointNormal, PriorFamily.Normal, "ratings" },
        { VarianceStructure.Known, KnownErrors.Row, PriorFamily.NormalScaleMixture, PriorFamily.PointNormal, "dense" },
        { VarianceStructure.Known, KnownErrors.Matrix, PriorFamily.PointNormal, PriorFamily.PointNormal, "missing" },
        { VarianceStructure.Constant, KnownErrors.Scalar, PriorFamily.Horseshoe, PriorFamily.Horseshoe, "dense" },
        { VarianceStructure.Column, KnownErrors.Matrix, PriorFamily.PointNormal, PriorFamily.NormalScaleMixture, "dense" },
        { VarianceStructure.Row, KnownErrors.Column, PriorFamily.PointNormal, PriorFamily.PointNormal, "missing" },
        { VarianceStructure.Constant, KnownErrors.None, PriorFamily.UnimodalNonnegative, PriorFamily.PointNormal, "fixed" },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public void Data_in_other_units_give_the_same_fit(
        VarianceStructure variance, KnownErrors known, PriorFamily loadings, PriorFamily factors, string kind)
    {
        var one = Fit(1);
        Assert.True(one.K > 0);
        (double, double)[] all = [(1e-150, 1e-6), (3, 1e-6), (double.ScaleB(1, 498), 1e-9), (1e150, 1e-6), (double.ScaleB(1, -499), 1e-9)];
        foreach (var (units, tolerance) in all.Take(Effort.Of(3, 5)))
        {
            var scaled = Fit(units);
            Assert.Equal(one.K, scaled.K);
            Assert.Equal(one.Elbo, scaled.Elbo + (Observed() * double.Log(units)), tolerance * double.Abs(one.Elbo));
            var fitted = one.Fitted();
            var size = double.Sqrt(fitted.Sum(v => v * v) / fitted.Length);
            Assert.All(fitted.Zip(scaled.Fitted()), pair => Assert.Equal(pair.First, pair.Second / units, tolerance * size));
            Assert.All(one.Result["pve"].Zip(scaled.Result["pve"]), pair => Assert.Equal(pair.First, pair.Second, tolerance));
            Assert.All(Spread(one).Zip(Spread(scaled)), pair => Assert.Equal(pair.First, pair.Second, tolerance * Spread(one).Max()));
            Assert.Equal(Residual(one, 1), Residual(scaled, units), tolerance);
        }

        // Standard deviations beside the size of their factor, as the ELBO does not say how a factor and its loadings share a scale.
        static double[] Spread(SequentialFit fit)
        {
            var (k, mean) = (fit.K, fit.Result["factors_mean"]);
            var sizes = Enumerable.Range(0, k).Select(at => double.Sqrt(mean.Where((_, i) => i % k == at).Sum(m => m * m))).ToArray();
            return [.. fit.Result["factors_sd"].Select((sd, i) => sd / sizes[i % k])];
        }

        double Observed() => Make(1).Sum(row => row.Count(v => !double.IsNaN(v)));

        // The mean of log residual standard deviations: rows' and columns' parts together.
        double Residual(SequentialFit fit, double units)
        {
            var shared = fit.Result.Contains("residual_sd") ? fit.Result["residual_sd"] : [];
            var rows = fit.ShardResults[0].Contains("residual_sd") ? fit.Loadings("residual_sd") : [];
            double[] all = [.. shared.Where(s => s > 0), .. rows.Where(s => s > 0)];
            return shared.Length + rows.Length == 0 ? 0
                : (shared.Length == 0 ? 0 : shared.Where(s => s > 0).Select(s => double.Log(s)).DefaultIfEmpty(0).Average())
                + (rows.Length == 0 ? 0 : rows.Where(s => s > 0).Select(s => double.Log(s)).DefaultIfEmpty(0).Average())
                - (all.Length == 0 ? 0 : double.Log(units));
        }

        double[][] Make(double units) =>
        [
            .. RandomProblem.Make(
                31, Rows, Columns, 2, missing: kind is "missing" or "ratings" ? 0.3 : 0, zeros: kind == "sparse" ? 0.6 : 0)
                .Select(row => Times(row, units)),
        ];

        static double[] Times(double[] values, double factor) => [.. values.Select(v => v * factor)];

        SequentialFit Fit(double units)
        {
            double Error(int i, int j) => units * (0.5 + (0.01 * i) + (0.02 * j));
            var options = new EbmfOptions
            {
                Rows = Rows,
                Columns = Columns,
                MaxFactors = 3,
                MaxSweeps = 100,
                LoadingsPrior = [loadings],
                FactorsPrior = [factors],
                Variance = variance,
                KnownErrors = known,
                FixedFactorCount = kind == "fixed" ? 1 : 0,
                FixedFactors = kind == "fixed" ? [.. Enumerable.Repeat(1.0, Columns)] : [],
                StandardErrors = known switch
                {
                    KnownErrors.Scalar => [units / 2],
                    KnownErrors.Column => [.. Enumerable.Range(0, Columns).Select(j => Error(0, j))],
                    _ => [],
                },
            };
            var errors = known != KnownErrors.Matrix ? null
                : Enumerable.Range(0, Rows).Select(i => Enumerable.Range(0, Columns).Select((int j) => Error(i, j)).ToArray()).ToArray();
            return SequentialFit.Run(options, SequentialFit.Shards(
                Make(units), 3, errors,
                (first, last) => new ArraySet().Set(
                    "standardErrors", [.. Enumerable.Range(first, last - first).Select(i => Error(i, 0))]),
                sparse: kind is "sparse" or "ratings", kind == "ratings" ? UnstoredEntries.Missing : UnstoredEntries.Zero));
        }
    }

    [Theory]
    [InlineData(VarianceStructure.Constant)]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Kronecker)]
    public void Rows_in_other_units_are_projected_alike(VarianceStructure variance)
    {
        var (one, ones) = Project(1);
        foreach (var (units, tolerance) in new[] { (1e-150, 1e-6), (1e150, 1e-6), (double.ScaleB(1, 499), 1e-9) })
        {
            var (scaled, residuals) = Project(units);
            var size = one.Max(double.Abs);
            Assert.All(one.Zip(scaled), pair => Assert.Equal(pair.First, pair.Second / double.Sqrt(units), tolerance * size));
            Assert.All(
                ones.Zip(residuals),
                pair => Assert.Equal(1, pair.Second / (pair.First * (variance == VarianceStructure.Kronecker ? 1 : units)), tolerance));
        }

        (double[] Mean, double[] Residual) Project(double units)
        {
            double[][] y = [.. RandomProblem.Make(32, Rows, Columns, 2, noise: 0.3).Select(row => Array.ConvertAll(row, v => v * units))];
            var options = new EbmfOptions { Rows = Rows, Columns = Columns, MaxFactors = 2, Variance = variance };
            var fit = SequentialFit.Run(options, SequentialFit.Shards(y[..40], 2));
            Prior[] priors = [.. Enumerable.Range(0, fit.K).Select(t => PriorCodec.Decode(fit.Result[$"loadingsPrior.{t}"]))];
            var result = new EbmfProjection(
                options, fit.Result["factors_mean"], fit.Result["factors_sd"], priors,
                fit.Result.Contains("residual_sd") ? fit.Result["residual_sd"] : []).Project(SequentialFit.Shards(y[40..])[0]);
            return (result["loadings_mean"], result.Contains("residual_sd") ? result["residual_sd"] : []);
        }
    }
}
