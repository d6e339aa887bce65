using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// Sums of rows of J numbers picked by index, and their transpose: what a pass over the cells does for each non-zero. J is 1 or a multiple
/// of 8; up to 4 vectors of a row stay in registers while the row's indices are gone through.
/// </summary>
internal static class NbRowKernel
{
    private const int Lanes = 8;
    private const int Most = 4;

    /// <summary>sum += sum_n weights[n] x table[indices[n]], each of J numbers.</summary>
    public static void Add(ReadOnlySpan<int> indices, ReadOnlySpan<double> weights, ReadOnlySpan<double> table, Span<double> sum)
    {
        var count = sum.Length;
        if (count == 1)
        {
            var total = sum[0];
            for (var n = 0; n < indices.Length; n++)
            {
                total += weights[n] * table[indices[n]];
            }

            sum[0] = total;
            return;
        }

        for (var at = 0; at < count; at += Most * Lanes)
        {
            AddSome(indices, weights, table[at..], count, sum.Slice(at, int.Min(Most * Lanes, count - at)));
        }
    }

    /// <summary>table[indices[n]] += factor x weights[n] x row, each of J numbers.</summary>
    public static void Scatter(
        ReadOnlySpan<int> indices, ReadOnlySpan<double> weights, double factor, ReadOnlySpan<double> row, Span<double> table)
    {
        var count = row.Length;
        if (count == 1)
        {
            for (var n = 0; n < indices.Length; n++)
            {
                table[indices[n]] += factor * weights[n] * row[0];
            }

            return;
        }

        for (var at = 0; at < count; at += Most * Lanes)
        {
            ScatterSome(indices, weights, factor, row.Slice(at, int.Min(Most * Lanes, count - at)), table[at..], count);
        }
    }

    private static void AddSome(
        ReadOnlySpan<int> indices, ReadOnlySpan<double> weights, ReadOnlySpan<double> table, int stride, Span<double> sum)
    {
        ref var rows = ref MemoryMarshal.GetReference(table);
        ref var to = ref MemoryMarshal.GetReference(sum);
        weights = weights[..indices.Length];
        Check(indices, stride, table.Length, sum.Length);
        var vectors = sum.Length / Lanes;
        var a = Vector512.LoadUnsafe(ref to);
        var b = vectors > 1 ? Vector512.LoadUnsafe(ref to, Lanes) : a;
        var c = vectors > 2 ? Vector512.LoadUnsafe(ref to, 2 * Lanes) : a;
        var d = vectors > 3 ? Vector512.LoadUnsafe(ref to, 3 * Lanes) : a;
        for (var n = 0; n < indices.Length; n++)
        {
            ref var row = ref Unsafe.Add(ref rows, (nint)indices[n] * stride);
            var w = Vector512.Create(weights[n]);
            a = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref row), a);
            if (vectors > 1)
            {
                b = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref row, Lanes), b);
            }

            if (vectors > 2)
            {
                c = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref row, 2 * Lanes), c);
            }

            if (vectors > 3)
            {
                d = Vector512.FusedMultiplyAdd(w, Vector512.LoadUnsafe(ref row, 3 * Lanes), d);
            }
        }

        a.StoreUnsafe(ref to);
        if (vectors > 1)
        {
            b.StoreUnsafe(ref to, Lanes);
        }

        if (vectors > 2)
        {
            c.StoreUnsafe(ref to, 2 * Lanes);
        }

        if (vectors > 3)
        {
            d.StoreUnsafe(ref to, 3 * Lanes);
        }
    }

    private static void ScatterSome(
        ReadOnlySpan<int> indices, ReadOnlySpan<double> weights, double factor, ReadOnlySpan<double> row, Span<double> table, int stride)
    {
        ref var rows = ref MemoryMarshal.GetReference(table);
        ref var from = ref MemoryMarshal.GetReference(row);
        weights = weights[..indices.Length];
        Check(indices, stride, table.Length, row.Length);
        var vectors = row.Length / Lanes;
        var f = Vector512.Create(factor);
        var a = f * Vector512.LoadUnsafe(ref from);
        var b = vectors > 1 ? f * Vector512.LoadUnsafe(ref from, Lanes) : a;
        var c = vectors > 2 ? f * Vector512.LoadUnsafe(ref from, 2 * Lanes) : a;
        var d = vectors > 3 ? f * Vector512.LoadUnsafe(ref from, 3 * Lanes) : a;
        for (var n = 0; n < indices.Length; n++)
        {
            ref var to = ref Unsafe.Add(ref rows, (nint)indices[n] * stride);
            var w = Vector512.Create(weights[n]);
            Vector512.FusedMultiplyAdd(w, a, Vector512.LoadUnsafe(ref to)).StoreUnsafe(ref to);
            if (vectors > 1)
            {
                Vector512.FusedMultiplyAdd(w, b, Vector512.LoadUnsafe(ref to, Lanes)).StoreUnsafe(ref to, Lanes);
            }

            if (vectors > 2)
            {
                Vector512.FusedMultiplyAdd(w, c, Vector512.LoadUnsafe(ref to, 2 * Lanes)).StoreUnsafe(ref to, 2 * Lanes);
            }

            if (vectors > 3)
            {
                Vector512.FusedMultiplyAdd(w, d, Vector512.LoadUnsafe(ref to, 3 * Lanes)).StoreUnsafe(ref to, 3 * Lanes);
            }
        }
    }

    // Rows are read without bounds: so the greatest and the least index are looked at once.
    private static void Check(ReadOnlySpan<int> indices, int stride, int length, int width)
    {
        if (indices.IsEmpty)
        {
            return;
        }

        var (least, most) = (System.Numerics.Tensors.TensorPrimitives.Min(indices), System.Numerics.Tensors.TensorPrimitives.Max(indices));
        if (least < 0 || ((long)most * stride) + width > length || width % Lanes != 0)
        {
            throw new InvalidOperationException($"a row of entry {least} to {most} in a table of {length / stride}");
        }
    }
}
