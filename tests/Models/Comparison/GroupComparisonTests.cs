using FitCluster.Math.Numerics;
using FitCluster.Models.Comparison;
using Xunit;

namespace FitCluster.Models.Tests.Comparison;

public sealed class GroupComparisonTests
{
    private static readonly ComparisonReference Median = new(ReferenceKind.Median, []);
    private static readonly ComparisonReference Mean = new(ReferenceKind.Mean, []);
    private static readonly ComparisonReference Iqlr = new(ReferenceKind.Iqlr, []);

    [Fact]
    public void Normal_differences_have_the_moments_and_rates_of_their_distribution()
    {
        const int Draws = 20_000;
        const double T = 0.3;
        double[] means = [0, 1, -0.5, 0.05, 2, -3], sds = [0, 0.5, 0.4, 1, 0.3, 0.9];

        // Quantiles in place of random draws: rates are then right to a draw. What both groups share cancels, and so does a factor
        // common to the columns of one, of which column 0 tells.
        static double Quantile(int s) => NormalDistribution.Quantile((s + 0.5) / Draws);
        static double Shared(int s, int j) => 5 * double.Sin((7 * s) + (3 * j));
        var draws = new FunctionDraws(
            (s, j) => Shared(s, j) + double.Cos(s) + means[j] + (sds[j] * Quantile(s)), Shared);
        var compared = GroupComparison.Of(draws, means.Length, Draws, new ComparisonReference(ReferenceKind.Named, [0]), T);
        for (var j = 1; j < means.Length; j++)
        {
            var (m, sd) = (means[j], sds[j]);
            Assert.Equal(m, compared[j].Lfc, 1e-10);
            Assert.Equal(sd, compared[j].Sd, 1e-3 * sd);
            Assert.Equal(NormalDistribution.Cdf(-double.Abs(m) / sd), compared[j].Lfsr, 1.5 / Draws);
            Assert.Equal(NormalDistribution.Cdf((T - double.Abs(m)) / sd), compared[j].LfsrBeyond, 1.5 / Draws);
            Assert.Equal(
                compared.Select(column => column.LfsrBeyond).Where(rate => rate <= compared[j].LfsrBeyond).Average(), compared[j].Pefp,
                    1e-12);
        }

        // What never differs has no sign and is the last to be called.
        Assert.Equal((0.0, 0.0, 1.0, 1.0), (compared[0].Lfc, compared[0].Sd, compared[0].Lfsr, compared[0].LfsrBeyond));
        Assert.Equal(compared.Max(column => column.Pefp), compared[0].Pefp);
    }

    [Fact]
    public void Exchanged_groups_have_the_opposite_signs_and_the_same_rates()
    {
        var (a, b) = (Noise(1), Noise(2));
        foreach (var reference in new[] { Median, Mean, Iqlr })
        {
            var (forth, back) = (Of(a, b, 12, reference), Of(b, a, 12, reference));
            for (var j = 0; j < forth.Length; j++)
            {
                Assert.Equal(-forth[j].Lfc, back[j].Lfc, 1e-12);
                Assert.Equal(forth[j].Sd, back[j].Sd, 1e-12);
                Assert.Equal(
                    (forth[j].Lfsr, forth[j].LfsrBeyond, forth[j].Pefp), (back[j].Lfsr, back[j].LfsrBeyond, back[j].Pefp));
            }
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(10)]
    public void A_median_reference_is_not_moved_by_columns_that_differ_and_a_mean_is(int columns)
    {
        // Two of the columns differ by 5, and a factor of 3 is common to all.
        double Group(int s, int j) => 3 + (j < 2 ? 5 : 0) + (0.1 * Philox.Normal(4, (ulong)s, (ulong)(j % 2)));
        double Other(int s, int j) => 0.1 * Philox.Normal(4, (ulong)s, (ulong)(j % 2));
        var (byMedian, byMean) = (Of(Group, Other, columns, Median), Of(Group, Other, columns, Mean));
        for (var j = 0; j < columns; j++)
        {
            Assert.Equal(j < 2 ? 5 : 0, byMedian[j].Lfc, 1e-12);
            Assert.Equal((j < 2 ? 5 : 0) - (10.0 / columns), byMean[j].Lfc, 1e-12);
        }
    }

    [Fact]
    public void A_median_of_an_even_number_is_between_the_middle_two()
    {
        double[] differences = [0, 1, 4, 10];
        Assert.Equal(
            [-2.5, -1.5, 1.5, 7.5], Of((_, j) => differences[j], (_, _) => 0, 4, Median).Select(column => column.Lfc));
    }

    [Fact]
    public void The_interquartile_reference_is_the_mean_over_columns_of_middling_variance()
    {
        const int Columns = 21, Draws = 200;
        double Spread(int s, int j, ulong key) => (0.1 + (0.07 * (j * 11 % Columns))) * Philox.Normal(key, (ulong)s, (ulong)j);
        double A(int s, int j) => 2 + Spread(s, j, 5) + (j % 11 == 3 ? 4 : 0);
        double B(int s, int j) => Spread(s, j, 6);

        // The definition, from all centred log-ratios at once.
        var ratios = new double[Columns][];
        for (var j = 0; j < Columns; j++)
        {
            var at = j;
            double Centred(Func<int, int, double> group, int s) => group(s, at) - Enumerable.Range(0, Columns).Average(i => group(s, i));
            ratios[j] = [.. Enumerable.Range(0, Draws).SelectMany(s => new[] { Centred(A, s), Centred(B, s) })];
        }

        double[] variances = [.. ratios.Select(column => column.Sum(x => double.Pow(x - column.Average(), 2)))];
        double[] sorted = [.. variances.Order()];
        int[] within = [.. Enumerable.Range(0, Columns).Where(j => variances[j] >= sorted[5] && variances[j] <= sorted[15])];
        Assert.Equal(11, within.Length);
        var expected = GroupComparison.Of(
            new FunctionDraws(A, B), Columns, Draws, new ComparisonReference(ReferenceKind.Named, within), 0.2);
        var compared = GroupComparison.Of(new FunctionDraws(A, B), Columns, Draws, Iqlr, 0.2);
        Assert.Equal(expected, compared);

        // The columns that differ vary most between the groups, and are no part of it: the others do not move.
        Assert.DoesNotContain(within, j => j % 11 == 3);
        Assert.All(Enumerable.Range(0, Columns).Where(j => j % 11 != 3), j => Assert.InRange(compared[j].Lfc, -0.8, 0.8));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void However_few_columns_there_are_an_interquartile_reference_has_one_of_them(int columns) =>
        Assert.All(Of(Noise(1), Noise(2), columns, Iqlr), column => Assert.True(double.IsFinite(column.Lfc)));

    [Fact]
    public void Equal_draws_give_equal_bits_and_rates_are_those_of_the_threshold()
    {
        var (a, b) = (Noise(1), Noise(2));
        var compared = Of(a, b, 12, Median);
        Assert.Equal(compared, Of(a, b, 12, Median));
        Assert.NotEqual(compared, Of(a, Noise(3), 12, Median));
        var plain = GroupComparison.Of(new FunctionDraws(a, b), 12, 300, Median, 0);
        Assert.All(plain.Zip(compared), pair =>
        {
            Assert.Equal(pair.First.Lfsr, pair.First.LfsrBeyond);
            Assert.Equal(pair.First.Lfsr, pair.Second.Lfsr);
            Assert.True(pair.Second.LfsrBeyond >= pair.Second.Lfsr);
        });
        Assert.Contains(compared, column => column.LfsrBeyond > column.Lfsr);
    }

    [Fact]
    public void One_draw_or_a_negative_threshold_is_an_error()
    {
        var draws = new FunctionDraws((_, _) => 0, (_, _) => 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => GroupComparison.Of(draws, 2, 1, Median, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => GroupComparison.Of(draws, 2, 2, Median, -0.1));
    }

    private static Func<int, int, double> Noise(ulong key) => (s, j) => (0.2 * j % 1.1) + Philox.Normal(key, (ulong)s, (ulong)j);

    private static ComparedColumn[] Of(
        Func<int, int, double> a, Func<int, int, double> b, int columns, ComparisonReference reference) =>
        GroupComparison.Of(new FunctionDraws(a, b), columns, 300, reference, 0.2);
}
