using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The two products of a sweep on sparse rows. Factors and X'L are column-of-X-major: the values of one column of X for all
/// factors are contiguous and padded to a multiple of 8 lanes (<see cref="Pad"/>), so that a stored entry costs one fused
/// multiply-add for every 8 factors. One factor alone is not padded (<see cref="Dot"/>, <see cref="Add"/>): a greedy fit's sweeps
/// would read 8 lanes for each value that they need.
/// </summary>
internal static class SparseKernel
{
    private const int Lanes = 8;

    /// <summary>The padded number of factors.</summary>
    public static int Pad(int factors) => (factors + Lanes - 1) / Lanes * Lanes;

    /// <summary>xf[t] = sum over stored entries of a row of value * f[column * pad + t], t in 0..pad.</summary>
    public static void Multiply(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, ReadOnlySpan<double> f, int pad, Span<double> xf)
    {
        ref var f0 = ref MemoryMarshal.GetReference(f);
        ref var c0 = ref MemoryMarshal.GetReference(columns);
        ref var v0 = ref MemoryMarshal.GetReference(values);
        ref var o0 = ref MemoryMarshal.GetReference(xf);
        var t = 0;
        for (; t + (2 * Lanes) <= pad; t += 2 * Lanes)
        {
            // Two entries at a time on accumulators of their own, to hide the latency of the additions.
            Vector512<double> a0 = default, a1 = default, b0 = default, b1 = default;
            nint e = 0;
            for (; e + 2 <= values.Length; e += 2)
            {
                ref var row = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                ref var next = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e + 1) * pad) + t);
                var v = Vector512.Create(Unsafe.Add(ref v0, e));
                var w = Vector512.Create(Unsafe.Add(ref v0, e + 1));
                a0 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row), v, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row, 8), v, a1);
                b0 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref next), w, b0);
                b1 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref next, 8), w, b1);
            }

            if (e < values.Length)
            {
                ref var row = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                var v = Vector512.Create(Unsafe.Add(ref v0, e));
                a0 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row), v, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row, 8), v, a1);
            }

            (a0 + b0).StoreUnsafe(ref Unsafe.Add(ref o0, t));
            (a1 + b1).StoreUnsafe(ref Unsafe.Add(ref o0, t + 8));
        }

        for (; t < pad; t += Lanes)
        {
            Vector512<double> a = default, b = default;
            nint e = 0;
            for (; e + 2 <= values.Length; e += 2)
            {
                ref var row = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                ref var next = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e + 1) * pad) + t);
                a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row), Vector512.Create(Unsafe.Add(ref v0, e)), a);
                b = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref next), Vector512.Create(Unsafe.Add(ref v0, e + 1)), b);
            }

            if (e < values.Length)
            {
                ref var row = ref Unsafe.Add(ref f0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref row), Vector512.Create(Unsafe.Add(ref v0, e)), a);
            }

            (a + b).StoreUnsafe(ref Unsafe.Add(ref o0, t));
        }
    }

    /// <summary>xtl[column * pad + t] += value * l[t] for every stored entry of a row, t in 0..pad.</summary>
    public static void AccumulateTranspose(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> values, ReadOnlySpan<double> l, int pad, Span<double> xtl)
    {
        ref var y0 = ref MemoryMarshal.GetReference(xtl);
        ref var c0 = ref MemoryMarshal.GetReference(columns);
        ref var v0 = ref MemoryMarshal.GetReference(values);
        ref var l0 = ref MemoryMarshal.GetReference(l);
        var t = 0;
        for (; t + (2 * Lanes) <= pad; t += 2 * Lanes)
        {
            var l1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref l0, t));
            var l2 = Vector512.LoadUnsafe(ref Unsafe.Add(ref l0, t + 8));
            for (nint e = 0; e < values.Length; e++)
            {
                ref var to = ref Unsafe.Add(ref y0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                var v = Vector512.Create(Unsafe.Add(ref v0, e));
                Vector512.FusedMultiplyAdd(l1, v, Vector512.LoadUnsafe(ref to)).StoreUnsafe(ref to);
                Vector512.FusedMultiplyAdd(l2, v, Vector512.LoadUnsafe(ref to, 8)).StoreUnsafe(ref to, 8);
            }
        }

        for (; t < pad; t += Lanes)
        {
            var l1 = Vector512.LoadUnsafe(ref Unsafe.Add(ref l0, t));
            for (nint e = 0; e < values.Length; e++)
            {
                ref var to = ref Unsafe.Add(ref y0, ((nint)Unsafe.Add(ref c0, e) * pad) + t);
                Vector512.FusedMultiplyAdd(l1, Vector512.Create(Unsafe.Add(ref v0, e)), Vector512.LoadUnsafe(ref to)).StoreUnsafe(ref to);
            }
        }
    }

    /// <summary>The sum over stored entries of a row of value * f[column], for one factor.</summary>
    public static double Dot(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, ReadOnlySpan<double> f)
    {
        ref var f0 = ref MemoryMarshal.GetReference(f);
        ref var c0 = ref MemoryMarshal.GetReference(columns);
        ref var v0 = ref MemoryMarshal.GetReference(values);

        // Four accumulators, to hide the latency of the additions.
        double a = 0, b = 0, c = 0, d = 0;
        nint e = 0;
        for (; e + 4 <= values.Length; e += 4)
        {
            a = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e), Unsafe.Add(ref f0, Unsafe.Add(ref c0, e)), a);
            b = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e + 1), Unsafe.Add(ref f0, Unsafe.Add(ref c0, e + 1)), b);
            c = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e + 2), Unsafe.Add(ref f0, Unsafe.Add(ref c0, e + 2)), c);
            d = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e + 3), Unsafe.Add(ref f0, Unsafe.Add(ref c0, e + 3)), d);
        }

        for (; e < values.Length; e++)
        {
            a = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e), Unsafe.Add(ref f0, Unsafe.Add(ref c0, e)), a);
        }

        return a + b + (c + d);
    }

    /// <summary>xtl[column] += value * l for every stored entry of a row, for one factor.</summary>
    public static void Add(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, double l, Span<double> xtl)
    {
        ref var y0 = ref MemoryMarshal.GetReference(xtl);
        ref var c0 = ref MemoryMarshal.GetReference(columns);
        ref var v0 = ref MemoryMarshal.GetReference(values);
        for (nint e = 0; e < values.Length; e++)
        {
            ref var to = ref Unsafe.Add(ref y0, Unsafe.Add(ref c0, e));
            to = double.FusedMultiplyAdd(Unsafe.Add(ref v0, e), l, to);
        }
    }
}
