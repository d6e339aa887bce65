using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Nb.Tests.Numerics;

public sealed class GammaTests
{
    private const double Tolerance = 1e-13;

    [Fact]
    public void Log_gamma_digamma_and_trigamma_are_right_to_1e13_relative()
    {
        var table = ExactTable.Read("gamma.csv");
        double[] x = [.. table.Select(row => row[0])];
        var (value, first, second) = (new double[x.Length], new double[x.Length], new double[x.Length]);
        VectorGammaWide.LogGamma(x, value);
        VectorGammaWide.Digamma(x, first);
        VectorGammaWide.Trigamma(x, second);
        for (var i = 0; i < x.Length; i++)
        {
            AssertNear(table[i][1], value[i], Tolerance * double.Abs(table[i][1]), $"log Gamma({x[i]:R})");
            AssertNear(table[i][2], first[i], (Tolerance * double.Abs(table[i][2])) + 1e-15, $"digamma({x[i]:R})");
            AssertNear(table[i][3], second[i], Tolerance * table[i][3], $"trigamma({x[i]:R})");

            // A number alone is the same as among others.
            Assert.Equal(value[i], VectorGammaWide.LogGamma(x[i]));
            Assert.Equal(first[i], VectorGammaWide.Digamma(x[i]));
            Assert.Equal(second[i], VectorGammaWide.Trigamma(x[i]));
        }
    }

    [Fact]
    public void Ratios_of_gamma_functions_do_not_cancel()
    {
        foreach (var row in ExactTable.Read("ratio.csv"))
        {
            var (r, u) = (row[0], row[1]);
            var scale = 4e-15 * double.Max(double.Max(1, u), double.Abs(row[2]));
            AssertNear(row[2], GammaRatio.Log(r, u), scale, $"log ratio({r:R}, {u})");
            AssertNear(row[3], GammaRatio.LogBeyondPower(r, u), scale, $"log ratio beyond the power({r:R}, {u})");
            AssertNear(row[4], GammaRatio.First(r, u), (1e-12 * double.Abs(row[4])) + (r < 10 || u < 0.1 ? 1e-15 * (1 + (1 / r)) : 0),
                $"first({r:R}, {u})");
            AssertNear(row[5], GammaRatio.Second(r, u), (1e-12 * double.Abs(row[5])) +
                (r < 10 || u < 0.1 ? 1e-15 * (1 + (1 / (r * r))) : 0), $"second({r:R}, {u})");
        }
    }

    [Theory]
    [InlineData(-800.0)]
    [InlineData(-40.0)]
    [InlineData(-3.25)]
    [InlineData(0.0)]
    [InlineData(1e-9)]
    [InlineData(2.5)]
    [InlineData(40.0)]
    [InlineData(900.0)]
    public void Softplus_and_logistic_are_those_of_the_scalar_formulas(double x)
    {
        double[] values = [x, x, x];
        var (softplus, logistic) = (new double[3], new double[3]);
        VectorSoftplus.Softplus(values, softplus);
        VectorSoftplus.Logistic(values, logistic);
        var expected = x > 30 ? x + double.Exp(-x) : x < -30 ? double.Exp(x) : 2 * double.Atanh(double.Exp(x) / (2 + double.Exp(x)));
        AssertNear(expected, softplus[2], (2e-15 * expected) + 1e-300, "softplus");
        AssertNear(expected, VectorSoftplus.Softplus(x), (2e-15 * expected) + 1e-300, "softplus");
        AssertNear(1 / (1 + double.Exp(-x)), logistic[1], (1e-15 * logistic[1]) + 1e-300, "logistic");
        if (x > -700)
        {
            AssertNear(x, VectorSoftplus.InverseSoftplus(softplus[0]), 4e-15 * double.Max(1, double.Abs(x)), "inverse softplus");
        }
    }

    [Theory]
    [InlineData(-0.999)]
    [InlineData(-1e-9)]
    [InlineData(0.0)]
    [InlineData(1e-20)]
    [InlineData(3e-7)]
    [InlineData(0.7)]
    [InlineData(1e12)]
    public void Log_of_one_plus_is_exact_for_small_and_great_numbers(double x)
    {
        // The series where it converges at once: another way than that of the code.
        var expected = double.Abs(x) < 1e-4 ? x - (x * x / 2) + (x * x * x / 3) : double.Log(1 + x);
        double[] results = [x];
        VectorSoftplus.LogOnePlus(results, results);
        AssertNear(expected, results[0], 4e-16 * double.Abs(expected), "log(1 + x)");
        AssertNear(expected, VectorSoftplus.LogOnePlus(x), 4e-16 * double.Abs(expected), "log(1 + x)");
    }

    private static void AssertNear(double expected, double actual, double tolerance, string what) =>
        Assert.True(double.Abs(expected - actual) <= tolerance, $"{what}: {actual:R} where {expected:R} was expected");
}
