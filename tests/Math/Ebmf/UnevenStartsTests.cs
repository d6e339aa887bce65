using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

/// <summary>
/// Factors are found however different the scales and levels of columns, rows and entries are, and whether they begin together or one by
/// one: a fit from its own start ends as high as one from the planted factors (docs/ebmf.md, "Starts").
/// </summary>
public sealed class UnevenStartsTests(ITestOutputHelper output)
{
    // What a fit may be lower by, as a share of what the planted factors raise the ELBO by: there are many optima.
    private const double NearShare = 0.03;

    [Theory]
    [InlineData(VarianceStructure.Column)]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Kronecker)]
    public void Groups_of_another_level_or_scale_cost_no_planted_factor(VarianceStructure variance)
    {
        foreach (var others in new[] { "one at level 50", "one constant at 50", "five at levels 50 to 90", "five of noise", "six decades" })
        {
            for (ulong seed = 1; seed <= Effort.Of(2UL, 5UL); seed++)
            {
                Judge(variance, others, seed, 60, 20);
            }
        }
    }

    [Theory]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Column)]
    [InlineData(VarianceStructure.Kronecker)]
    public void Groups_that_span_twenty_decades_cost_no_planted_factor(VarianceStructure variance)
    {
        for (ulong seed = 1; seed <= Effort.Of(2UL, 3UL); seed++)
        {
            Judge(variance, "twenty decades", seed, variance == VarianceStructure.Column ? 80 : 100, 80);
        }
    }

    // Loadings and factors of ten decades each: under a point-normal prior, of one scale, no factor at all has the higher ELBO.
    [Fact]
    public void Rows_and_columns_that_span_ten_decades_each_cost_no_planted_factor_under_a_prior_of_many_scales()
    {
        const int Rows = 60, Columns = 20;
        for (ulong seed = 1; seed <= 2; seed++)
        {
            var (l, f) = (Side(seed, 1, Rows), Side(seed, 2, Columns));
            double Scale(ulong stream, int at) => double.Pow(10, 10 * (Philox.Uniform(seed, stream, (ulong)at) - 0.5));
            var y = Matrix(Rows, Columns, (i, j) => Scale(4, i) * Scale(5, j) *
                (Planted(l, f, i, j) + (0.3 * Philox.Normal(seed, 3, (ulong)((i * Columns) + j)))));
            PriorFamily[] scales = [PriorFamily.NormalScaleMixture];
            var options = new EbmfOptions
            {
                Rows = Rows, Columns = Columns, MaxFactors = 8, Variance = VarianceStructure.Kronecker, Seed = seed, LoadingsPrior = scales,
                FactorsPrior = scales,
            };
            Judge($"ten decades each, seed {seed}", options, y, [.. l.Select((v, at) => v * Scale(4, at / 2))],
                [.. f.Select((v, at) => v * Scale(5, at / 2))], null, []);
        }
    }

    [Theory]
    [InlineData(VarianceStructure.Known, KnownErrors.Row)]
    [InlineData(VarianceStructure.Known, KnownErrors.Column)]
    [InlineData(VarianceStructure.Known, KnownErrors.Matrix)]
    [InlineData(VarianceStructure.Constant, KnownErrors.Matrix)]
    public void Large_known_errors_hide_no_planted_factor(VarianceStructure variance, KnownErrors known)
    {
        const int Rows = 60, Columns = 20;
        for (ulong seed = 1; seed <= 3; seed++)
        {
            var errors = Matrix(Rows, Columns, (i, j) => known switch
            {
                KnownErrors.Row => i % 5 == 0,
                KnownErrors.Column => j % 5 == 0,
                _ => (i + (3 * j)) % 5 == 0,
            } ? 1e3 : 0.3);
            var (l, f) = (Side(seed, 1, Rows), Side(seed, 2, Columns));
            var y = Matrix(
                Rows, Columns, (i, j) => Planted(l, f, i, j) + (errors[i][j] * Philox.Normal(seed, 3, (ulong)((i * Columns) + j))));
            var options = new EbmfOptions
            {
                Rows = Rows, Columns = Columns, MaxFactors = 8, Variance = variance, KnownErrors = known, Seed = seed,
                StandardErrors = known == KnownErrors.Column ? errors[0] : [],
            };
            double[] byRow = known == KnownErrors.Row ? [.. errors.Select(row => row[0])] : [];
            Judge($"{variance}, {known}, seed {seed}", options, y, l, f, known == KnownErrors.Matrix ? errors : null, byRow);
        }
    }

    [Fact]
    public void Singular_vectors_of_which_signs_leave_nothing_do_not_end_a_fit()
    {
        var nonnegative = new[] { PriorFamily.PointExponential };
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var options = new EbmfOptions
            {
                Rows = 40, Columns = 30, MaxFactors = 5, LoadingsPrior = nonnegative, FactorsPrior = nonnegative, Seed = seed,
                Tolerance = 0.1,
            };
            var y = SequentialFit.Shards(RandomProblem.Make(seed, 40, 30, 5, noise: 0.5, nonnegative: true), 2);
            var together = SequentialFit.Run(options with { Init = EbmfInit.Svd, Greedy = false }, y);
            var oneByOne = SequentialFit.Run(options, y);
            var nothing = SequentialFit.Run(options with { MaxFactors = 0 }, y);
            var share = (together.Elbo - nothing.Elbo) / (oneByOne.Elbo - nothing.Elbo);
            Assert.True(share > 0.9, $"seed {seed}: {together.K} factors, ELBO {together.Elbo:F1}; one by one {oneByOne.Elbo:F1}");
        }
    }

    [Fact]
    public void Given_factors_that_come_to_nothing_are_replaced_by_found_ones()
    {
        var options = new EbmfOptions
        {
            Rows = 40, Columns = 30, MaxFactors = 3, Greedy = false, Init = EbmfInit.Given, InitialFactorCount = 1,
            InitialFactors = [.. Enumerable.Repeat(0.0, 30)],
        };
        var extras = new ArraySet().Set("initialLoadings", new double[40], [40, 1]);
        Assert.Equal(2, SequentialFit.Run(
            options, SequentialFit.Shards(RandomProblem.Make(7, 40, 30, 2, noise: 0.3), extras: (_, _) => extras)).K);
    }

    private void Judge(VarianceStructure variance, string others, ulong seed, int n, int p)
    {
        var (l, f) = (Side(seed, 1, n), Side(seed, 2, p));
        var more = others.StartsWith("one", StringComparison.Ordinal) ? 1 : others.StartsWith("five", StringComparison.Ordinal) ? 5 : 0;
        var y = Matrix(n, p + more, (i, j) =>
        {
            var noise = Philox.Normal(seed, 3, (ulong)((i * (p + more)) + j));
            return (others, j - p) switch
            {
                (_, < 0) => Planted(l, f, i, j) + (0.3 * noise),
                ("one constant at 50", _) => 50,
                ("five of noise", _) => 50 * noise,
                _ => 50 + (10 * (j - p)) + (0.3 * noise),
            };
        });

        // The levels are one factor more; that of a single column raises nothing.
        if (others == "five at levels 50 to 90")
        {
            l = [.. l.Chunk(2).SelectMany(row => row.Append(1))];
            f =
            [
                .. f.Chunk(2).SelectMany(row => row.Append(0)),
                .. Enumerable.Range(0, more).SelectMany(j => new double[] { 0, 0, 50 + (10 * j) }),
            ];
        }
        else
        {
            f = [.. f, .. new double[2 * more]];
        }

        var decades = others switch { "six decades" => 6.0, "twenty decades" => 20, _ => 0 };
        double Scale(int j) => double.Pow(10, decades * ((j % p / (p - 1.0)) - 0.5));
        if (decades > 0)
        {
            y = Matrix(n, p, (i, j) => y[i][j] * Scale(j));
            f = [.. f.Select((v, at) => v * Scale(at / 2))];
        }

        if (variance == VarianceStructure.Row)
        {
            var columns = y;
            (y, l, f) = (Matrix(y[0].Length, n, (i, j) => columns[j][i]), f, l);
        }

        var options = new EbmfOptions { Rows = y.Length, Columns = y[0].Length, MaxFactors = 8, Variance = variance, Seed = seed };
        Judge($"{variance}, {others}, seed {seed}", options, y, l, f, null, []);
    }

    private void Judge(string name, EbmfOptions options, double[][] y, double[] l, double[] f, double[][]? errors, double[] byRow)
    {
        var k = f.Length / options.Columns;
        SequentialFit Fit(EbmfOptions o) => SequentialFit.Run(o, SequentialFit.Shards(y, 2, errors, (first, last) =>
        {
            var extras = new ArraySet();
            if (byRow.Length > 0)
            {
                extras.Set("standardErrors", byRow[first..last]);
            }

            return o.Init == EbmfInit.Given ? extras.Set("initialLoadings", l[(first * k)..(last * k)], [last - first, k]) : extras;
        }));
        var nothing = Fit(options with { MaxFactors = 0 });
        var planted = Fit(options with
        {
            MaxFactors = k,
            Greedy = false,
            Init = EbmfInit.Given,
            InitialFactors = f,
            InitialFactorCount = k,
        });
        foreach (var init in new[] { EbmfInit.Power, EbmfInit.Block })
        {
            var found = Fit(options with { Init = init });
            var lower = planted.Elbo - found.Elbo;
            output.WriteLine($"{name}, {init}: K {found.K}, {-lower:+0.0;-0.0} of {planted.Elbo - nothing.Elbo:F1}");
            Assert.True(
                lower <= 5 + (NearShare * (planted.Elbo - nothing.Elbo)) && found.K >= k,
                $"{name}, {init}: {found.K} factors, ELBO {found.Elbo:F1}; from the planted ones {planted.Elbo:F1}");
        }
    }

    private static double Planted(double[] l, double[] f, int i, int j) => (l[2 * i] * f[2 * j]) + (l[(2 * i) + 1] * f[(2 * j) + 1]);

    private static double[] Side(ulong seed, ulong stream, int n) =>
        [.. Enumerable.Range(0, 2 * n).Select(i => Philox.Normal(seed, stream, (ulong)i))];

    private static double[][] Matrix(int n, int p, Func<int, int, double> entry) =>
        [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, p).Select(j => entry(i, j)).ToArray())];
}
