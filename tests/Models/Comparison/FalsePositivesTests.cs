using FitCluster.Math.Numerics;
using FitCluster.Models.Comparison;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Models.Tests.Comparison;

public sealed class FalsePositivesTests
{
    [Fact]
    public void The_golden_case_calls_what_it_called()
    {
        var golden = SharedFolder.RequireJson("reference/scribe/vectors.json").GetProperty("pefp");
        var rates = golden.GetProperty("lfsr").Numbers();
        var expected = FalsePositives.Expected(rates);
        var (count, share) = FalsePositives.Callable(expected, golden.GetProperty("target").Number());
        Assert.Equal(golden.GetProperty("n_called").Number(), count);
        Assert.Equal(golden.GetProperty("pefp").Number(), share, 1e-12);

        // The threshold of the golden case is the first rate that is not called.
        Assert.Equal(golden.GetProperty("threshold_strict_less").Number(), rates.Where((_, j) => expected[j] > 0.05).Min());
    }

    [Fact]
    public void A_column_has_the_mean_rate_of_all_that_are_called_with_it_in_any_order()
    {
        double[] rates = [.. Enumerable.Range(0, 200).Select(j => double.Floor(40 * Philox.Uniform(3, 0, (ulong)j)) / 80)];
        var expected = FalsePositives.Expected(rates);
        for (var j = 0; j < rates.Length; j++)
        {
            Assert.Equal(rates.Where(rate => rate <= rates[j]).Average(), expected[j], 1e-12);
        }

        // Equal rates are called together.
        Assert.True(rates.Distinct().Count() < rates.Length);
        Assert.All(rates.Zip(expected).GroupBy(pair => pair.First), group => Assert.Single(group.Select(pair => pair.Second).Distinct()));
    }

    [Theory]
    [InlineData(0.05, 1, 0.0)]
    [InlineData(0.2, 3, 0.2)]
    [InlineData(1.0, 4, 0.4)]
    public void As_many_as_keep_the_target_are_called(double target, int count, double share)
    {
        var called = FalsePositives.Callable(FalsePositives.Expected([0.3, 0, 1, 0.3]), target);
        Assert.Equal(count, called.Count);
        Assert.Equal(share, called.Share, 1e-12);
    }

    [Fact]
    public void Where_nothing_keeps_the_target_nothing_is_called() =>
        Assert.Equal((0, 0.0), FalsePositives.Callable(FalsePositives.Expected([0.3, 0.5]), 0.1));
}
