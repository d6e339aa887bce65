using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

public sealed class LogSumExpTests
{
    [Fact]
    public void A_running_log_sum_exp_is_that_of_its_scalar_twin_and_of_the_formula()
    {
        const int Cells = 21;
        var draws = Enumerable.Range(0, 9).Select(m => Normals(3, (ulong)m, Cells, 200)).ToArray();
        var (largest, sums, slowLargest, slowSums) = (new double[Cells], new double[Cells], new double[Cells], new double[Cells]);
        largest.AsSpan().Fill(double.NegativeInfinity);
        slowLargest.AsSpan().Fill(double.NegativeInfinity);
        foreach (var draw in draws)
        {
            LogSumExp.Accumulate(draw, largest, sums);
            LogSumExp.AccumulateScalar(draw, slowLargest, slowSums);
        }

        for (var c = 0; c < Cells; c++)
        {
            var most = draws.Max(d => d[c]);
            var expected = most + double.Log(draws.Sum(d => double.Exp(d[c] - most)));
            Assert.Equal(expected, largest[c] + double.Log(sums[c]), 1e-12 * double.Max(1, double.Abs(expected)));
            Assert.Equal(slowLargest[c], largest[c]);
            Assert.Equal(slowSums[c], sums[c], 1e-14 * slowSums[c]);
        }
    }

    [Theory]
    [InlineData(8, 1.0)]
    [InlineData(16, 30)]
    [InlineData(40, 200)]
    public void Shares_of_a_set_are_those_of_plain_sums(int length, double spread)
    {
        var x = Normals(5, 1, length, spread);
        var most = x.Max();
        var sum = x.Sum(v => double.Exp(v - most));
        var expected = x.Select(v => double.Exp(v - most) / sum).ToArray();
        var (exponentials, softmax, responsibilities, counts) =
            ((double[])x.Clone(), new double[length], (double[])x.Clone(), new double[length]);
        Assert.Equal(sum, LogSumExp.Exponentials(exponentials, most), 1e-14 * sum);
        LogSumExp.Softmax(x, softmax);
        counts.AsSpan().Fill(2);
        Assert.Equal(most + double.Log(sum), LogSumExp.Responsibilities(responsibilities, counts), 1e-13 * double.Max(1, double.Abs(most)));
        for (var k = 0; k < length; k++)
        {
            Assert.Equal(expected[k], exponentials[k] / sum, 1e-14);
            Assert.Equal(expected[k], softmax[k], 1e-14);
            Assert.Equal(expected[k], responsibilities[k], 1e-14);
            Assert.Equal(2 + expected[k], counts[k], 1e-14);
        }
    }

    // Numbers that stand for parameters.
    private static double[] Normals(ulong seed, ulong stream, int count, double scale) =>
        [.. Enumerable.Range(0, count).Select(p => scale * Philox.Normal(seed, stream, (ulong)p))];
}
