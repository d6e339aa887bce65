using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// Sums of outer products over listed vectors, to[t][k] += sum over e of w_e v_e[rows[t]] v_e[k]: four rows t and two lanes' widths of k
/// at a time are kept in registers over all entries, so that an entry costs one fused multiply-add for every 8 sums, and no store.
/// Vectors lie one after the other, padded to a multiple of 8 (<see cref="SparseKernel.Pad"/>), and so do the sums of a t.
/// </summary>
internal static class GramKernel
{
    private const int Lanes = 8;
    private const int Tile = 4;

    /// <summary>Adds to the sums; entry e is vector <paramref name="entries"/>[e], with weight <paramref name="weights"/>[e].</summary>
    public static void Add(
        ReadOnlySpan<int> entries, ReadOnlySpan<double> weights, ReadOnlySpan<double> vectors, int pad, ReadOnlySpan<int> rows,
        Span<double> to)
    {
        for (var t = 0; t < rows.Length; t += Tile)
        {
            var most = rows.Length - 1;
            var (r0, r1, r2, r3) = (rows[t], rows[int.Min(t + 1, most)], rows[int.Min(t + 2, most)], rows[int.Min(t + 3, most)]);
            var count = int.Min(Tile, rows.Length - t);
            var k = 0;
            for (; k + (2 * Lanes) <= pad; k += 2 * Lanes)
            {
                AddPair(entries, weights, vectors, (pad, k), (r0, r1, r2, r3), count, to[(t * pad)..]);
            }

            if (k < pad)
            {
                AddOne(entries, weights, vectors, (pad, k), (r0, r1, r2, r3), count, to[(t * pad)..]);
            }
        }
    }

    /// <summary>Adds sum over e of w_e v_e to one sum of vectors.</summary>
    public static void AddVectors(
        ReadOnlySpan<int> entries, ReadOnlySpan<double> weights, ReadOnlySpan<double> vectors, int pad, Span<double> to)
    {
        ref var v0 = ref MemoryMarshal.GetReference(vectors);
        for (var k = 0; k < pad; k += Lanes)
        {
            Vector512<double> a = default;
            for (var e = 0; e < entries.Length; e++)
            {
                ref var v = ref Unsafe.Add(ref v0, ((nint)entries[e] * pad) + k);
                a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref v), Vector512.Create(weights[e]), a);
            }

            Store(a, to, k);
        }
    }

    // Four rows of sums, 16 wide from k on: eight accumulators hide the latency of the additions.
    private static void AddPair(
        ReadOnlySpan<int> entries, ReadOnlySpan<double> weights, ReadOnlySpan<double> vectors, (int Pad, int From) at,
        (int R0, int R1, int R2, int R3) rows, int count, Span<double> to)
    {
        ref var v0 = ref MemoryMarshal.GetReference(vectors);
        Vector512<double> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var e = 0; e < entries.Length; e++)
        {
            ref var v = ref Unsafe.Add(ref v0, (nint)entries[e] * at.Pad);
            var w = Vector512.Create(weights[e]);
            var x = w * Vector512.LoadUnsafe(ref Unsafe.Add(ref v, at.From));
            var y = w * Vector512.LoadUnsafe(ref Unsafe.Add(ref v, at.From + Lanes));
            var f = Vector512.Create(Unsafe.Add(ref v, rows.R0));
            a0 = Vector512.FusedMultiplyAdd(f, x, a0);
            a1 = Vector512.FusedMultiplyAdd(f, y, a1);
            f = Vector512.Create(Unsafe.Add(ref v, rows.R1));
            b0 = Vector512.FusedMultiplyAdd(f, x, b0);
            b1 = Vector512.FusedMultiplyAdd(f, y, b1);
            f = Vector512.Create(Unsafe.Add(ref v, rows.R2));
            c0 = Vector512.FusedMultiplyAdd(f, x, c0);
            c1 = Vector512.FusedMultiplyAdd(f, y, c1);
            f = Vector512.Create(Unsafe.Add(ref v, rows.R3));
            d0 = Vector512.FusedMultiplyAdd(f, x, d0);
            d1 = Vector512.FusedMultiplyAdd(f, y, d1);
        }

        Store4(a0, b0, c0, d0, count, at.Pad, at.From, to);
        Store4(a1, b1, c1, d1, count, at.Pad, at.From + Lanes, to);
    }

    private static void AddOne(
        ReadOnlySpan<int> entries, ReadOnlySpan<double> weights, ReadOnlySpan<double> vectors, (int Pad, int From) at,
        (int R0, int R1, int R2, int R3) rows, int count, Span<double> to)
    {
        ref var v0 = ref MemoryMarshal.GetReference(vectors);
        Vector512<double> a = default, b = default, c = default, d = default;
        for (var e = 0; e < entries.Length; e++)
        {
            ref var v = ref Unsafe.Add(ref v0, (nint)entries[e] * at.Pad);
            var x = Vector512.Create(weights[e]) * Vector512.LoadUnsafe(ref Unsafe.Add(ref v, at.From));
            a = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref v, rows.R0)), x, a);
            b = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref v, rows.R1)), x, b);
            c = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref v, rows.R2)), x, c);
            d = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref v, rows.R3)), x, d);
        }

        Store4(a, b, c, d, count, at.Pad, at.From, to);
    }

    // The rows beyond the last are copies of it, and are left out.
    private static void Store4(
        Vector512<double> a, Vector512<double> b, Vector512<double> c, Vector512<double> d, int count, int pad, int from, Span<double> to)
    {
        Store(a, to, from);
        if (count > 1)
        {
            Store(b, to, pad + from);
        }

        if (count > 2)
        {
            Store(c, to, (2 * pad) + from);
        }

        if (count > 3)
        {
            Store(d, to, (3 * pad) + from);
        }
    }

    private static void Store(Vector512<double> sum, Span<double> to, int at)
    {
        ref var target = ref to[at];
        (Vector512.LoadUnsafe(ref target) + sum).StoreUnsafe(ref target);
    }
}
