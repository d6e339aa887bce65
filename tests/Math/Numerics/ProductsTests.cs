using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Math.Tests.Numerics;

/// <summary>The kernels of the two products of a sweep against scalar twins, over all remainders of rows, columns and factors.</summary>
public sealed class ProductsTests
{
    // Sums of at most 70 (transposed: 9) products of numbers near 1, in another order.
    private const double Tolerance = 1e-13;
    private const int MostRows = 9;
    private const int MostColumns = 70;
    private const int MostFactors = 9;

    [Fact]
    public void Dense_kernels_equal_their_scalar_twins_for_every_remainder()
    {
        for (var rows = 1; rows <= MostRows; rows++)
        {
            for (var columns = 1; columns <= MostColumns; columns++)
            {
                var x = Numbers(1, rows * columns);
                for (var factors = 1; factors <= MostFactors; factors++)
                {
                    var (f, l, before) = (Numbers(2, factors * columns), Numbers(3, factors * rows), Numbers(4, factors * columns));
                    var xf = new double[factors * rows];
                    xf.AsSpan().Fill(double.NaN);
                    DenseKernel.Multiply(x, rows, columns, f, factors, xf);
                    AssertClose(Multiply(x, rows, columns, f, factors), xf, $"X F of {rows} x {columns}, {factors} factors");
                    var xtl = (double[])before.Clone();
                    DenseKernel.AccumulateTranspose(x, rows, columns, l, factors, xtl);
                    AssertClose(
                        AccumulateTranspose(x, rows, columns, l, factors, before), xtl, $"X'L of {rows} x {columns}, {factors} factors");
                }
            }
        }
    }

    [Theory]
    [InlineData(5, 1023)]
    [InlineData(6, 1024)]
    [InlineData(7, 2055)]
    public void A_dense_product_goes_over_blocks_of_columns(int rows, int columns)
    {
        var (x, f) = (Numbers(1, rows * columns), Numbers(2, 7 * columns));
        var xf = new double[7 * rows];
        DenseKernel.Multiply(x, rows, columns, f, 7, xf);
        AssertClose(Multiply(x, rows, columns, f, 7), xf, $"{rows} x {columns}", 1e-11);
    }

    [Fact]
    public void Sparse_kernels_equal_their_scalar_twins_for_every_count_of_entries_and_factors()
    {
        const int Columns = 80;
        for (var stored = 0; stored <= MostColumns; stored++)
        {
            var columns = Enumerable.Range(0, Columns).OrderBy(j => Philox.Uniform(5, (ulong)stored, (ulong)j)).Take(stored)
                .Order().ToArray();
            var values = Numbers(6, stored);
            for (var factors = 1; factors <= 2 * MostFactors; factors++)
            {
                var pad = SparseKernel.Pad(factors);
                var (f, l, before) = (Numbers(7, Columns * pad), Numbers(8, pad), Numbers(9, Columns * pad));
                var (xf, expected) = (new double[pad], new double[pad]);
                var (xtl, after) = ((double[])before.Clone(), (double[])before.Clone());
                for (var e = 0; e < stored; e++)
                {
                    for (var t = 0; t < pad; t++)
                    {
                        expected[t] += values[e] * f[(columns[e] * pad) + t];
                        after[(columns[e] * pad) + t] += values[e] * l[t];
                    }
                }

                SparseKernel.Multiply(columns, values, f, pad, xf);
                SparseKernel.AccumulateTranspose(columns, values, l, pad, xtl);
                AssertClose(expected, xf, $"X F of {stored} entries, {factors} factors");
                AssertClose(after, xtl, $"X'L of {stored} entries, {factors} factors");
            }
        }
    }

    [Fact]
    public void The_sparse_kernels_of_one_factor_equal_their_scalar_twins()
    {
        const int Columns = 80;
        var (f, before) = (Numbers(7, Columns), Numbers(9, Columns));
        for (var stored = 0; stored <= MostColumns; stored++)
        {
            var columns = Enumerable.Range(0, Columns).OrderBy(j => Philox.Uniform(5, (ulong)stored, (ulong)j)).Take(stored)
                .Order().ToArray();
            var values = Numbers(6, stored);
            var (expected, xtl, after) = (0.0, (double[])before.Clone(), (double[])before.Clone());
            for (var e = 0; e < stored; e++)
            {
                expected += values[e] * f[columns[e]];
                after[columns[e]] += values[e] * 0.7;
            }

            SparseKernel.Add(columns, values, 0.7, xtl);
            AssertClose([expected], [SparseKernel.Dot(columns, values, f)], $"x f of {stored} entries");
            AssertClose(after, xtl, $"x'l of {stored} entries");
        }
    }

    [Theory]
    [InlineData(1, 13, 1)]
    [InlineData(37, 21, 1)]
    [InlineData(300, 50, 2)]
    [InlineData(530, 64, 7)]
    [InlineData(41, 1200, 10)]
    [InlineData(25, 70, 17)]
    public void Dense_and_sparse_blocks_of_the_same_matrix_have_the_same_products(int rows, int columns, int factors)
    {
        var x = Numbers(1, rows * columns);
        for (var i = 0; i < x.Length; i++)
        {
            // Some rows stay empty.
            x[i] = i / columns % 11 == 10 || Philox.Uniform(2, 2, (ulong)i) < 0.8 ? 0 : x[i];
        }

        var f = Enumerable.Range(0, factors).Select(t => Numbers(20 + (ulong)t, columns)).ToArray();
        var l = Numbers(3, rows * factors);
        var (dense, denseTransposed) = Products(MatrixBlock.FromDense(rows, columns, x), f, l);
        var (sparse, sparseTransposed) = Products(Csr(x, rows, columns), f, l);
        var flat = f.SelectMany(v => v).ToArray();
        AssertClose(Multiply(x, rows, columns, flat, factors), dense, "dense X F", 1e-11);
        AssertClose(dense, sparse, "sparse X F", 1e-11);
        AssertClose(AccumulateTranspose(x, rows, columns, l, factors, new double[factors * columns]), denseTransposed, "dense X'L", 1e-11);
        AssertClose(denseTransposed, sparseTransposed, "sparse X'L", 1e-11);
    }

    // Through chunks of rows, as a sweep takes them; l and the result of X F are factor-major over all rows.
    private static (double[] Product, double[] Transposed) Products(MatrixBlock block, double[][] f, double[] l)
    {
        var result = new double[block.Rows * f.Length];
        using var products = new BlockProducts(block, f, transpose: true);
        for (var first = 0; first < block.Rows; first += products.ChunkRows)
        {
            var count = int.Min(products.ChunkRows, block.Rows - first);
            var (xf, part) = (new double[count * f.Length], new double[count * f.Length]);
            products.Multiply(first, count, xf);
            for (var t = 0; t < f.Length; t++)
            {
                xf.AsSpan(t * count, count).CopyTo(result.AsSpan((t * block.Rows) + first));
                l.AsSpan((t * block.Rows) + first, count).CopyTo(part.AsSpan(t * count));
            }

            products.AccumulateTranspose(first, count, part);
        }

        block.KeepAlive();
        return (result, products.Transposed());
    }

    private static MatrixBlock Csr(double[] x, int rows, int columns)
    {
        var (values, indices, starts) = (new List<double>(), new List<int>(), new long[rows + 1]);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                if (x[(i * columns) + j] != 0)
                {
                    values.Add(x[(i * columns) + j]);
                    indices.Add(j);
                }
            }

            starts[i + 1] = values.Count;
        }

        return MatrixBlock.FromCsr(rows, columns, [.. values], [.. indices], starts);
    }

    private static double[] Multiply(double[] x, int rows, int columns, double[] f, int factors)
    {
        var xf = new double[factors * rows];
        for (var t = 0; t < factors; t++)
        {
            for (var r = 0; r < rows; r++)
            {
                for (var j = 0; j < columns; j++)
                {
                    xf[(t * rows) + r] += x[(r * columns) + j] * f[(t * columns) + j];
                }
            }
        }

        return xf;
    }

    private static double[] AccumulateTranspose(double[] x, int rows, int columns, double[] l, int factors, double[] before)
    {
        var xtl = (double[])before.Clone();
        for (var t = 0; t < factors; t++)
        {
            for (var r = 0; r < rows; r++)
            {
                for (var j = 0; j < columns; j++)
                {
                    xtl[(t * columns) + j] += x[(r * columns) + j] * l[(t * rows) + r];
                }
            }
        }

        return xtl;
    }

    private static double[] Numbers(ulong stream, int count)
    {
        var result = new double[count];
        for (var i = 0; i < count; i++)
        {
            result[i] = (2 * Philox.Uniform(1, stream, (ulong)i)) - 1;
        }

        return result;
    }

    private static void AssertClose(double[] expected, double[] actual, string what, double tolerance = Tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(double.Abs(expected[i] - actual[i]) <= tolerance))
            {
                Assert.Fail(FormattableString.Invariant($"{what}: element {i} is {actual[i]:R}, not {expected[i]:R}"));
            }
        }
    }
}
