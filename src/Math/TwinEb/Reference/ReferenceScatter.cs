using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The gradient of one row's cells: the row's own derivative stays in registers while the cells' columns pass by, 16 factors at a time (4
/// registers of 4 lanes), the rest 4 at a time. Factor vectors are padded to a multiple of 4.
/// </summary>
internal static unsafe class ReferenceScatter
{
    /// <summary>byRow += sum_c weights[c] v_j and byColumn_j += weights[c] row for the column j of each cell c.</summary>
    /// <param name="columns">The cells' columns.</param>
    /// <param name="weights">The cells' weights, at least as many.</param>
    /// <param name="statistics">The columns' statistics, columns x 2 W.</param>
    /// <param name="offset">Where in a column's statistics v_j begins.</param>
    /// <param name="row">W numbers.</param>
    /// <param name="byRow">W numbers, added to.</param>
    /// <param name="byColumn">columns x W numbers, added to; empty: the columns are constants.</param>
    public static void Add(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> weights, ReadOnlySpan<double> statistics, int offset, ReadOnlySpan<double> row,
        Span<double> byRow, Span<double> byColumn)
    {
        var width = row.Length;
        fixed (int* c = columns)
        fixed (double* w = weights, v = statistics, u = row, r = byRow, b = byColumn)
        {
            var l = 0;
            for (; l + 16 <= width; l += 16)
            {
                Sixteen(c, w, columns.Length, v + offset + l, 2 * width, u + l, r + l, b == null ? null : b + l, width);
            }

            for (; l < width; l += 4)
            {
                Four(c, w, columns.Length, v + offset + l, 2 * width, u + l, r + l, b == null ? null : b + l, width);
            }
        }
    }

    /// <summary>rates[c] = row . v_j for the column j of each cell c.</summary>
    public static void Rates(
        ReadOnlySpan<int> columns, ReadOnlySpan<double> statistics, int offset, ReadOnlySpan<double> row, Span<double> rates)
    {
        nint width = row.Length;
        fixed (int* c = columns)
        fixed (double* v = statistics, u = row, r = rates)
        {
            for (var n = 0; n < columns.Length; n++)
            {
                var from = v + offset + (c[n] * 2 * width);
                var sum = Vector256.Load(u) * Vector256.Load(from);
                for (nint l = 4; l < width; l += 4)
                {
                    sum = Vector256.FusedMultiplyAdd(Vector256.Load(u + l), Vector256.Load(from + l), sum);
                }

                r[n] = Vector256.Sum(sum);
            }
        }
    }

    /// <summary>
    /// byRow += sum of v_j and byColumn_j += row, over the columns j of a row's cells: <see cref="Add"/> with weights of 1.
    /// </summary>
    /// <param name="columns">The cells' columns, whole numbers.</param>
    /// <param name="statistics">The columns' statistics, columns x 2 W.</param>
    /// <param name="offset">Where in a column's statistics v_j begins.</param>
    /// <param name="row">W numbers.</param>
    /// <param name="byRow">W numbers, added to.</param>
    /// <param name="byColumn">columns x W numbers, added to; empty: the columns are constants.</param>
    public static void AddOnes(ReadOnlySpan<double> columns, ReadOnlySpan<double> statistics, int offset, ReadOnlySpan<double> row,
        Span<double> byRow, Span<double> byColumn)
    {
        var width = row.Length;
        fixed (double* c = columns, v = statistics, u = row, r = byRow, b = byColumn)
        {
            var l = 0;
            for (; l + 16 <= width; l += 16)
            {
                SixteenOnes(c, columns.Length, v + offset + l, u + l, r + l, b == null ? null : b + l, width);
            }

            for (; l < width; l += 4)
            {
                FourOnes(c, columns.Length, v + offset + l, u + l, r + l, b == null ? null : b + l, width);
            }
        }
    }

    private static void SixteenOnes(double* columns, int count, double* v, double* row, double* byRow, double* byColumn, nint width)
    {
        var (s0, s1) = (Vector256.Load(byRow), Vector256.Load(byRow + 4));
        var (s2, s3) = (Vector256.Load(byRow + 8), Vector256.Load(byRow + 12));
        var (u0, u1) = (Vector256.Load(row), Vector256.Load(row + 4));
        var (u2, u3) = (Vector256.Load(row + 8), Vector256.Load(row + 12));
        for (var c = 0; c < count; c++)
        {
            var at = (int)columns[c] * width;
            var from = v + (2 * at);
            s0 += Vector256.Load(from);
            s1 += Vector256.Load(from + 4);
            s2 += Vector256.Load(from + 8);
            s3 += Vector256.Load(from + 12);
            if (byColumn != null)
            {
                var to = byColumn + at;
                (Vector256.Load(to) + u0).Store(to);
                (Vector256.Load(to + 4) + u1).Store(to + 4);
                (Vector256.Load(to + 8) + u2).Store(to + 8);
                (Vector256.Load(to + 12) + u3).Store(to + 12);
            }
        }

        s0.Store(byRow);
        s1.Store(byRow + 4);
        s2.Store(byRow + 8);
        s3.Store(byRow + 12);
    }

    private static void FourOnes(double* columns, int count, double* v, double* row, double* byRow, double* byColumn, nint width)
    {
        var (sum, u) = (Vector256.Load(byRow), Vector256.Load(row));
        for (var c = 0; c < count; c++)
        {
            var at = (int)columns[c] * width;
            sum += Vector256.Load(v + (2 * at));
            if (byColumn != null)
            {
                (Vector256.Load(byColumn + at) + u).Store(byColumn + at);
            }
        }

        sum.Store(byRow);
    }

    private static void Sixteen(
        int* columns, double* weights, int count, double* v, nint stride, double* row, double* byRow, double* byColumn, nint width)
    {
        var (s0, s1) = (Vector256.Load(byRow), Vector256.Load(byRow + 4));
        var (s2, s3) = (Vector256.Load(byRow + 8), Vector256.Load(byRow + 12));
        var (u0, u1) = (Vector256.Load(row), Vector256.Load(row + 4));
        var (u2, u3) = (Vector256.Load(row + 8), Vector256.Load(row + 12));
        for (var c = 0; c < count; c++)
        {
            var weight = Vector256.Create(weights[c]);
            var from = v + (columns[c] * stride);
            s0 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(from), s0);
            s1 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(from + 4), s1);
            s2 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(from + 8), s2);
            s3 = Vector256.FusedMultiplyAdd(weight, Vector256.Load(from + 12), s3);
            if (byColumn != null)
            {
                var to = byColumn + (columns[c] * width);
                Vector256.FusedMultiplyAdd(weight, u0, Vector256.Load(to)).Store(to);
                Vector256.FusedMultiplyAdd(weight, u1, Vector256.Load(to + 4)).Store(to + 4);
                Vector256.FusedMultiplyAdd(weight, u2, Vector256.Load(to + 8)).Store(to + 8);
                Vector256.FusedMultiplyAdd(weight, u3, Vector256.Load(to + 12)).Store(to + 12);
            }
        }

        s0.Store(byRow);
        s1.Store(byRow + 4);
        s2.Store(byRow + 8);
        s3.Store(byRow + 12);
    }

    private static void Four(
        int* columns, double* weights, int count, double* v, nint stride, double* row, double* byRow, double* byColumn, nint width)
    {
        var (sum, u) = (Vector256.Load(byRow), Vector256.Load(row));
        for (var c = 0; c < count; c++)
        {
            var weight = Vector256.Create(weights[c]);
            sum = Vector256.FusedMultiplyAdd(weight, Vector256.Load(v + (columns[c] * stride)), sum);
            if (byColumn != null)
            {
                var to = byColumn + (columns[c] * width);
                Vector256.FusedMultiplyAdd(weight, u, Vector256.Load(to)).Store(to);
            }
        }

        sum.Store(byRow);
    }
}
