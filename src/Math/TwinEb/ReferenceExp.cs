using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// exp(x) for the responsibilities of a mixture, -700 &lt; x &lt;= 0, and exactly 0 below: 4 lanes, no branch. x = n log 2 + r, |r| &lt;= log 2 / 2, log 2 in two parts (the first
/// with 21 trailing zeros, so that n times it is exact), exp r by its Taylor polynomial of degree 13 (remainder 4e-18), times 2^n by adding n to the exponent. Within 2 units in the last place.
/// </summary>
internal static class ReferenceExp
{
    private const double Least = -700;
    private const double Log2High = 0.693147180369123816490;
    private const double Log2Low = 1.90821492927058770002e-10;

    // Adding 1.5 x 2^52 rounds to a whole number, which is then in the low bits.
    private const double Rounder = 6755399441055744.0;

    /// <summary>exp(x), 0 for x &lt;= -700.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> OfNegative(Vector256<double> x)
    {
        var rounder = Vector256.Create(Rounder);
        var inside = Vector256.GreaterThan(x, Vector256.Create(Least));
        x = Vector256.Max(x, Vector256.Create(Least));
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.4426950408889634), rounder);
        var n = shifted - rounder;
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Log2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Log2Low), r);

        // Estrin's scheme: pairs of coefficients 1 / k!, joined by r^2, r^4 and r^8.
        var r2 = r * r;
        var r4 = r2 * r2;
        var a = Pair(r, 1, 1);
        var b = Pair(r, 1 / 2.0, 1 / 6.0);
        var c = Pair(r, 1 / 24.0, 1 / 120.0);
        var d = Pair(r, 1 / 720.0, 1 / 5040.0);
        var e = Pair(r, 1 / 40320.0, 1 / 362880.0);
        var f = Pair(r, 1 / 3628800.0, 1 / 39916800.0);
        var g = Pair(r, 1 / 479001600.0, 1 / 6227020800.0);
        var low = Vector256.FusedMultiplyAdd(Vector256.FusedMultiplyAdd(d, r2, c), r4, Vector256.FusedMultiplyAdd(b, r2, a));
        var high = Vector256.FusedMultiplyAdd(g, r4, Vector256.FusedMultiplyAdd(f, r2, e));
        var p = Vector256.FusedMultiplyAdd(high, r4 * r4, low);
        var power = (p.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
        return Vector256.ConditionalSelect(inside, power, Vector256<double>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(Vector256<double> r, double constant, double linear) =>
        Vector256.FusedMultiplyAdd(r, Vector256.Create(linear), Vector256.Create(constant));
}
