using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Log densities of a mixture and their derivatives for many rows or columns: three products of (count x 2 W x K) and one exp for each (row, component), in
/// blocks of rows that stay in the first-level cache. With W = 16 and K = 104 (L = 15, K = 100) that is 10,000 fused products and 104 exps a row.
/// </summary>
internal static unsafe class ReferenceMixture
{
    // exp(-60) = 9e-27: ten million such components would not change a digit of the largest one's share.
    private const double Negligible = -60;

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
        ReferencePriorTable table, Span<double> statistics, int count, Span<double> expected, Span<double> counts, Span<double> sums, Span<double> responsibilities)
    {
        var (width, padded, components) = (2 * table.Width, table.PaddedComponents, table.Components);
        var total = 0.0;
        fixed (double* t = statistics, e = expected, s = sums, r = responsibilities)
        fixed (double* byComponent = table.Naturals.Span, byStatistic = table.NaturalsByStatistic.Span, constants = table.Constants, zeros = new double[width])
        {
            for (var first = 0; first < count; first += Block)
            {
                var rows = int.Min(Block, count - first);
                var tiled = (rows + 3) & ~3;
                ReferenceProduct.Multiply(t + ((nint)first * width), width, 1, byStatistic, padded, r, padded, tiled, padded, width, constants);
                for (var i = 0; i < tiled; i++)
                {
                    var row = new Span<double>(r + ((nint)i * padded), padded);
                    if (i < rows)
                    {
                        total += Normalize(row, counts);
                    }
                    else
                    {
                        row.Clear();
                    }
                }

                ReferenceProduct.Multiply(r, padded, 1, byComponent, width, e + ((nint)first * width), width, tiled, width, components, zeros);
                ReferenceProduct.Multiply(r, 1, padded, t + ((nint)first * width), width, s, width, padded, width, tiled, null);
            }
        }

        return total;
    }

    /// <summary>
    /// Turns a row's log densities into responsibilities, adds them to the counts, and returns the log of the densities' sum.
    /// </summary>
    private static double Normalize(Span<double> row, Span<double> counts)
    {
        ref var first = ref MemoryMarshal.GetReference(row);
        ref var count = ref MemoryMarshal.GetReference(counts);
        var most = Vector256.LoadUnsafe(ref first);
        for (nuint k = 4; k < (nuint)row.Length; k += 4)
        {
            most = Vector256.Max(most, Vector256.LoadUnsafe(ref first, k));
        }

        var largest = double.Max(double.Max(most[0], most[1]), double.Max(most[2], most[3]));
        most = Vector256.Create(largest);

        // Four components far below the largest count as nothing, without an exp. Two sums, so that the second exp need not wait for the first.
        var nothing = Vector256.Create(Negligible);
        Vector256<double> sums0 = default, sums1 = default;
        for (nuint k = 0; k < (nuint)row.Length; k += 8)
        {
            var x0 = Vector256.LoadUnsafe(ref first, k) - most;
            var x1 = Vector256.LoadUnsafe(ref first, k + 4) - most;
            var density0 = Vector256.GreaterThanAny(x0, nothing) ? ReferenceExp.OfNegative(x0) : Vector256<double>.Zero;
            var density1 = Vector256.GreaterThanAny(x1, nothing) ? ReferenceExp.OfNegative(x1) : Vector256<double>.Zero;
            sums0 += density0;
            sums1 += density1;
            density0.StoreUnsafe(ref first, k);
            density1.StoreUnsafe(ref first, k + 4);
        }

        var sum = Vector256.Sum(sums0 + sums1);
        var inverse = Vector256.Create(1 / sum);
        for (nuint k = 0; k < (nuint)row.Length; k += 4)
        {
            var responsibility = Vector256.LoadUnsafe(ref first, k) * inverse;
            responsibility.StoreUnsafe(ref first, k);
            (Vector256.LoadUnsafe(ref count, k) + responsibility).StoreUnsafe(ref count, k);
        }

        return largest + double.Log(sum);
    }
}
