using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Log densities of a mixture and their derivatives for many rows or columns: three products of (count x 2 W x K) and one exp for each
/// (row, component), in blocks of rows that stay in the first-level cache. With W = 16 and K = 104 (L = 15, K = 100) that is 10,000 fused
/// products and 104 exps a row.
/// </summary>
internal static unsafe class ReferenceMixture
{
    /// <summary>Rows of a block.</summary>
    public const int Block = 32;

    /// <summary>
    /// Returns sum_i log p(y_i); writes expected[i] = sum_k r_ik n_k, the derivative of log p(y_i) by the statistics of i; adds the sums of
    /// responsibilities r_ik to <paramref name="counts"/> and of r_ik t_i to <paramref name="sums"/>.
    /// </summary>
    /// <param name="table">The prior.</param>
    /// <param name="statistics">t, count x 2 W; the memory goes on to a multiple of 4 rows, of any finite content.</param>
    /// <param name="count">The rows or columns.</param>
    /// <param name="expected">count x 2 W, rounded up to a multiple of 4 rows.</param>
    /// <param name="counts">[padded components].</param>
    /// <param name="sums">[padded components x 2 W].</param>
    /// <param name="responsibilities">Scratch of <see cref="Block"/> x padded components.</param>
    public static double Evaluate(
        ReferencePriorTable table, Span<double> statistics, int count, Span<double> expected, Span<double> counts, Span<double> sums,
        Span<double> responsibilities)
    {
        var (width, padded, components) = (2 * table.Width, table.PaddedComponents, table.Components);
        var total = 0.0;
        fixed (double* t = statistics, e = expected, s = sums, r = responsibilities)
        fixed (double* byComponent =
            table.Naturals.Span, byStatistic = table.NaturalsByStatistic.Span, constants = table.Constants, zeros = new double[width])
        {
            for (var first = 0; first < count; first += Block)
            {
                var rows = int.Min(Block, count - first);
                var tiled = (rows + 3) & ~3;
                ReferenceProduct.Multiply(
                    t + ((nint)first * width), width, 1, byStatistic, padded, r, padded, tiled, padded, width, constants);
                for (var i = 0; i < tiled; i++)
                {
                    var row = new Span<double>(r + ((nint)i * padded), padded);
                    if (i < rows)
                    {
                        total += LogSumExp.Responsibilities(row, counts);
                    }
                    else
                    {
                        row.Clear();
                    }
                }

                ReferenceProduct.Multiply(
                    r, padded, 1, byComponent, width, e + ((nint)first * width), width, tiled, width, components, zeros);
                ReferenceProduct.Multiply(r, 1, padded, t + ((nint)first * width), width, s, width, padded, width, tiled, null);
            }
        }

        return total;
    }
}
