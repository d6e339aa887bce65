using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using MathNet.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.TwinEb;

public sealed class ReferenceKernelTests
{
    [Fact]
    public unsafe void Tiles_of_the_product_have_the_bits_of_plain_loops()
    {
        foreach (var (rows, columns, inner) in new[] { (4, 8, 1), (8, 16, 30), (32, 24, 3), (32, 104, 32), (104, 32, 7), (48, 40, 5) })
        {
            var a = ReferenceProblem.Normals(1, 1, rows * inner, 1);
            var b = ReferenceProblem.Normals(1, 2, inner * columns, 1);
            var start = ReferenceProblem.Normals(1, 3, columns, 1);
            var fast = ReferenceProblem.Normals(1, 4, rows * columns, 1);
            var slow = (double[])fast.Clone();
            fixed (double* pa = a, pb = b, ps = start, pf = fast, pl = slow)
            {
                ReferenceProduct.Multiply(pa, inner, 1, pb, columns, pf, columns, rows, columns, inner, null);
                ReferenceProduct.MultiplyScalar(pa, inner, 1, pb, columns, pl, columns, rows, columns, inner, null);
                Assert.Equal(slow, fast);
                ReferenceProduct.Multiply(pa, 1, rows, pb, columns, pf, columns, rows, columns, inner, ps);
                ReferenceProduct.MultiplyScalar(pa, 1, rows, pb, columns, pl, columns, rows, columns, inner, ps);
                Assert.Equal(slow, fast);
            }
        }
    }

    [Fact]
    public void Log_gamma_and_digamma_agree_with_their_recurrences_and_with_another_implementation()
    {
        double[] x = [1e-8, 1e-5, 0.01, 0.1, 0.5, 0.999, 1, 1.3, 1.4616321449683623, 2, 2.5, 3, 7.9, 8, 30, 123.4, 1000];
        var (value, slope) = (new double[x.Length], new double[x.Length]);
        var (next, nextSlope) = (new double[x.Length], new double[x.Length]);
        VectorGamma.LogGammaAndDigamma(x, value, slope);
        VectorGamma.LogGammaAndDigamma([.. x.Select(v => v + 1)], next, nextSlope);
        for (var i = 0; i < x.Length; i++)
        {
            Assert.Equal(SpecialFunctions.GammaLn(x[i]), value[i], 5e-14 * double.Max(1, double.Abs(value[i])));
            Assert.Equal(SpecialFunctions.DiGamma(x[i]), slope[i], 5e-14 * double.Max(1, double.Abs(slope[i])));
            Assert.Equal(value[i] + double.Log(x[i]), next[i], 5e-14 * double.Max(1, double.Abs(value[i])));
            Assert.Equal(slope[i] + (1 / x[i]), nextSlope[i], 5e-14 * double.Max(1, double.Abs(slope[i])));
        }
    }

    [Theory]
    [InlineData(TwinEbLikelihood.Poisson)]
    [InlineData(TwinEbLikelihood.Gaussian)]
    public void Mixture_densities_and_their_derivatives_are_those_of_the_plain_formula(TwinEbLikelihood likelihood)
    {
        const int Count = 37;
        var options = ReferenceProblem.Options(40, 40, likelihood) with { Factors = 5, RowComponents = 11 };
        var prior = ReferencePrior.OfRows(options);
        var parameters = ReferenceProblem.Normals(5, 1, prior.Parameters, 1);
        var table = new ReferencePriorTable(prior);
        table.Set(parameters);
        var y = ReferenceProblem.Normals(5, 2, Count * 5, 1.0);
        var width = 2 * table.Width;
        var statistics = new double[(Count + 4) * width];
        for (var i = 0; i < Count; i++)
        {
            for (var l = 0; l < 5; l++)
            {
                var z = y[(i * 5) + l];
                statistics[(i * width) + l] = z;
                statistics[(i * width) + table.Width + l] = likelihood == TwinEbLikelihood.Poisson ? double.Exp(z) : z * z;
            }
        }

        var (expected, counts, sums) =
            (new double[(Count + 4) * width], new double[table.PaddedComponents], new double[table.PaddedComponents * width]);
        var total = ReferenceMixture.Evaluate(
            table, statistics, Count, expected, counts, sums, new double[ReferenceMixture.Block * table.PaddedComponents]);
        var plain = 0.0;
        var plainCounts = new double[11];
        for (var i = 0; i < Count; i++)
        {
            var logs = Enumerable.Range(0, 11).Select(k => LogDensity(options, parameters, k, y.AsSpan(i * 5, 5))).ToArray();
            var most = logs.Max();
            var sum = logs.Sum(log => double.Exp(log - most));
            plain += most + double.Log(sum);
            for (var k = 0; k < 11; k++)
            {
                plainCounts[k] += double.Exp(logs[k] - most) / sum;
            }
        }

        Assert.Equal(plain, total, 1e-11 * double.Abs(plain));
        for (var k = 0; k < 11; k++)
        {
            Assert.Equal(plainCounts[k], counts[k], 1e-11 * Count);
        }

        Assert.Equal(Count, counts.Sum(), 1e-11 * Count);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(24)]
    public void Sums_over_cells_are_those_of_plain_loops(int width)
    {
        const int Columns = 40;
        int[] cells = [0, 1, 5, 17, 18, 39];
        var statistics = ReferenceProblem.Normals(4, 1, Columns * 2 * width, 1);
        var (row, weights) = (ReferenceProblem.Normals(4, 2, width, 1), ReferenceProblem.Normals(4, 3, cells.Length, 1));
        double V(int j, int l) => statistics[(j * 2 * width) + width + l];
        var rates = new double[cells.Length];
        ReferenceScatter.Rates(cells, statistics, width, row, rates);
        for (var c = 0; c < cells.Length; c++)
        {
            Assert.Equal(Enumerable.Range(0, width).Sum(l => row[l] * V(cells[c], l)), rates[c], 1e-13);
        }

        foreach (var isWeighted in new[] { false, true })
        {
            var (byRow, byColumn) = (ReferenceProblem.Normals(4, 5, width, 1), ReferenceProblem.Normals(4, 6, Columns * width, 1));
            var (expectedRow, expectedColumn) = ((double[])byRow.Clone(), (double[])byColumn.Clone());
            for (var c = 0; c < cells.Length; c++)
            {
                var weight = isWeighted ? weights[c] : 1;
                for (var l = 0; l < width; l++)
                {
                    expectedRow[l] += weight * V(cells[c], l);
                    expectedColumn[(cells[c] * width) + l] += weight * row[l];
                }
            }

            var frozenRow = (double[])byRow.Clone();
            if (isWeighted)
            {
                ReferenceScatter.Add(cells, weights, statistics, width, row, byRow, byColumn);
                ReferenceScatter.Add(cells, weights, statistics, width, row, frozenRow, []);
            }
            else
            {
                double[] columns = [.. cells.Select(j => (double)j)];
                ReferenceScatter.AddOnes(columns, statistics, width, row, byRow, byColumn);
                ReferenceScatter.AddOnes(columns, statistics, width, row, frozenRow, []);
            }

            Assert.Equal(byRow, frozenRow);
            Assert.All(Enumerable.Range(0, width), l => Assert.Equal(expectedRow[l], byRow[l], 1e-13));
            Assert.All(Enumerable.Range(0, Columns * width), at => Assert.Equal(expectedColumn[at], byColumn[at], 1e-13));
        }
    }

    private static double LogDensity(TwinEbOptions options, double[] parameters, int k, ReadOnlySpan<double> y)
    {
        const int K = 11;
        const int L = 5;
        static double Positive(double e) => double.Clamp(double.Log(1 + double.Exp(e)), 1e-8, 1e3);
        var mixes = parameters.AsSpan(2 * K * L).ToArray();
        var log = mixes[k] - double.Log(mixes.Sum(double.Exp));
        for (var l = 0; l < L; l++)
        {
            var (e1, b) = (parameters[(k * L) + l], Positive(parameters[(K * L) + (k * L) + l]));
            if (options.Likelihood == TwinEbLikelihood.Poisson)
            {
                var a = Positive(e1);
                log += (a * double.Log(b)) - SpecialFunctions.GammaLn(a) + ((a - 1) * y[l]) - (b * double.Exp(y[l]));
            }
            else
            {
                log -= double.Log(b * double.Sqrt(2 * double.Pi)) + ((y[l] - e1) * (y[l] - e1) / (2 * b * b));
            }
        }

        return log;
    }
}
