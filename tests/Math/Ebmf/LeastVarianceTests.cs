using FitCluster.Math.Ebmf;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Ebmf;

public sealed class LeastVarianceTests
{
    /// <summary>
    /// Nine entries of one column, or row, are far from 0 and all others of it are 0: a factor can be that column alone.
    /// </summary>
    [Theory]
    [InlineData(VarianceStructure.Column)]
    [InlineData(VarianceStructure.Row)]
    [InlineData(VarianceStructure.Kronecker)]
    public void A_variance_that_collapses_stops_at_its_bound_and_is_named(VarianceStructure variance)
    {
        const int Many = 300, Few = 40, Alone = 7;
        var isRow = variance == VarianceStructure.Row;
        var y = RandomProblem.Make(51, isRow ? Few : Many, isRow ? Many : Few, 0);
        for (var i = 0; i < Many; i++)
        {
            var value = i % 33 == 0 ? 12 + Philox.Normal(51, 9, (ulong)i) : 0;
            _ = isRow ? y[Alone][i] = value : y[i][Alone] = value;
        }

        var fit = SequentialFit.Run(
            new EbmfOptions { Rows = y.Length, Columns = y[0].Length, MaxFactors = 3, Variance = variance }, SequentialFit.Shards(y, 3));
        var sd = isRow ? fit.Loadings("residual_sd") : fit.Result["residual_sd"];
        var atBound = isRow ? fit.Loadings("at_bound") : fit.Result["at_bound"];
        double[] own = [.. Enumerable.Range(0, Few).Select(g => Deviation(isRow ? y[g] : [.. y.Select(row => row[g])]))];
        var typical = double.Exp(Enumerable.Range(0, Few).Average(g => double.Log(sd[g] / own[g])));

        // At a hundredth of the typical share, but for the rows' part of kronecker, which is about 1.
        Assert.Equal(0.01, sd[Alone] / own[Alone] / typical, 0.002);
        Assert.All(Enumerable.Range(0, Few), g => Assert.Equal(g == Alone ? 1 : 0, atBound[g]));
        for (var t = 1; t < fit.Trace.Count; t++)
        {
            Assert.True(fit.Trace[t].Elbo >= fit.Trace[t - 1].Elbo - 1e-3, $"{fit.Trace[t - 1]} -> {fit.Trace[t]}");
        }
    }

    [Fact]
    public void A_column_that_fits_well_among_others_that_do_is_not_bounded()
    {
        var y = RandomProblem.Make(52, 80, 30, 2, noise: 1e-4);
        var fit = SequentialFit.Run(
            new EbmfOptions { Rows = 80, Columns = 30, MaxFactors = 2, Variance = VarianceStructure.Column }, SequentialFit.Shards(y, 2));
        Assert.Equal(2, fit.K);
        Assert.All(fit.Result["at_bound"], bound => Assert.Equal(0, bound));
        Assert.All(fit.Result["residual_sd"], sd => Assert.Equal(1e-4, sd, 3e-5));
    }

    [Theory]
    [InlineData(1e-10)]
    [InlineData(1)]
    [InlineData(1e10)]
    public void The_variance_that_is_added_to_known_ones_of_many_orders_is_the_best(double added)
    {
        double[] known = [.. Enumerable.Range(0, 200).Select(e => double.Pow(10, (0.2 * e) - 20))];
        double[] squares = [.. known.Select((k, e) => (k + added) * double.Exp(Philox.Normal(53, 1, (ulong)e)))];
        var found = Objective(AddedVariance.Minimize(known, squares));
        for (var at = -25.0; at < 25; at += 0.01)
        {
            Assert.True(found <= Objective(double.Pow(10, at)) + 1e-9, $"1e{at:F2} is better");
        }

        double Objective(double variance) =>
            known.Select((k, e) => double.Log(k + variance) + (squares[e] / (k + variance))).Sum();
    }

    private static double Deviation(double[] values)
    {
        var mean = values.Average();
        return double.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }
}
