using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The one dense product that mixture densities need, C = C + A B or C = start + A B, in register tiles of 4 rows x 12 columns (three
/// registers of 4 lanes a row: with one row of B and one element of A all 16 registers are taken), the rest of the columns 8 at a time.
/// Elements of A are broadcast, so A may be read transposed. Every element of C is a sum of fused products in the order of the inner index:
/// the same bits whatever the tile.
/// </summary>
internal static unsafe class ReferenceProduct
{
    /// <summary>The rows of a tile: <c>rows</c> must be a multiple of it.</summary>
    public const int TileRows = 4;

    /// <summary>The columns of the narrower tile: <c>columns</c> must be a multiple of it.</summary>
    public const int TileColumns = 8;

    private const int WideColumns = 12;

    /// <summary>
    /// c[r, n] = start[n] + sum_k a[r aRow + k aInner] b[k, n]; without a start, the sum is added to c. The longer side of C is the outer
    /// loop, so that the smaller factor stays in the first-level cache.
    /// </summary>
    public static void Multiply(
        double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int rows, int columns, int inner, double* start)
    {
        if (rows > columns)
        {
            for (nint r = 0; r < rows; r += TileRows)
            {
                Panel(a + (r * aRow), aRow, aInner, b, bRow, c + (r * cRow), cRow, TileRows, 0, columns, columns, inner, start);
            }

            return;
        }

        for (var n = 0; n < columns; n += Columns(columns - n))
        {
            Panel(a, aRow, aInner, b, bRow, c, cRow, rows, n, n + 1, columns, inner, start);
        }
    }

    /// <summary>The scalar twin of <see cref="Multiply"/>.</summary>
    public static void MultiplyScalar(
        double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int rows, int columns, int inner, double* start)
    {
        for (nint r = 0; r < rows; r++)
        {
            for (nint n = 0; n < columns; n++)
            {
                var sum = start == null ? c[(r * cRow) + n] : start[n];
                for (nint k = 0; k < inner; k++)
                {
                    sum = double.FusedMultiplyAdd(a[(r * aRow) + (k * aInner)], b[(k * bRow) + n], sum);
                }

                c[(r * cRow) + n] = sum;
            }
        }
    }

    // The width of the next tile: 12, but 8 for what is not a sum of twelves and one eight.
    private static int Columns(int left) => left is TileColumns or 2 * TileColumns ? TileColumns : WideColumns;

    // All tiles of the rows whose first column is in [first, last).
    private static void Panel(
        double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int rows, int first, int last, int columns,
        int inner, double* start)
    {
        for (var n = first; n < last; n += Columns(columns - n))
        {
            var from = start == null ? null : start + n;
            var isWide = Columns(columns - n) == WideColumns;
            for (nint r = 0; r < rows; r += TileRows)
            {
                if (isWide)
                {
                    Twelve(a + (r * aRow), aRow, aInner, b + n, bRow, c + (r * cRow) + n, cRow, inner, from);
                }
                else
                {
                    Eight(a + (r * aRow), aRow, aInner, b + n, bRow, c + (r * cRow) + n, cRow, inner, from);
                }
            }
        }
    }

    private static void Twelve(double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int inner, double* start)
    {
        double* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
        Vector256<double> s00, s01, s02, s10, s11, s12, s20, s21, s22, s30, s31, s32;
        if (start == null)
        {
            (s00, s01, s02) = (Vector256.Load(c), Vector256.Load(c + 4), Vector256.Load(c + 8));
            (s10, s11, s12) = (Vector256.Load(c1), Vector256.Load(c1 + 4), Vector256.Load(c1 + 8));
            (s20, s21, s22) = (Vector256.Load(c2), Vector256.Load(c2 + 4), Vector256.Load(c2 + 8));
            (s30, s31, s32) = (Vector256.Load(c3), Vector256.Load(c3 + 4), Vector256.Load(c3 + 8));
        }
        else
        {
            s00 = s10 = s20 = s30 = Vector256.Load(start);
            s01 = s11 = s21 = s31 = Vector256.Load(start + 4);
            s02 = s12 = s22 = s32 = Vector256.Load(start + 8);
        }

        // Two pointers and one stride reach four rows of A.
        var a2 = a + (2 * aRow);
        for (; inner > 0; inner--)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 4);
            var b2 = Vector256.Load(b + 8);
            var x = Vector256.Create(*a);
            s00 = Vector256.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector256.FusedMultiplyAdd(x, b1, s01);
            s02 = Vector256.FusedMultiplyAdd(x, b2, s02);
            x = Vector256.Create(*(a + aRow));
            s10 = Vector256.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector256.FusedMultiplyAdd(x, b1, s11);
            s12 = Vector256.FusedMultiplyAdd(x, b2, s12);
            x = Vector256.Create(*a2);
            s20 = Vector256.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector256.FusedMultiplyAdd(x, b1, s21);
            s22 = Vector256.FusedMultiplyAdd(x, b2, s22);
            x = Vector256.Create(*(a2 + aRow));
            s30 = Vector256.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector256.FusedMultiplyAdd(x, b1, s31);
            s32 = Vector256.FusedMultiplyAdd(x, b2, s32);
            b += bRow;
            a += aInner;
            a2 += aInner;
        }

        Store(c, s00, s01, s02);
        Store(c1, s10, s11, s12);
        Store(c2, s20, s21, s22);
        Store(c3, s30, s31, s32);
    }

    private static void Eight(double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int inner, double* start)
    {
        double* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
        Vector256<double> s00, s01, s10, s11, s20, s21, s30, s31;
        if (start == null)
        {
            (s00, s01) = (Vector256.Load(c), Vector256.Load(c + 4));
            (s10, s11) = (Vector256.Load(c1), Vector256.Load(c1 + 4));
            (s20, s21) = (Vector256.Load(c2), Vector256.Load(c2 + 4));
            (s30, s31) = (Vector256.Load(c3), Vector256.Load(c3 + 4));
        }
        else
        {
            s00 = s10 = s20 = s30 = Vector256.Load(start);
            s01 = s11 = s21 = s31 = Vector256.Load(start + 4);
        }

        var a2 = a + (2 * aRow);
        for (; inner > 0; inner--)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 4);
            var x = Vector256.Create(*a);
            s00 = Vector256.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector256.FusedMultiplyAdd(x, b1, s01);
            x = Vector256.Create(*(a + aRow));
            s10 = Vector256.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector256.FusedMultiplyAdd(x, b1, s11);
            x = Vector256.Create(*a2);
            s20 = Vector256.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector256.FusedMultiplyAdd(x, b1, s21);
            x = Vector256.Create(*(a2 + aRow));
            s30 = Vector256.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector256.FusedMultiplyAdd(x, b1, s31);
            b += bRow;
            a += aInner;
            a2 += aInner;
        }

        s00.Store(c);
        s01.Store(c + 4);
        s10.Store(c1);
        s11.Store(c1 + 4);
        s20.Store(c2);
        s21.Store(c2 + 4);
        s30.Store(c3);
        s31.Store(c3 + 4);
    }

    private static void Store(double* c, Vector256<double> first, Vector256<double> second, Vector256<double> third)
    {
        first.Store(c);
        second.Store(c + 4);
        third.Store(c + 8);
    }
}
