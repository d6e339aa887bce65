using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class EbmfPropertyTests
{
    private static readonly PriorFamily[] Families =
    [
        PriorFamily.PointNormal, PriorFamily.Normal, PriorFamily.PointLaplace, PriorFamily.PointExponential, PriorFamily.NormalScaleMixture,
        PriorFamily.UnimodalNonnegative, PriorFamily.Unimodal, PriorFamily.UnimodalSymmetric, PriorFamily.Npmle, PriorFamily.Horseshoe,
        PriorFamily.GeneralizedBinary,
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Effort.Of(22, 44))];

    private static EbmfOptions Options(double[][] y) =>
        new() { Rows = y.Length, Columns = y[0].Length, MaxFactors = 4, Extrapolate = false, MaxSweeps = 60 };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Without_extrapolation_the_elbo_never_falls(int seed)
    {
        var structures = Enum.GetValues<VarianceStructure>();
        var structure = structures[seed % structures.Length];
        var y = RandomProblem.Make((ulong)seed, 30 + seed, 12 + (seed % 7), 2, missing: seed % 3 == 0 ? 0.2 : 0);
        var options = Options(y) with
        {
            LoadingsPrior = [Families[seed % Families.Length]],
            FactorsPrior = [Families[(seed / 3) % Families.Length]],
            Variance = structure,
            KnownErrors = structure == VarianceStructure.Known ? KnownErrors.Scalar : KnownErrors.None,
            StandardErrors = structure == VarianceStructure.Known ? [1] : [],
        };
        var fit = SequentialFit.Run(options, SequentialFit.Shards(y, 3));
        for (var t = 1; t < fit.Trace.Count; t++)
        {
            // The nullcheck may remove a factor at a loss within the tolerance.
            var slack = (1e-9 * double.Abs(fit.Trace[t].Elbo)) + (fit.Trace[t].Phase == "nullcheck" ? new EbmfModel(options).Tolerance : 0);
            Assert.True(fit.Trace[t].Elbo >= fit.Trace[t - 1].Elbo - slack,
                $"seed {seed}, {options.LoadingsPrior[0]}/{options.FactorsPrior[0]}/{structure}: {fit.Trace[t - 1]} -> {fit.Trace[t]}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_matrix_without_noise_ends_with_a_finite_elbo(bool extrapolate)
    {
        // Here a proposal's prior loses its slab, and what is left of the loadings is 1e-150.
        double[][] y = [[1, 4, 7], [2, 5, 8], [3, 6, 9]];
        var fit = SequentialFit.Run(
            Options(y) with { MaxFactors = 2, Extrapolate = extrapolate, MaxSweeps = 500 }, SequentialFit.Shards(y, 1));
        Assert.True(double.IsFinite(fit.Elbo));
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal, VarianceStructure.Constant, 0)]
    [InlineData(PriorFamily.PointExponential, VarianceStructure.Column, 0)]
    [InlineData(PriorFamily.PointNormal, VarianceStructure.Row, 0.2)]
    [InlineData(PriorFamily.PointLaplace, VarianceStructure.Kronecker, 0.1)]
    [InlineData(PriorFamily.PointNormal, VarianceStructure.Constant, 0.3)]
    [InlineData(PriorFamily.NormalScaleMixture, VarianceStructure.Constant, 0)]
    public void The_reported_elbo_is_the_one_of_the_saved_moments(PriorFamily family, VarianceStructure variance, double missing)
    {
        var y = RandomProblem.Make(3, 60, 25, 3, missing: missing);
        var fit = SequentialFit.Run(
            Options(y) with { LoadingsPrior = [family], Variance = variance, Extrapolate = true }, SequentialFit.Shards(y, 4));
        Assert.True(fit.K > 0);
        Assert.Equal(1, IndependentElbo(fit, y, variance) / fit.Elbo, 1e-9);
    }

    [Fact]
    public void With_normal_priors_the_divergences_follow_from_the_saved_moments_too()
    {
        var y = RandomProblem.Make(4, 50, 20, 2);
        var fit = SequentialFit.Run(
            Options(y) with { LoadingsPrior = [PriorFamily.Normal], FactorsPrior = [PriorFamily.Normal], Extrapolate = true },
            SequentialFit.Shards(y, 2));
        Assert.True(fit.K > 0);
        for (var k = 0; k < fit.K; k++)
        {
            Assert.Equal(NormalDivergence(fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"), fit, "loadingsPrior", k),
                fit.Result["klLoadings"][k], 1e-6);
            Assert.Equal(NormalDivergence(fit.Result["factors_mean"], fit.Result["factors_sd"], fit, "factorsPrior", k),
                fit.Result["klFactors"][k], 1e-6);
        }
    }

    [Theory]
    [InlineData(PriorFamily.PointNormal, VarianceStructure.Constant, 0)]
    [InlineData(PriorFamily.PointLaplace, VarianceStructure.Row, 0.15)]
    [InlineData(PriorFamily.PointExponential, VarianceStructure.Kronecker, 0)]
    [InlineData(PriorFamily.UnimodalSymmetric, VarianceStructure.Column, 0)]
    public void One_shard_and_many_agree(PriorFamily family, VarianceStructure variance, double missing)
    {
        var y = RandomProblem.Make(5, 83, 21, 3, missing: missing);
        var options = Options(y) with { LoadingsPrior = [family], Variance = variance, Extrapolate = true };
        var one = SequentialFit.Run(options, SequentialFit.Shards(y, 1));
        foreach (var shards in new[] { 7, 83 })
        {
            var many = SequentialFit.Run(options, SequentialFit.Shards(y, shards));
            Assert.Equal(1, many.Elbo / one.Elbo, 1e-8);
            AssertClose(one.Fitted(), many.Fitted(), 1e-8);
        }
    }

    [Fact]
    public void Dense_and_sparse_input_agree_and_so_do_the_two_ways_of_missing()
    {
        var zeros = RandomProblem.Make(6, 70, 24, 2, zeros: 0.7);
        var dense = SequentialFit.Run(Options(zeros), SequentialFit.Shards(zeros, 3));
        var sparse = SequentialFit.Run(Options(zeros), SequentialFit.Shards(zeros, 3, sparse: true));
        Assert.Equal(1, dense.Elbo / sparse.Elbo, 1e-9);
        AssertClose(dense.Fitted(), sparse.Fitted(), 1e-7);

        var missing = RandomProblem.Make(7, 70, 24, 2, missing: 0.6);
        dense = SequentialFit.Run(Options(missing), SequentialFit.Shards(missing, 3));
        sparse = SequentialFit.Run(Options(missing), SequentialFit.Shards(missing, 3, sparse: true, unstored: UnstoredEntries.Missing));
        Assert.True(dense.K > 0);
        Assert.Equal(1, dense.Elbo / sparse.Elbo, 1e-8);
        AssertClose(dense.Fitted(), sparse.Fitted(), 1e-6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.2)]
    public void Weights_by_entry_agree_with_rank_one_weights_where_both_can_be_used(double missing)
    {
        var y = RandomProblem.Make(8, 40, 18, 2, missing: missing);
        var byRow = Enumerable.Range(0, 40).Select(i => 0.8 + (0.02 * i)).ToArray();
        var byColumn = Enumerable.Range(0, 18).Select(j => 0.7 + (0.05 * j)).ToArray();
        var known = Options(y) with { Variance = VarianceStructure.Known };
        ArraySet Extras(int first, int last) => new ArraySet().Set("standardErrors", byRow[first..last]);

        var rows = SequentialFit.Run(known with { KnownErrors = KnownErrors.Row }, SequentialFit.Shards(y, 2, extras: Extras));
        var rowsByEntry = SequentialFit.Run(known with { KnownErrors = KnownErrors.Matrix },
            SequentialFit.Shards(y, 2, [.. byRow.Select(s => Enumerable.Repeat(s, 18).ToArray())]));
        Assert.True(rows.K > 0);
        Assert.Equal(1, rows.Elbo / rowsByEntry.Elbo, 1e-8);
        AssertClose(rows.Fitted(), rowsByEntry.Fitted(), 1e-6);

        var columns = SequentialFit.Run(
            known with { KnownErrors = KnownErrors.Column, StandardErrors = byColumn }, SequentialFit.Shards(y, 2));
        var columnsByEntry = SequentialFit.Run(
            known with { KnownErrors = KnownErrors.Matrix }, SequentialFit.Shards(y, 2, [.. Enumerable.Repeat(byColumn, 40)]));
        Assert.Equal(1, columns.Elbo / columnsByEntry.Elbo, 1e-8);
        AssertClose(columns.Fitted(), columnsByEntry.Fitted(), 1e-6);
    }

    [Theory]
    [InlineData(VarianceStructure.Constant, KnownErrors.Matrix)]
    [InlineData(VarianceStructure.Column, KnownErrors.Row)]
    [InlineData(VarianceStructure.Row, KnownErrors.Matrix)]
    [InlineData(VarianceStructure.Row, KnownErrors.Column)]
    [InlineData(VarianceStructure.Row, KnownErrors.Row)]
    [InlineData(VarianceStructure.Column, KnownErrors.Column)]
    [InlineData(VarianceStructure.Row, KnownErrors.Scalar)]
    public void An_estimated_variance_beside_small_known_errors_is_the_estimated_one_alone(VarianceStructure variance, KnownErrors known)
    {
        // Known errors far below the noise change nothing but the second order: the variance that is found is the total one.
        const double Small = 1e-4;
        var y = RandomProblem.Make(9, 40, 18, 2);
        var options = Options(y) with { Variance = variance, Extrapolate = true };
        var alone = SequentialFit.Run(options, SequentialFit.Shards(y, 2));
        var beside = SequentialFit.Run(
            options with
            {
                KnownErrors = known,
                StandardErrors = known == KnownErrors.Scalar
                ? [Small]
                : known == KnownErrors.Column ? [.. Enumerable.Repeat(Small, 18)] : []
            },
            SequentialFit.Shards(y, 2,
                known == KnownErrors.Matrix ? [.. y.Select(r => r.Select((_, j) => Small * (1 + (0.1 * j))).ToArray())] : null,
                (first, last) => new ArraySet().Set("standardErrors", Enumerable.Repeat(Small, last - first).ToArray())));
        Assert.Equal(alone.K, beside.K);
        Assert.Equal(1, alone.Elbo / beside.Elbo, 1e-6);
        AssertClose(alone.Fitted(), beside.Fitted(), 1e-3);
    }

    [Fact]
    public void Known_factors_are_recovered()
    {
        var y = RandomProblem.Make(10, 200, 80, 3, noise: 0.5);
        var truth = RandomProblem.Make(10, 200, 80, 3, noise: 0).SelectMany(r => r).ToArray();
        var fit = SequentialFit.Run(Options(y) with { MaxFactors = 8, Extrapolate = true, MaxSweeps = 500 }, SequentialFit.Shards(y, 4));
        Assert.Equal(3, fit.K);
        AssertClose(truth, fit.Fitted(), 0.08);
        Assert.Equal(0.5, fit.Result.Scalar("residual_sd"), 0.02);
    }

    [Theory]
    [InlineData(VarianceStructure.Constant, 0)]
    [InlineData(VarianceStructure.Constant, 1e-6)]
    [InlineData(VarianceStructure.Row, 0)]
    public void A_matrix_with_hardly_any_noise_is_reproduced_and_nothing_overflows(VarianceStructure variance, double noise)
    {
        var y = RandomProblem.Make(3, 60, 25, 3, noise: noise);
        var fit = SequentialFit.Run(
            Options(y) with { Variance = variance, MaxFactors = 8, Extrapolate = true, MaxSweeps = 500 }, SequentialFit.Shards(y, 2));
        Assert.Equal(3, fit.K);
        AssertClose([.. y.SelectMany(r => r)], fit.Fitted(), 1e-6);
    }

    [Fact]
    public void Noise_alone_has_no_factor_and_an_all_zero_row_or_column_is_allowed()
    {
        var noise = RandomProblem.Make(11, 50, 20, 0);
        var empty = SequentialFit.Run(Options(noise), SequentialFit.Shards(noise, 2));
        Assert.Equal(0, empty.K);
        Assert.All(empty.ShardResults, r => Assert.Equal([25, 0], r.Get("loadings_mean").Shape));

        var y = RandomProblem.Make(12, 50, 20, 2);
        y[7].AsSpan().Clear();
        foreach (var row in y)
        {
            row[3] = 0;
        }

        Assert.True(SequentialFit.Run(Options(y), SequentialFit.Shards(y, 2)).K > 0);
        Assert.True(
            SequentialFit.Run(Options(y) with { Variance = VarianceStructure.Row }, SequentialFit.Shards(y, 2, sparse: true)).K > 0);
    }

    [Fact]
    public void A_row_and_a_column_without_any_observation_get_the_prior()
    {
        var y = RandomProblem.Make(13, 40, 20, 2, missing: 0.1);
        y[5].AsSpan().Fill(double.NaN);
        foreach (var row in y)
        {
            row[4] = double.NaN;
        }

        foreach (var sparse in new[] { false, true })
        {
            var fit = SequentialFit.Run(Options(y), SequentialFit.Shards(y, 2, sparse: sparse, unstored: UnstoredEntries.Missing));
            Assert.True(fit.K > 0);
            Assert.Equal(0, fit.Loadings("loadings_mean")[5 * fit.K], 1e-12);
            Assert.Equal(0, fit.Result["factors_mean"][4 * fit.K], 1e-12);
        }
    }

    [Fact]
    public void Told_to_end_early_a_fit_ends_soon_with_sound_results_and_says_that_it_did_not_converge()
    {
        var y = RandomProblem.Make(14, 60, 30, 3);
        var shards = SequentialFit.Shards(y, 2);
        var model = new EbmfModel(Options(y));
        var global = model.InitialGlobal();
        var states = shards.Select(model.InitialShard).ToArray();
        var rounds = 0;
        for (; !model.Report(global).IsDone; rounds++)
        {
            if (rounds == 12)
            {
                global = model.EndEarly(global);
            }

            var broadcast = model.Broadcast(global);
            var sum = model.Local(broadcast, shards[0], states[0]);
            sum.Combine(model.Local(broadcast, shards[1], states[1]));
            global = model.Update(global, sum);
            Assert.True(rounds < 200);
        }

        Assert.False(model.Report(global).Converged);
        Assert.Null(model.ShardResult(shards[0], states[0]).FirstNonFinite());
        Assert.True(model.GlobalResult(global)["pve"].Length >= 1);
    }

    private static double NormalDivergence(double[] mean, double[] sd, SequentialFit fit, string prior, int k)
    {
        var scale = PriorCodec.Decode(fit.Result[$"{prior}.{k}"]).Components[0].Scale;
        var sum = 0.0;
        for (var i = k; i < mean.Length; i += fit.K)
        {
            var ratio = sd[i] * sd[i] / (scale * scale);
            sum -= 0.5 * (ratio + (mean[i] * mean[i] / (scale * scale)) - 1 - double.Log(ratio));
        }

        return sum;
    }

    // Written from the model alone: sum over observed entries of log N(y; E l E f', tau) expectations, plus the divergences.
    private static double IndependentElbo(SequentialFit fit, double[][] y, VarianceStructure variance)
    {
        var (l, lSd, f, fSd) =
            (fit.Loadings("loadings_mean"), fit.Loadings("loadings_sd"), fit.Result["factors_mean"], fit.Result["factors_sd"]);
        var rowSd = variance is VarianceStructure.Row or VarianceStructure.Kronecker ? fit.Loadings("residual_sd") : null;
        var otherSd = variance == VarianceStructure.Row ? [1] : fit.Result["residual_sd"];
        var elbo = fit.Result["klLoadings"].Sum() + fit.Result["klFactors"].Sum();
        for (var i = 0; i < y.Length; i++)
        {
            for (var j = 0; j < y[i].Length; j++)
            {
                if (double.IsNaN(y[i][j]))
                {
                    continue;
                }

                var (fitted, spread) = (0.0, 0.0);
                for (var k = 0; k < fit.K; k++)
                {
                    var (a, b) = ((i * fit.K) + k, (j * fit.K) + k);
                    fitted += l[a] * f[b];
                    spread += (((l[a] * l[a]) + (lSd[a] * lSd[a])) * ((f[b] * f[b]) + (fSd[b] * fSd[b]))) - (l[a] * l[a] * f[b] * f[b]);
                }

                var sd = (rowSd?[i] ?? 1) * (otherSd.Length == 1 ? otherSd[0] : otherSd[j]);
                elbo -= 0.5 * (double.Log(2 * double.Pi * sd * sd) + ((((y[i][j] - fitted) * (y[i][j] - fitted)) + spread) / (sd * sd)));
            }
        }

        return elbo;
    }

    private static void AssertClose(double[] expected, double[] actual, double relative)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = double.Sqrt(expected.Sum(v => v * v));
        var difference = double.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (a - b)).Sum());
        Assert.True(difference <= relative * scale, $"the difference is {difference / scale:E2} of the size, above {relative:E0}");
    }
}
