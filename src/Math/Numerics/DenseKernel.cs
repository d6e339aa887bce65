using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The two products of a sweep on a block of dense rows, for a handful of factors. X is rows x columns, row-major; factors and
/// loadings are factor-major (each factor's values contiguous). Register tiles: 4 rows x 4 factors of 8 lanes for X F, and 4 x 8
/// columns x 4 factors for X'L; remainders in smaller tiles, the last columns in scalars. The order of additions is fixed by the sizes
/// alone.
/// </summary>
internal static partial class DenseKernel
{
    private const int Lanes = 8;

    // 1,024 columns of 4 rows and 4 factors are 64 KB: they stay in the second-level cache while a tile works on them.
    private const int ColumnBlock = 1024;

    /// <summary>xf[t * count + r] = sum_j x[r * columns + j] f[t * columns + j], for t in 0..factors, r in 0..count.</summary>
    public static void Multiply(ReadOnlySpan<double> x, int count, int columns, ReadOnlySpan<double> f, int factors, Span<double> xf)
    {
        xf[..(factors * count)].Clear();
        ref var x0 = ref MemoryMarshal.GetReference(x);
        ref var f0 = ref MemoryMarshal.GetReference(f);
        for (var start = 0; start < columns; start += ColumnBlock)
        {
            var length = int.Min(ColumnBlock, columns - start);
            var r = 0;
            for (; r + 4 <= count; r += 4)
            {
                ref var rows = ref Unsafe.Add(ref x0, ((nint)r * columns) + start);
                var t = 0;
                for (; t + 4 <= factors; t += 4)
                {
                    Tile4x4(ref rows, ref Unsafe.Add(ref f0, ((nint)t * columns) + start), columns, length, xf, (t * count) + r, count);
                }

                for (; t + 2 <= factors; t += 2)
                {
                    Tile4x2(ref rows, ref Unsafe.Add(ref f0, ((nint)t * columns) + start), columns, length, xf, (t * count) + r, count);
                }

                for (; t < factors; t++)
                {
                    Tile4x1(ref rows, ref Unsafe.Add(ref f0, ((nint)t * columns) + start), columns, length, xf, (t * count) + r);
                }
            }

            for (; r < count; r++)
            {
                ref var row = ref Unsafe.Add(ref x0, ((nint)r * columns) + start);
                for (var t = 0; t < factors; t++)
                {
                    xf[(t * count) + r] += Dot(ref row, ref Unsafe.Add(ref f0, ((nint)t * columns) + start), length);
                }
            }
        }
    }

    private static void Tile4x4(ref double x, ref double f, int columns, int length, Span<double> xf, int at, int count)
    {
        Vector512<double> a00 = default, a01 = default, a02 = default, a03 = default;
        Vector512<double> a10 = default, a11 = default, a12 = default, a13 = default;
        Vector512<double> a20 = default, a21 = default, a22 = default, a23 = default;
        Vector512<double> a30 = default, a31 = default, a32 = default, a33 = default;
        ref var x1 = ref Unsafe.Add(ref x, columns);
        ref var x2 = ref Unsafe.Add(ref x1, columns);
        ref var x3 = ref Unsafe.Add(ref x2, columns);
        ref var f1 = ref Unsafe.Add(ref f, columns);
        ref var f2 = ref Unsafe.Add(ref f1, columns);
        ref var f3 = ref Unsafe.Add(ref f2, columns);
        nint j = 0;
        for (; j + Lanes <= length; j += Lanes)
        {
            var v0 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j));
            var v1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f1, j));
            var v2 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f2, j));
            var v3 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f3, j));
            var u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j));
            a00 = Vector512.FusedMultiplyAdd(u, v0, a00);
            a01 = Vector512.FusedMultiplyAdd(u, v1, a01);
            a02 = Vector512.FusedMultiplyAdd(u, v2, a02);
            a03 = Vector512.FusedMultiplyAdd(u, v3, a03);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x1, j));
            a10 = Vector512.FusedMultiplyAdd(u, v0, a10);
            a11 = Vector512.FusedMultiplyAdd(u, v1, a11);
            a12 = Vector512.FusedMultiplyAdd(u, v2, a12);
            a13 = Vector512.FusedMultiplyAdd(u, v3, a13);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x2, j));
            a20 = Vector512.FusedMultiplyAdd(u, v0, a20);
            a21 = Vector512.FusedMultiplyAdd(u, v1, a21);
            a22 = Vector512.FusedMultiplyAdd(u, v2, a22);
            a23 = Vector512.FusedMultiplyAdd(u, v3, a23);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x3, j));
            a30 = Vector512.FusedMultiplyAdd(u, v0, a30);
            a31 = Vector512.FusedMultiplyAdd(u, v1, a31);
            a32 = Vector512.FusedMultiplyAdd(u, v2, a32);
            a33 = Vector512.FusedMultiplyAdd(u, v3, a33);
        }

        Add(xf, at, a00, a10, a20, a30);
        Add(xf, at + count, a01, a11, a21, a31);
        Add(xf, at + (2 * count), a02, a12, a22, a32);
        Add(xf, at + (3 * count), a03, a13, a23, a33);
        for (; j < length; j++)
        {
            for (var r = 0; r < 4; r++)
            {
                var u = Unsafe.Add(ref x, (r * (nint)columns) + j);
                for (var t = 0; t < 4; t++)
                {
                    xf[at + (t * count) + r] += u * Unsafe.Add(ref f, (t * (nint)columns) + j);
                }
            }
        }
    }

    private static void Tile4x2(ref double x, ref double f, int columns, int length, Span<double> xf, int at, int count)
    {
        Vector512<double> a00 = default, a01 = default, a10 = default, a11 = default;
        Vector512<double> a20 = default, a21 = default, a30 = default, a31 = default;
        ref var x1 = ref Unsafe.Add(ref x, columns);
        ref var x2 = ref Unsafe.Add(ref x1, columns);
        ref var x3 = ref Unsafe.Add(ref x2, columns);
        ref var f1 = ref Unsafe.Add(ref f, columns);
        nint j = 0;
        for (; j + Lanes <= length; j += Lanes)
        {
            var v0 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j));
            var v1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref f1, j));
            var u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j));
            a00 = Vector512.FusedMultiplyAdd(u, v0, a00);
            a01 = Vector512.FusedMultiplyAdd(u, v1, a01);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x1, j));
            a10 = Vector512.FusedMultiplyAdd(u, v0, a10);
            a11 = Vector512.FusedMultiplyAdd(u, v1, a11);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x2, j));
            a20 = Vector512.FusedMultiplyAdd(u, v0, a20);
            a21 = Vector512.FusedMultiplyAdd(u, v1, a21);
            u = Vector512.LoadUnsafe(ref Unsafe.Add(ref x3, j));
            a30 = Vector512.FusedMultiplyAdd(u, v0, a30);
            a31 = Vector512.FusedMultiplyAdd(u, v1, a31);
        }

        Add(xf, at, a00, a10, a20, a30);
        Add(xf, at + count, a01, a11, a21, a31);
        for (; j < length; j++)
        {
            for (var r = 0; r < 4; r++)
            {
                var u = Unsafe.Add(ref x, (r * (nint)columns) + j);
                xf[at + r] += u * Unsafe.Add(ref f, j);
                xf[at + count + r] += u * Unsafe.Add(ref f1, j);
            }
        }
    }

    private static void Tile4x1(ref double x, ref double f, int columns, int length, Span<double> xf, int at)
    {
        Vector512<double> a0 = default, a1 = default, a2 = default, a3 = default;
        nint j = 0;
        for (; j + Lanes <= length; j += Lanes)
        {
            var v = Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j));
            a0 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j)), v, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref Unsafe.Add(ref x, columns + j)), v, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref Unsafe.Add(ref x, (2 * (nint)columns) + j)), v, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref Unsafe.Add(ref x, (3 * (nint)columns) + j)), v, a3);
        }

        Add(xf, at, a0, a1, a2, a3);
        for (; j < length; j++)
        {
            for (var r = 0; r < 4; r++)
            {
                xf[at + r] += Unsafe.Add(ref x, (r * (nint)columns) + j) * Unsafe.Add(ref f, j);
            }
        }
    }

    private static double Dot(ref double x, ref double f, int length)
    {
        Vector512<double> a0 = default, a1 = default, a2 = default, a3 = default;
        nint j = 0;
        for (; j + (4 * Lanes) <= length; j += 4 * Lanes)
        {
            a0 = Vector512.FusedMultiplyAdd(
                Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j)), Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j)), a0);
            a1 = Vector512.FusedMultiplyAdd(
                Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j + 8)), Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j + 8)), a1);
            a2 = Vector512.FusedMultiplyAdd(
                Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j + 16)), Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j + 16)), a2);
            a3 = Vector512.FusedMultiplyAdd(
                Vector512.LoadUnsafe(ref Unsafe.Add(ref x, j + 24)), Vector512.LoadUnsafe(ref Unsafe.Add(ref f, j + 24)), a3);
        }

        var sum = Vector512.Sum(a0 + a1 + (a2 + a3));
        for (; j < length; j++)
        {
            sum += Unsafe.Add(ref x, j) * Unsafe.Add(ref f, j);
        }

        return sum;
    }

    private static void Add(Span<double> xf, int at, Vector512<double> a0, Vector512<double> a1, Vector512<double> a2, Vector512<double> a3)
    {
        xf[at] += Vector512.Sum(a0);
        xf[at + 1] += Vector512.Sum(a1);
        xf[at + 2] += Vector512.Sum(a2);
        xf[at + 3] += Vector512.Sum(a3);
    }
}
