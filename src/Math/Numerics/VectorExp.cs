using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// exp of several numbers at once. There are two, whose results differ in the last bits, and fits keep theirs: the runtime's on 8 lanes,
/// which EBNM's families have; and one of 4 lanes for numbers of moderate size, without a branch, which TwinEB's reference optimizer has.
/// <para>
/// The latter: x = n log 2 + r, |r| &lt;= log 2 / 2, log 2 in two parts (the first with 21 trailing zeros, so that n times it is exact),
/// exp r by its Taylor polynomial economized to degree 11 by Chebyshev's (off by at most 3e-18), times 2^n by adding n to the exponent.
/// Within 2 units in the last place.
/// </para>
/// </summary>
public static class VectorExp
{
    // exp of anything lower counts as exp(-708) = 3e-308: below every term it is ever added to, and the fast path of Vector512.Exp.
    private const double LeastExponent = -708;

    private const double Least = -700;
    private const double Log2High = 0.693147180369123816490;
    private const double Log2Low = 1.90821492927058770002e-10;

    // Adding 1.5 x 2^52 rounds to a whole number, which is then in the low bits.
    private const double Rounder = 6755399441055744.0;

    /// <summary>exp(x), where everything below x = -708 counts as -708: the runtime's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Of(Vector512<double> x) => Vector512.Exp(Vector512.Max(x, Vector512.Create(LeastExponent)));

    /// <summary>exp(x), 0 for x below -708: <see cref="Of(Vector512{double})"/> where the result is a factor of what may be vast.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> OrZero(Vector512<double> x) => Of(x) & Vector512.GreaterThan(x, Vector512.Create(LeastExponent));

    /// <summary>result[i] = exp(x[i]): the runtime's; result may be x itself.</summary>
    public static void Of(ReadOnlySpan<double> x, Span<double> result) => TensorPrimitives.Exp(x, result);

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(Vector256<double> r, double constant, double linear) =>
        Vector256.FusedMultiplyAdd(r, Vector256.Create(linear), Vector256.Create(constant));
}
