using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

internal static partial class DenseKernel
{
    /// <summary>xtl[t * columns + j] += sum_r x[r * columns + j] l[t * count + r], for t in 0..factors.</summary>
    public static void AccumulateTranspose(
        ReadOnlySpan<double> x, int count, int columns, ReadOnlySpan<double> l, int factors, Span<double> xtl)
    {
        ref var x0 = ref MemoryMarshal.GetReference(x);
        ref var l0 = ref MemoryMarshal.GetReference(l);
        ref var y0 = ref MemoryMarshal.GetReference(xtl);
        var j = 0;
        for (; j + (4 * Lanes) <= columns; j += 4 * Lanes)
        {
            var t = 0;
            for (; t + 4 <= factors; t += 4)
            {
                Transpose32x4(ref Unsafe.Add(ref x0, j), count, columns, ref Unsafe.Add(ref l0, (nint)t * count),
                    ref Unsafe.Add(ref y0, ((nint)t * columns) + j));
            }

            for (; t + 2 <= factors; t += 2)
            {
                Transpose32x2(ref Unsafe.Add(ref x0, j), count, columns, ref Unsafe.Add(ref l0, (nint)t * count),
                    ref Unsafe.Add(ref y0, ((nint)t * columns) + j));
            }

            for (; t < factors; t++)
            {
                Transpose32x1(ref Unsafe.Add(ref x0, j), count, columns, ref Unsafe.Add(ref l0, (nint)t * count),
                    ref Unsafe.Add(ref y0, ((nint)t * columns) + j));
            }
        }

        for (; j + Lanes <= columns; j += Lanes)
        {
            for (var t = 0; t < factors; t++)
            {
                ref var to = ref Unsafe.Add(ref y0, ((nint)t * columns) + j);
                var sum = Vector512.LoadUnsafe(ref to);
                for (var r = 0; r < count; r++)
                {
                    var row = Vector512.LoadUnsafe(ref Unsafe.Add(ref x0, ((nint)r * columns) + j));
                    sum = Vector512.FusedMultiplyAdd(row, Vector512.Create(Unsafe.Add(ref l0, ((nint)t * count) + r)), sum);
                }

                sum.StoreUnsafe(ref to);
            }
        }

        for (; j < columns; j++)
        {
            for (var t = 0; t < factors; t++)
            {
                var sum = xtl[(t * columns) + j];
                for (var r = 0; r < count; r++)
                {
                    sum = double.FusedMultiplyAdd(x[(r * columns) + j], l[(t * count) + r], sum);
                }

                xtl[(t * columns) + j] = sum;
            }
        }
    }

    private static void Transpose32x4(ref double x, int count, int columns, ref double l, ref double y)
    {
        ref var y1 = ref Unsafe.Add(ref y, columns);
        ref var y2 = ref Unsafe.Add(ref y1, columns);
        ref var y3 = ref Unsafe.Add(ref y2, columns);
        ref var l1 = ref Unsafe.Add(ref l, count);
        ref var l2 = ref Unsafe.Add(ref l1, count);
        ref var l3 = ref Unsafe.Add(ref l2, count);
        Vector512<double> a00 = Vector512.LoadUnsafe(ref y), a01 = Vector512.LoadUnsafe(
            ref y, 8), a02 = Vector512.LoadUnsafe(ref y, 16), a03 = Vector512.LoadUnsafe(ref y, 24);
        Vector512<double> a10 = Vector512.LoadUnsafe(ref y1), a11 = Vector512.LoadUnsafe(
            ref y1, 8), a12 = Vector512.LoadUnsafe(ref y1, 16), a13 = Vector512.LoadUnsafe(ref y1, 24);
        Vector512<double> a20 = Vector512.LoadUnsafe(ref y2), a21 = Vector512.LoadUnsafe(
            ref y2, 8), a22 = Vector512.LoadUnsafe(ref y2, 16), a23 = Vector512.LoadUnsafe(ref y2, 24);
        Vector512<double> a30 = Vector512.LoadUnsafe(ref y3), a31 = Vector512.LoadUnsafe(
            ref y3, 8), a32 = Vector512.LoadUnsafe(ref y3, 16), a33 = Vector512.LoadUnsafe(ref y3, 24);
        for (nint r = 0; r < count; r++)
        {
            ref var row = ref Unsafe.Add(ref x, r * columns);
            var v0 = Vector512.LoadUnsafe(ref row);
            var v1 = Vector512.LoadUnsafe(ref row, 8);
            var v2 = Vector512.LoadUnsafe(ref row, 16);
            var v3 = Vector512.LoadUnsafe(ref row, 24);
            var b = Vector512.Create(Unsafe.Add(ref l, r));
            a00 = Vector512.FusedMultiplyAdd(v0, b, a00);
            a01 = Vector512.FusedMultiplyAdd(v1, b, a01);
            a02 = Vector512.FusedMultiplyAdd(v2, b, a02);
            a03 = Vector512.FusedMultiplyAdd(v3, b, a03);
            b = Vector512.Create(Unsafe.Add(ref l1, r));
            a10 = Vector512.FusedMultiplyAdd(v0, b, a10);
            a11 = Vector512.FusedMultiplyAdd(v1, b, a11);
            a12 = Vector512.FusedMultiplyAdd(v2, b, a12);
            a13 = Vector512.FusedMultiplyAdd(v3, b, a13);
            b = Vector512.Create(Unsafe.Add(ref l2, r));
            a20 = Vector512.FusedMultiplyAdd(v0, b, a20);
            a21 = Vector512.FusedMultiplyAdd(v1, b, a21);
            a22 = Vector512.FusedMultiplyAdd(v2, b, a22);
            a23 = Vector512.FusedMultiplyAdd(v3, b, a23);
            b = Vector512.Create(Unsafe.Add(ref l3, r));
            a30 = Vector512.FusedMultiplyAdd(v0, b, a30);
            a31 = Vector512.FusedMultiplyAdd(v1, b, a31);
            a32 = Vector512.FusedMultiplyAdd(v2, b, a32);
            a33 = Vector512.FusedMultiplyAdd(v3, b, a33);
        }

        Store(ref y, a00, a01, a02, a03);
        Store(ref y1, a10, a11, a12, a13);
        Store(ref y2, a20, a21, a22, a23);
        Store(ref y3, a30, a31, a32, a33);
    }

    private static void Transpose32x2(ref double x, int count, int columns, ref double l, ref double y)
    {
        ref var y1 = ref Unsafe.Add(ref y, columns);
        ref var l1 = ref Unsafe.Add(ref l, count);
        Vector512<double> a00 = Vector512.LoadUnsafe(ref y), a01 = Vector512.LoadUnsafe(
            ref y, 8), a02 = Vector512.LoadUnsafe(ref y, 16), a03 = Vector512.LoadUnsafe(ref y, 24);
        Vector512<double> a10 = Vector512.LoadUnsafe(ref y1), a11 = Vector512.LoadUnsafe(
            ref y1, 8), a12 = Vector512.LoadUnsafe(ref y1, 16), a13 = Vector512.LoadUnsafe(ref y1, 24);
        for (nint r = 0; r < count; r++)
        {
            ref var row = ref Unsafe.Add(ref x, r * columns);
            var v0 = Vector512.LoadUnsafe(ref row);
            var v1 = Vector512.LoadUnsafe(ref row, 8);
            var v2 = Vector512.LoadUnsafe(ref row, 16);
            var v3 = Vector512.LoadUnsafe(ref row, 24);
            var b = Vector512.Create(Unsafe.Add(ref l, r));
            a00 = Vector512.FusedMultiplyAdd(v0, b, a00);
            a01 = Vector512.FusedMultiplyAdd(v1, b, a01);
            a02 = Vector512.FusedMultiplyAdd(v2, b, a02);
            a03 = Vector512.FusedMultiplyAdd(v3, b, a03);
            b = Vector512.Create(Unsafe.Add(ref l1, r));
            a10 = Vector512.FusedMultiplyAdd(v0, b, a10);
            a11 = Vector512.FusedMultiplyAdd(v1, b, a11);
            a12 = Vector512.FusedMultiplyAdd(v2, b, a12);
            a13 = Vector512.FusedMultiplyAdd(v3, b, a13);
        }

        Store(ref y, a00, a01, a02, a03);
        Store(ref y1, a10, a11, a12, a13);
    }

    private static void Transpose32x1(ref double x, int count, int columns, ref double l, ref double y)
    {
        Vector512<double> a0 = Vector512.LoadUnsafe(ref y), a1 = Vector512.LoadUnsafe(
            ref y, 8), a2 = Vector512.LoadUnsafe(ref y, 16), a3 = Vector512.LoadUnsafe(ref y, 24);
        for (nint r = 0; r < count; r++)
        {
            ref var row = ref Unsafe.Add(ref x, r * columns);
            var b = Vector512.Create(Unsafe.Add(ref l, r));
            a0 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row), b, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row, 8), b, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row, 16), b, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row, 24), b, a3);
        }

        Store(ref y, a0, a1, a2, a3);
    }

    private static void Store(ref double y, Vector512<double> a0, Vector512<double> a1, Vector512<double> a2, Vector512<double> a3)
    {
        a0.StoreUnsafe(ref y);
        a1.StoreUnsafe(ref y, 8);
        a2.StoreUnsafe(ref y, 16);
        a3.StoreUnsafe(ref y, 24);
    }
}
