using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The one dense product that mixture densities need, C = C + A B or C = start + A B, in register tiles of 4 rows x 8 columns (two registers of
/// 4 lanes a row). Elements of A are broadcast, so A may be read transposed. Every element of C is a sum of fused products in the order of the inner
/// index: the same bits whatever the machine's registers.
/// </summary>
internal static unsafe class ReferenceProduct
{
    /// <summary>The rows of a tile: <c>rows</c> must be a multiple of it.</summary>
    public const int TileRows = 4;

    /// <summary>The columns of a tile: <c>columns</c> must be a multiple of it.</summary>
    public const int TileColumns = 8;

    /// <summary>
    /// c[r, n] = start[n] + sum_k a[r aRow + k aInner] b[k, n]; without a start, the sum is added to c.
    /// </summary>
    public static void Multiply(
        double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int rows, int columns, int inner, double* start)
    {
        for (nint n = 0; n < columns; n += TileColumns)
        {
            for (nint r = 0; r < rows; r += TileRows)
            {
                Tile(a + (r * aRow), aRow, aInner, b + n, bRow, c + (r * cRow) + n, cRow, inner, start == null ? null : start + n);
            }
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

    private static void Tile(double* a, nint aRow, nint aInner, double* b, nint bRow, double* c, nint cRow, int inner, double* start)
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

        double* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        for (var k = 0; k < inner; k++)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 4);
            var x = Vector256.Create(*a);
            s00 = Vector256.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector256.FusedMultiplyAdd(x, b1, s01);
            x = Vector256.Create(*a1);
            s10 = Vector256.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector256.FusedMultiplyAdd(x, b1, s11);
            x = Vector256.Create(*a2);
            s20 = Vector256.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector256.FusedMultiplyAdd(x, b1, s21);
            x = Vector256.Create(*a3);
            s30 = Vector256.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector256.FusedMultiplyAdd(x, b1, s31);
            b += bRow;
            a += aInner;
            a1 += aInner;
            a2 += aInner;
            a3 += aInner;
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
}
