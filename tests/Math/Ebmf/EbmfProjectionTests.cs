using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class EbmfProjectionTests
{
    public static TheoryData<PriorFamily> Families =>
        [.. Enum.GetValues<PriorFamily>().Where(f => f is not (PriorFamily.Deconvolver or PriorFamily.PointMass))];

    [Theory]
    [MemberData(nameof(Families))]
    public void The_rows_of_a_converged_fit_get_its_own_loadings(PriorFamily family)
    {
        var isSigned = EbnmFamilies.Get(family).Traits.Sign;
        var y = RandomProblem.Make(41, 60, 30, 2, noise: 0.5, nonnegative: isSigned != 0);
        var options = new EbmfOptions
        {
            Rows = 60, Columns = 30, MaxFactors = 2, LoadingsPrior = [family], Tolerance = 1e-8, MaxSweeps = 3000,
        };

        // Binary loadings of data that are not binary have several optima in a row: the fit takes the nearest, the projection the best of
        // two.
        var better = family == PriorFamily.GeneralizedBinary ? 3 : 0;

        // The flat prior leaves the scale of its loadings open: only beside factors that are given does the fit converge.
        var givenFactors = options with { MaxFactors = 0, FixedFactorCount = 2, FixedFactors = Draws(20, 60) };
        AssertProjectsToItself(family == PriorFamily.Flat ? givenFactors : options, y, null, null, better);
    }

    [Theory]
    [InlineData(VarianceStructure.Constant, KnownErrors.None, 0.2)]
    [InlineData(VarianceStructure.Row, KnownErrors.None, 0)]
    [InlineData(VarianceStructure.Row, KnownErrors.None, 0.2)]
    [InlineData(VarianceStructure.Row, KnownErrors.Scalar, 0)]
    [InlineData(VarianceStructure.Row, KnownErrors.Row, 0)]
    [InlineData(VarianceStructure.Row, KnownErrors.Matrix, 0.1)]
    [InlineData(VarianceStructure.Column, KnownErrors.None, 0)]
    [InlineData(VarianceStructure.Column, KnownErrors.Matrix, 0)]
    [InlineData(VarianceStructure.Kronecker, KnownErrors.None, 0.1)]
    [InlineData(VarianceStructure.Constant, KnownErrors.Matrix, 0)]
    [InlineData(VarianceStructure.Constant, KnownErrors.Row, 0)]
    [InlineData(VarianceStructure.Known, KnownErrors.Scalar, 0)]
    [InlineData(VarianceStructure.Known, KnownErrors.Row, 0)]
    [InlineData(VarianceStructure.Known, KnownErrors.Column, 0.2)]
    [InlineData(VarianceStructure.Known, KnownErrors.Matrix, 0.2)]
    public void Under_every_variance_structure_too(VarianceStructure variance, KnownErrors known, double missing)
    {
        var y = RandomProblem.Make(42, 60, 30, 2, noise: 0.5, missing: missing);
        double Error(int i, int j) => 0.3 + (0.003 * i) + (0.002 * j);
        var options = new EbmfOptions
        {
            Rows = 60, Columns = 30, MaxFactors = 2, Variance = variance, KnownErrors = known, Tolerance = 1e-8, MaxSweeps = 3000,
            StandardErrors = known switch
            {
                KnownErrors.Scalar => [0.45],
                KnownErrors.Column => [.. Enumerable.Range(0, 30).Select(j => Error(30, j))],
                _ => [],
            },
        };
        AssertProjectsToItself(
            options,
            y,
            known == KnownErrors.Matrix ? [.. y.Select((r, i) => r.Select((_, j) => Error(i, j)).ToArray())] : null,
            known == KnownErrors.Row ? OfRows : null);

        ArraySet OfRows(int first, int last) =>
            new ArraySet().Set("standardErrors", [.. Enumerable.Range(first, last - first).Select(i => Error(i, 15))]);
    }

    [Fact]
    public void With_normal_priors_the_means_solve_the_linear_equations()
    {
        // (diag(D_k + 1 / sd_k^2) + off-diagonal F'VF) l = F'V y, by elimination; and the variances are 1 / (D_k + 1 / sd_k^2).
        var (p, k) = (20, 3);
        var (f, sd) = (Draws(1, p * k), Draws(2, p * k).Select(double.Abs).ToArray());
        double[] scales = [1, 0.5, 2], residual = [.. Draws(3, p).Select(v => 0.5 + double.Abs(v))];
        var y = Enumerable.Range(0, 7).Select(i => Draws(10 + (ulong)i, p)).ToArray();
        y[3][5] = double.NaN;
        var options = new EbmfOptions { Rows = 7, Columns = p, Variance = VarianceStructure.Column };
        var projection = new EbmfProjection(options, f, sd, [.. scales.Select(s => NormalPrior(s))], residual);
        var result = projection.Project(SequentialFit.Shards(y)[0]);
        for (var i = 0; i < y.Length; i++)
        {
            var a = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(k, k);
            var b = MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(k);
            for (var t = 0; t < k; t++)
            {
                a[t, t] = 1 / (scales[t] * scales[t]);
                for (var j = 0; j < p; j++)
                {
                    var v = double.IsNaN(y[i][j]) ? 0 : 1 / (residual[j] * residual[j]);
                    b[t] += v > 0 ? v * f[(j * k) + t] * y[i][j] : 0;
                    a[t, t] += v * sd[(j * k) + t] * sd[(j * k) + t];
                    for (var other = 0; other < k; other++)
                    {
                        a[t, other] += v * f[(j * k) + t] * f[(j * k) + other];
                    }
                }
            }

            var exact = a.Solve(b);
            for (var t = 0; t < k; t++)
            {
                Assert.Equal(exact[t], result["loadings_mean"][(i * k) + t], 1e-7);
                Assert.Equal(1 / double.Sqrt(a[t, t]), result["loadings_sd"][(i * k) + t], 1e-7);
            }
        }
    }

    [Theory]
    [InlineData(VarianceStructure.Constant)]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Kronecker)]
    public void A_plain_update_of_the_result_changes_nothing(VarianceStructure variance)
    {
        var (p, k) = (25, 3);
        var (f, sd) = (Draws(4, p * k), Draws(5, p * k).Select(v => 0.2 * double.Abs(v)).ToArray());
        Prior[] priors =
        [
            new(PriorFamily.PointNormal, 0, [new(ComponentKind.Point, 0.4, 0, 0), new(ComponentKind.Normal, 0.6, 0, 1.5)]),
            new(PriorFamily.PointExponential, 0, [new(ComponentKind.Point, 0.3, 0, 0), new(ComponentKind.Exponential, 0.7, 0, 1)]),
            new(PriorFamily.PointLaplace, 0, [new(ComponentKind.Point, 0.5, 0, 0), new(ComponentKind.Laplace, 0.5, 0, 1)]),
        ];
        double[] columns = variance == VarianceStructure.Kronecker ? [.. Draws(6, p).Select(v => 0.8 + (0.1 * v * v))]
            : variance == VarianceStructure.Row ? [] : [0.7];
        var y = Enumerable.Range(0, 30)
            .Select(i => Draws(100 + (ulong)i, p).Select((e, j) => (i % 3 * f[j * k]) + ((i % 2) * f[(j * k) + 1]) + e).ToArray())
            .ToArray();
        var projection = new EbmfProjection(new EbmfOptions { Rows = 30, Columns = p, Variance = variance }, f, sd, priors, columns);
        var result = projection.Project(SequentialFit.Shards(y)[0]);
        var mean = result["loadings_mean"];
        var second = mean.Zip(result["loadings_sd"], (m, s) => (m * m) + (s * s)).ToArray();
        for (var i = 0; i < y.Length; i++)
        {
            double V(int j) => columns.Length == 0 ? 1 : 1 / (columns[columns.Length == 1 ? 0 : j] * columns[columns.Length == 1 ? 0 : j]);
            var rowSd = variance == VarianceStructure.Constant ? 1 : result["residual_sd"][i];
            var squares = Enumerable.Range(0, p).Sum(j => V(j) * Squared(j));
            if (variance != VarianceStructure.Constant)
            {
                Assert.Equal(double.Sqrt(squares / p), rowSd, 1e-6);
            }

            for (var t = 0; t < k; t++)
            {
                var d = Enumerable.Range(0, p).Sum(j => V(j) * ((f[(j * k) + t] * f[(j * k) + t]) + (sd[(j * k) + t] * sd[(j * k) + t])));
                var x = Enumerable.Range(0, p)
                    .Sum(j => V(j) * f[(j * k) + t] * (y[i][j] - Fitted(j) + (mean[(i * k) + t] * f[(j * k) + t]))) / d;
                var (m, s) = (new double[1], new double[1]);
                EbnmFamilies.Get(priors[t].Family).Moments(priors[t], [x], [rowSd / double.Sqrt(d)], m, s);
                Assert.Equal(m[0], mean[(i * k) + t], 1e-6);
                Assert.Equal(s[0] + (m[0] * m[0]), second[(i * k) + t], 1e-6);
            }

            double Fitted(int j) => Enumerable.Range(0, k).Sum(t => mean[(i * k) + t] * f[(j * k) + t]);
            double Squared(int j) => ((y[i][j] - Fitted(j)) * (y[i][j] - Fitted(j))) + Enumerable.Range(0, k).Sum(t =>
            {
                var (m, g, gSd) = (mean[(i * k) + t], f[(j * k) + t], sd[(j * k) + t]);
                return (second[(i * k) + t] * ((g * g) + (gSd * gSd))) - (m * m * g * g);
            });
        }
    }

    [Fact]
    public void Rows_do_not_depend_on_each_other_nor_on_how_they_are_stored()
    {
        var y = RandomProblem.Make(43, 40, 20, 2, zeros: 0.5, missing: 0.05);
        var options = new EbmfOptions { Rows = 40, Columns = 20, Variance = VarianceStructure.Row };
        var projection = new EbmfProjection(
            options,
            Draws(7, 40),
            [.. Draws(8, 40).Select(double.Abs)],
            [NormalPrior(1), new(PriorFamily.PointNormal, 0, [new(ComponentKind.Point, 0.5, 0, 0), new(ComponentKind.Normal, 0.5, 0, 1)])],
            []);
        var whole = projection.Project(SequentialFit.Shards(y)[0]);
        var parts = SequentialFit.Shards(y, 40).Select(projection.Project).ToArray();
        foreach (var array in whole)
        {
            Assert.Equal(array.Values, parts.SelectMany(p => p[array.Name]));
        }

        var sparse = projection.Project(SequentialFit.Shards(y, sparse: true, unstored: UnstoredEntries.Missing)[0]);
        Assert.All(whole["loadings_mean"].Zip(sparse["loadings_mean"]), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    [Fact]
    public void A_row_without_observations_has_the_priors_moments_and_fixed_loadings_stay()
    {
        double[][] y = [[double.NaN, double.NaN, double.NaN], [1, 2, 3]];
        var options = new EbmfOptions { Rows = 2, Columns = 3, FixedFactorCount = 1 };
        var projection = new EbmfProjection(options, [1, 0.5, 1, -1, 1, 2], new double[6], [NormalPrior(2), NormalPrior(3)], [1]);
        var shard = SequentialFit.Shards(y, extras: (_, _) => new ArraySet().Set("fixedLoadings", [double.NaN, 1.5], [2, 1]))[0];
        var result = projection.Project(shard);
        Assert.Equal([0, 0, 1.5], result["loadings_mean"][..3]);
        Assert.Equal(2, result["loadings_sd"][0], 1e-12);
        Assert.Equal(3, result["loadings_sd"][1], 1e-12);
        Assert.Equal(0, result["loadings_sd"][2]);
        Assert.Equal([0.5, 0.5, 0], result["loadings_lfsr"][..3]);

        // Beside the fixed loading, the other is the posterior of what is left.
        var (d, c) = (0.25 + 1 + 4, (0.5 * (1 - 1.5)) - (2 - 1.5) + (2 * (3 - 1.5)));
        Assert.Equal(c / (d + (1 / 9.0)), result["loadings_mean"][3], 1e-9);
    }

    [Fact]
    public void Without_factors_there_are_no_loadings()
    {
        var result = new EbmfProjection(new EbmfOptions { Rows = 5, Columns = 4 }, [], [], [], [1])
            .Project(SequentialFit.Shards(RandomProblem.Make(1, 5, 4, 1))[0]);
        Assert.Equal([5, 0], result.Get("loadings_mean").Shape);
    }

    [Fact]
    public void What_does_not_belong_together_is_refused()
    {
        var options = new EbmfOptions { Rows = 5, Columns = 4 };
        Assert.Throws<ArgumentException>(() => new EbmfProjection(options, new double[3], new double[4], [NormalPrior(1)], [1]));
        Assert.Throws<ArgumentException>(() => new EbmfProjection(options, new double[4], new double[4], [NormalPrior(1)], [1, 2]));
        var projection = new EbmfProjection(options, new double[4], new double[4], [NormalPrior(1)], [1]);
        Assert.Throws<ArgumentException>(() => projection.Project(SequentialFit.Shards(RandomProblem.Make(1, 5, 6, 1))[0]));
    }

    private static void AssertProjectsToItself(
        EbmfOptions options, double[][] y, double[][]? errors, Func<int, int, ArraySet>? extras, int betterRows = 0)
    {
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 2, errors, extras));
        Assert.True(fit.K > 0);
        var residual = fit.Result.Contains("residual_sd") ? fit.Result["residual_sd"] : [];
        var projection = new EbmfProjection(
            options,
            fit.Result["factors_mean"],
            fit.Result["factors_sd"],
            [.. Enumerable.Range(0, fit.K).Select(k => PriorCodec.Decode(fit.Result[$"loadingsPrior.{k}"]))], residual);
        var parts = SequentialFit.Shards(y, 3, errors, extras).Select(projection.Project).ToArray();
        var differing = new HashSet<int>();
        foreach (var name in new[] { "loadings_mean", "loadings_sd", "loadings_lfsr", "residual_sd" })
        {
            if (name == "residual_sd" && !fit.ShardResults[0].Contains(name))
            {
                Assert.All(parts, p => Assert.False(p.Contains(name)));
                continue;
            }

            var (own, projected) = (fit.Loadings(name), parts.SelectMany(p => p[name]).ToArray());
            var size = (name == "loadings_lfsr" ? 1e-2 : 1e-3) * double.Max(1e-3, double.Sqrt(own.Average(v => v * v)));
            differing.UnionWith(Enumerable.Range(0, own.Length).Where(i => !(double.Abs(own[i] - projected[i]) <= size))
                .Select(i => i / (own.Length / y.Length)));
        }

        Assert.True(differing.Count <= betterRows, $"{differing.Count} rows differ");
        foreach (var row in differing)
        {
            var (ownElbo, elbo) = (
                RowElbo(fit, y[row], row, fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd")),
                RowElbo(fit, y[row], row, [.. parts.SelectMany(p => p["loadings_mean"])], [.. parts.SelectMany(p => p["loadings_sd"])]));
            Assert.True(elbo > ownElbo, $"row {row}: {elbo} is not above the fit's own {ownElbo}");
        }
    }

    // A row's part of the ELBO with one variance, but for a constant, at moments that are posteriors given each other.
    private static double RowElbo(SequentialFit fit, double[] y, int i, double[] mean, double[] sd)
    {
        var (k, f, fSd) = (fit.K, fit.Result["factors_mean"], fit.Result["factors_sd"]);
        var v = 1 / (fit.Result["residual_sd"][0] * fit.Result["residual_sd"][0]);
        var l = mean[(i * k)..((i + 1) * k)];
        var l2 = Enumerable.Range(i * k, k).Select(at => (mean[at] * mean[at]) + (sd[at] * sd[at])).ToArray();
        var elbo = 0.0;
        for (var j = 0; j < y.Length; j++)
        {
            var (fitted, spread) = (0.0, 0.0);
            for (var t = 0; t < k; t++)
            {
                fitted += l[t] * f[(j * k) + t];
                spread += (l2[t] * F2(j, t)) - (l[t] * l[t] * f[(j * k) + t] * f[(j * k) + t]);
            }

            elbo -= 0.5 * v * (((y[j] - fitted) * (y[j] - fitted)) + spread);
        }

        for (var t = 0; t < k; t++)
        {
            var (d, c) = (0.0, 0.0);
            for (var j = 0; j < y.Length; j++)
            {
                d += v * F2(j, t);
                c += v * f[(j * k) + t] * (y[j] - Enumerable.Range(0, k).Where(o => o != t).Sum(o => l[o] * f[(j * k) + o]));
            }

            var (x, s, prior) = (c / d, 1 / double.Sqrt(d), PriorCodec.Decode(fit.Result[$"loadingsPrior.{t}"]));
            elbo += EbnmFamilies.Get(prior.Family).Moments(prior, [x], [s], new double[1], new double[1])
                + KullbackLeibler.GaussianPart([x], [s], [l[t]], [l2[t] - (l[t] * l[t])]);
        }

        return elbo;

        double F2(int j, int t) => (f[(j * k) + t] * f[(j * k) + t]) + (fSd[(j * k) + t] * fSd[(j * k) + t]);
    }

    private static Prior NormalPrior(double scale) => new(PriorFamily.Normal, 0, [new(ComponentKind.Normal, 1, 0, scale)]);

    private static double[] Draws(ulong stream, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Philox.Normal(9, stream, (ulong)i))];
}
