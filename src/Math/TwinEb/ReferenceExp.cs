using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// exp and log(1 + x) on 4 lanes without a branch. exp: x = n log 2 + r, |r| &lt;= log 2 / 2, log 2 in two parts (the first
/// with 21 trailing zeros, so that n times it is exact), exp r by its Taylor polynomial economized to degree 11 by Chebyshev's (off by at most 3e-18), times 2^n by adding n to the exponent. Within 2 units in the last place.
/// </summary>
internal static class ReferenceExp
{
    private const double Least = -700;
    private const double Log2High = 0.693147180369123816490;
    private const double Log2Low = 1.90821492927058770002e-10;

    // Adding 1.5 x 2^52 rounds to a whole number, which is then in the low bits.
    private const double Rounder = 6755399441055744.0;

    /// <summary>exp(x), 0 for x &lt;= -700; x is not positive.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> OfNegative(Vector256<double> x)
    {
        var least = Vector256.Create(Least);
        return OfModerate(Vector256.Max(x, least)) & Vector256.GreaterThan(x, least);
    }

    /// <summary>exp(x) for -700 &lt;= x &lt;= 700.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> OfModerate(Vector256<double> x)
    {
        var rounder = Vector256.Create(Rounder);
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.4426950408889634), rounder);
        var n = shifted - rounder;
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Log2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Log2Low), r);

        // Estrin's scheme: pairs of coefficients, joined by r^2, r^4 and r^8.
        var r2 = r * r;
        var r4 = r2 * r2;
        var a = Pair(r, 1, 1);
        var b = Pair(r, 0.5000000000000019, 0.16666666666666702);
        var c = Pair(r, 0.04166666666648665, 0.008333333333309335);
        var d = Pair(r, 0.0013888888952699812, 0.000198412699096288);
        var e = Pair(r, 2.4801485070974407e-05, 2.755722457818164e-06);
        var f = Pair(r, 2.7632791582623145e-07, 2.511499595127587e-08);
        var low = Vector256.FusedMultiplyAdd(Vector256.FusedMultiplyAdd(d, r2, c), r4, Vector256.FusedMultiplyAdd(b, r2, a));
        var p = Vector256.FusedMultiplyAdd(Vector256.FusedMultiplyAdd(f, r2, e), r4 * r4, low);
        return (p.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    /// <summary>
    /// log(1 + e) for 0 &lt;= e &lt;= 1, within 2 units in the last place: 2 atanh(s) with s = e / (2 + e), or, from e = sqrt 2 - 1 on, log 2 + 2 atanh((e - 1) / (e + 3)), so that s squared is
    /// at most 0.0295; fdlibm's polynomial (Sun Microsystems 1993, e_log.c).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LogOfOnePlus(Vector256<double> e)
    {
        var isBig = Vector256.GreaterThan(e, Vector256.Create(0.4142135623730951));
        var bigOnly = Vector256<double>.One & isBig;
        var s = (e - bigOnly) / (Vector256.Create(2.0) + e + bigOnly);
        return TwiceAtanh(s) + (Vector256.Create(0.6931471805599453) & isBig);
    }

    // 2 atanh s = log((1 + s) / (1 - s)) for s squared of at most 0.0295.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> TwiceAtanh(Vector256<double> s) => Vector256.FusedMultiplyAdd(s, ConjugateLog.Remainder(s * s), s + s);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(Vector256<double> r, double constant, double linear) =>
        Vector256.FusedMultiplyAdd(r, Vector256.Create(linear), Vector256.Create(constant));
}
