using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The passes over the stored cells of one row in the Poisson model: for each cell j one product of two vectors of factors, one division,
/// and one multiple of a vector added to another. Vectors are padded to full registers (4 lanes); 16 padded factors, which the default of
/// 15 has, stay in registers over the whole row.
/// </summary>
internal static class ConjugateCells
{
    /// <summary>
    /// A rate of a stored cell is a sum of products of numbers of at least exp(-300) with a shape's spread: below this only where all of it
    /// has underflowed.
    /// </summary>
    public const double LeastRate = 1e-300;

    private const int Unrolled = 16;

    // Cells ahead of the one in hand whose columns are fetched.
    private const int Ahead = 8;

    /// <summary>s_l = row_l sum_j x_j w_jl / (sum_m row_m w_jm).</summary>
    /// <param name="columns">The cells' columns j.</param>
    /// <param name="values">The cells' counts x_j.</param>
    /// <param name="count">How many columns there are; the arrays of them may be longer.</param>
    /// <param name="weights">w, columns x padded factors.</param>
    /// <param name="row">The row's weights, padded.</param>
    /// <param name="s">The sums, padded.</param>
    public static void Shares(ReadOnlySpan<int> columns, ReadOnlySpan<double> values, int count, double[] weights, double[] row, double[] s)
    {
        if (row.Length == Unrolled)
        {
            Shares16(columns, values, count, weights, row, s);
            return;
        }

        Array.Clear(s);
        for (var e = 0; e < columns.Length; e++)
        {
            var weight = weights.AsSpan(columns[e] * row.Length, row.Length);
            FactorKernel.AddScaled(values[e] / double.Max(FactorKernel.Dot(row, weight), LeastRate), weight, s);
        }

        for (var l = 0; l < s.Length; l++)
        {
            s[l] *= row[l];
        }
    }

    /// <summary>rates_j = sum_l row_l w_jl, and sums_jl += x_j row_l / rates_j.</summary>
    /// <param name="columns">The cells' columns j.</param>
    /// <param name="values">The cells' counts x_j.</param>
    /// <param name="count">How many columns there are; the arrays of them may be longer.</param>
    /// <param name="weights">w, columns x padded factors.</param>
    /// <param name="row">The row's weights, padded.</param>
    /// <param name="sums">columns x padded factors.</param>
    /// <param name="rates">One for each cell, at least as long.</param>
    public static void Scatter(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> values, int count, double[] weights, double[] row, double[] sums, double[] rates)
    {
        if (row.Length == Unrolled)
        {
            Scatter16(columns, values, count, weights, row, sums, rates);
            return;
        }

        for (var e = 0; e < columns.Length; e++)
        {
            var at = columns[e] * row.Length;
            rates[e] = double.Max(FactorKernel.Dot(row, weights.AsSpan(at, row.Length)), LeastRate);
            FactorKernel.AddScaled(values[e] / rates[e], row, sums.AsSpan(at, row.Length));
        }
    }

    private static unsafe void Shares16(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> values, int count, double[] weights, double[] row, double[] s)
    {
        Check(columns, int.Min(count, weights.Length / Unrolled));
        Load(ref row[0], out var r0, out var r1, out var r2, out var r3);
        var (s0, s1, s2, s3) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        fixed (double* w = weights)
        {
            for (var e = 0; e < columns.Length; e++)
            {
                if (e + Ahead < columns.Length)
                {
                    Fetch(w + ((nint)columns[e + Ahead] * Unrolled));
                }

                Load(ref w[(nint)columns[e] * Unrolled], out var w0, out var w1, out var w2, out var w3);
                var share = Vector256.Create(values[e] / double.Max(Dot(r0, r1, r2, r3, w0, w1, w2, w3), LeastRate));
                s0 = Vector256.FusedMultiplyAdd(share, w0, s0);
                s1 = Vector256.FusedMultiplyAdd(share, w1, s1);
                s2 = Vector256.FusedMultiplyAdd(share, w2, s2);
                s3 = Vector256.FusedMultiplyAdd(share, w3, s3);
            }
        }

        Store(ref s[0], s0 * r0, s1 * r1, s2 * r2, s3 * r3);
    }

    private static unsafe void Scatter16(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> values, int count, double[] weights, double[] row, double[] sums, double[] rates)
    {
        Check(columns, int.Min(count, int.Min(weights.Length, sums.Length) / Unrolled));
        Load(ref row[0], out var r0, out var r1, out var r2, out var r3);
        fixed (double* w = weights, c = sums)
        {
            for (var e = 0; e < columns.Length; e++)
            {
                if (e + Ahead < columns.Length)
                {
                    // The weights are still there from the pass before.
                    Fetch(c + ((nint)columns[e + Ahead] * Unrolled));
                }

                Load(ref w[(nint)columns[e] * Unrolled], out var w0, out var w1, out var w2, out var w3);
                var rate = double.Max(Dot(r0, r1, r2, r3, w0, w1, w2, w3), LeastRate);
                rates[e] = rate;
                var share = Vector256.Create(values[e] / rate);
                ref var to = ref c[(nint)columns[e] * Unrolled];
                Load(ref to, out var c0, out var c1, out var c2, out var c3);
                Store(
                    ref to,
                    Vector256.FusedMultiplyAdd(share, r0, c0),
                    Vector256.FusedMultiplyAdd(share, r1, c1),
                    Vector256.FusedMultiplyAdd(share, r2, c2),
                    Vector256.FusedMultiplyAdd(share, r3, c3));
            }
        }
    }

    // A column beyond the arrays would be read from foreign memory. Columns of a row ascend, but that is not taken on trust.
    private static void Check(ReadOnlySpan<int> columns, int count)
    {
        var greatest = 0U;
        foreach (var column in columns)
        {
            greatest = uint.Max(greatest, (uint)column);
        }

        if (columns.Length > 0 && greatest >= (uint)count)
        {
            throw new InvalidOperationException($"column {greatest} of the data is beyond the {count} columns of the model");
        }
    }

    // Columns are far apart: without this a cell waits for the second or third level of the cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Fetch(double* at)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(at);
            Sse.Prefetch0(at + 8);
            Sse.Prefetch0(at + 15);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Dot(
        Vector256<double> a0, Vector256<double> a1, Vector256<double> a2, Vector256<double> a3,
        Vector256<double> b0, Vector256<double> b1, Vector256<double> b2, Vector256<double> b3) =>
        Vector256.Sum(Vector256.FusedMultiplyAdd(a1, b1, a0 * b0) + Vector256.FusedMultiplyAdd(a3, b3, a2 * b2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(
        ref double from, out Vector256<double> v0, out Vector256<double> v1, out Vector256<double> v2, out Vector256<double> v3)
    {
        v0 = Vector256.LoadUnsafe(ref from);
        v1 = Vector256.LoadUnsafe(ref from, 4);
        v2 = Vector256.LoadUnsafe(ref from, 8);
        v3 = Vector256.LoadUnsafe(ref from, 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref double to, Vector256<double> v0, Vector256<double> v1, Vector256<double> v2, Vector256<double> v3)
    {
        v0.StoreUnsafe(ref to);
        v1.StoreUnsafe(ref to, 4);
        v2.StoreUnsafe(ref to, 8);
        v3.StoreUnsafe(ref to, 12);
    }
}
