using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The natural logarithm of several positive numbers at once. There are two, whose results differ in the last bits, and fits keep theirs:
/// the runtime's on 8 lanes; and one of 4 lanes without a branch, for normal numbers alone, which both of TwinEB's optimizers have in their
/// inner loops.
/// <para>
/// The latter: x = 2^n m with m in [sqrt(1/2), sqrt(2)), then the polynomial in s = (m - 1) / (m + 1) of fdlibm (Sun Microsystems 1993,
/// e_log.c), below 1 unit in the last place. Zeros, subnormal numbers, infinities and NaN are not handled.
/// </para>
/// </summary>
public static class VectorLog
{
    private const double Log2High = 6.93147180369123816490e-01;
    private const double Log2Low = 1.90821492927058770002e-10;

    // The bits of sqrt(1/2), and what is between them and those of 1.
    private const ulong RootHalf = 0x3FE6A09E667F3BCD;
    private const ulong ToOne = 0x3FF0000000000000 - RootHalf;

    // The bits of 2^52: a whole number below it in the low bits is that number more.
    private const ulong Whole = 0x4330000000000000;
    private const double WholeAndBias = 4503599627370496.0 + 1023;

    /// <summary>log x, for x &gt;= 2.3e-308.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Of(Vector256<double> x)
    {
        var bits = x.AsUInt64() + Vector256.Create(ToOne);
        var n = Vector256.BitwiseOr(Vector256.ShiftRightLogical(bits, 52), Vector256.Create(Whole)).AsDouble() -
            Vector256.Create(WholeAndBias);
        var m = (Vector256.BitwiseAnd(bits, Vector256.Create(0x000FFFFFFFFFFFFFUL)) + Vector256.Create(RootHalf)).AsDouble();
        var f = m - Vector256<double>.One;
        var s = f / (m + Vector256<double>.One);
        var z = s * s;
        var r = Remainder(z);
        var half = Vector256.Create(0.5) * f * f;
        var low = Vector256.FusedMultiplyAdd(s, half + r, n * Vector256.Create(Log2Low));
        return Vector256.FusedMultiplyAdd(n, Vector256.Create(Log2High), f - (half - low));
    }

    /// <summary>The logarithm of each of some positive normal numbers; the result may be longer.</summary>
    public static double[] Of(ReadOnlySpan<double> x)
    {
        var padded = Padding.WithOnes(x);
        InPlace(padded);
        return padded;
    }

    /// <summary>result[i] = log x[i], for any x: the runtime's; result may be x itself.</summary>
    public static void Of(ReadOnlySpan<double> x, Span<double> result)
    {
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            VectorNormal.Store(Vector512.Log(VectorNormal.Load(x, i, 0)), result, i);
        }
    }

    /// <summary>
    /// log(1 + e) for 0 &lt;= e &lt;= 1, within 2 units in the last place: 2 atanh(s) with s = e / (2 + e), or, from e = sqrt 2 - 1 on, log
    /// 2 + 2 atanh((e - 1) / (e + 3)), so that s squared is at most 0.0295; fdlibm's polynomial (Sun Microsystems 1993, e_log.c).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> OfOnePlus(Vector256<double> e)
    {
        var isBig = Vector256.GreaterThan(e, Vector256.Create(0.4142135623730951));
        var bigOnly = Vector256<double>.One & isBig;
        var s = (e - bigOnly) / (Vector256.Create(2.0) + e + bigOnly);
        return TwiceAtanh(s) + (Vector256.Create(0.6931471805599453) & isBig);
    }

    // 2 atanh s = log((1 + s) / (1 - s)) for s squared of at most 0.0295.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> TwiceAtanh(Vector256<double> s) => Vector256.FusedMultiplyAdd(s, Remainder(s * s), s + s);

    /// <summary>log((1 + s) / (1 - s)) / s - 2 for z = s squared up to 0.0295.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Remainder(Vector256<double> z)
    {
        var fourth = z * z;
        var odd = Vector256.FusedMultiplyAdd(
            fourth, Vector256.Create(1.531383769920937332e-01), Vector256.Create(2.222219843214978396e-01));
        odd = Vector256.FusedMultiplyAdd(odd, fourth, Vector256.Create(3.999999999940941908e-01));
        var even = Vector256.FusedMultiplyAdd(
            fourth, Vector256.Create(1.479819860511658591e-01), Vector256.Create(1.818357216161805012e-01));
        even = Vector256.FusedMultiplyAdd(even, fourth, Vector256.Create(2.857142874366239149e-01));
        even = Vector256.FusedMultiplyAdd(even, fourth, Vector256.Create(6.666666666666735130e-01));
        return Vector256.FusedMultiplyAdd(odd, fourth, even * z);
    }

    /// <summary>Each of some numbers becomes its logarithm.</summary>
    /// <param name="values">The numbers, a multiple of 4 of them.</param>
    public static void InPlace(Span<double> values)
    {
        for (var at = 0; at < values.Length; at += Vector256<double>.Count)
        {
            Of(Vector256.Create<double>(values[at..])).CopyTo(values[at..]);
        }
    }
}
