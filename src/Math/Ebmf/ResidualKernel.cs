using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Residuals of the means, Y - L F', for a chunk of dense rows: 4 rows x 2 x 8 columns at a time with K running innermost, so that each
/// value is read once and written once. Factors are taken out in their order, the last columns and rows in scalars, which round alike.
/// </summary>
internal static class ResidualKernel
{
    private const int Lanes = 8;

    /// <summary>y[r * columns + j] -= sum_k l[k * count + r] f[k * columns + j], in place.</summary>
    public static void Subtract(Span<double> y, int count, int columns, ReadOnlySpan<double> l, ReadOnlySpan<double> f, int factors)
    {
        ref var y0 = ref MemoryMarshal.GetReference(y);
        ref var l0 = ref MemoryMarshal.GetReference(l);
        ref var f0 = ref MemoryMarshal.GetReference(f);
        for (var r = 0; r < count; r++)
        {
            ref var row = ref Unsafe.Add(ref y0, (nint)r * columns);
            var j = 0;
            if (r % 4 == 0 && r + 4 <= count)
            {
                for (; j + (2 * Lanes) <= columns; j += 2 * Lanes)
                {
                    Tile(ref Unsafe.Add(ref row, j), ref Unsafe.Add(ref l0, r), ref Unsafe.Add(ref f0, j), count, columns, factors);
                }
            }
            else if (r - (r % 4) + 4 <= count)
            {
                j = columns - (columns % (2 * Lanes));
            }

            for (; j < columns; j++)
            {
                var value = Unsafe.Add(ref row, j);
                for (var k = 0; k < factors; k++)
                {
                    value = double.FusedMultiplyAdd(
                        -Unsafe.Add(ref l0, ((nint)k * count) + r), Unsafe.Add(ref f0, ((nint)k * columns) + j), value);
                }

                Unsafe.Add(ref row, j) = value;
            }
        }
    }

    private static void Tile(ref double y, ref double l, ref double f, int count, int columns, int factors)
    {
        ref var y1 = ref Unsafe.Add(ref y, columns);
        ref var y2 = ref Unsafe.Add(ref y1, columns);
        ref var y3 = ref Unsafe.Add(ref y2, columns);
        var (a0, b0) = (Vector512.LoadUnsafe(ref y), Vector512.LoadUnsafe(ref y, Lanes));
        var (a1, b1) = (Vector512.LoadUnsafe(ref y1), Vector512.LoadUnsafe(ref y1, Lanes));
        var (a2, b2) = (Vector512.LoadUnsafe(ref y2), Vector512.LoadUnsafe(ref y2, Lanes));
        var (a3, b3) = (Vector512.LoadUnsafe(ref y3), Vector512.LoadUnsafe(ref y3, Lanes));
        for (var k = 0; k < factors; k++)
        {
            ref var at = ref Unsafe.Add(ref f, (nint)k * columns);
            ref var lk = ref Unsafe.Add(ref l, (nint)k * count);
            var (f0, f1) = (Vector512.LoadUnsafe(ref at), Vector512.LoadUnsafe(ref at, Lanes));
            var u = Vector512.Create(-lk);
            (a0, b0) = (Vector512.FusedMultiplyAdd(u, f0, a0), Vector512.FusedMultiplyAdd(u, f1, b0));
            u = Vector512.Create(-Unsafe.Add(ref lk, 1));
            (a1, b1) = (Vector512.FusedMultiplyAdd(u, f0, a1), Vector512.FusedMultiplyAdd(u, f1, b1));
            u = Vector512.Create(-Unsafe.Add(ref lk, 2));
            (a2, b2) = (Vector512.FusedMultiplyAdd(u, f0, a2), Vector512.FusedMultiplyAdd(u, f1, b2));
            u = Vector512.Create(-Unsafe.Add(ref lk, 3));
            (a3, b3) = (Vector512.FusedMultiplyAdd(u, f0, a3), Vector512.FusedMultiplyAdd(u, f1, b3));
        }

        a0.StoreUnsafe(ref y);
        b0.StoreUnsafe(ref y, Lanes);
        a1.StoreUnsafe(ref y1);
        b1.StoreUnsafe(ref y1, Lanes);
        a2.StoreUnsafe(ref y2);
        b2.StoreUnsafe(ref y2, Lanes);
        a3.StoreUnsafe(ref y3);
        b3.StoreUnsafe(ref y3, Lanes);
    }
}
