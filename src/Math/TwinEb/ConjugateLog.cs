using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The natural logarithm of 4 positive normal numbers, without a branch: x = 2^n m with m in [sqrt(1/2), sqrt(2)), then the polynomial in
/// s = (m - 1) / (m + 1) of fdlibm (Sun Microsystems 1993, e_log.c), below 1 unit in the last place. Zeros, subnormal numbers, infinities and NaN are not handled.
/// </summary>
internal static class ConjugateLog
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
        var n = Vector256.BitwiseOr(Vector256.ShiftRightLogical(bits, 52), Vector256.Create(Whole)).AsDouble() - Vector256.Create(WholeAndBias);
        var m = (Vector256.BitwiseAnd(bits, Vector256.Create(0x000FFFFFFFFFFFFFUL)) + Vector256.Create(RootHalf)).AsDouble();
        var f = m - Vector256<double>.One;
        var s = f / (m + Vector256<double>.One);
        var z = s * s;
        var r = Remainder(z);
        var half = Vector256.Create(0.5) * f * f;
        var low = Vector256.FusedMultiplyAdd(s, half + r, n * Vector256.Create(Log2Low));
        return Vector256.FusedMultiplyAdd(n, Vector256.Create(Log2High), f - (half - low));
    }

    /// <summary>log((1 + s) / (1 - s)) / s - 2 for z = s squared up to 0.0295.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Remainder(Vector256<double> z)
    {
        var fourth = z * z;
        var odd = Vector256.FusedMultiplyAdd(fourth, Vector256.Create(1.531383769920937332e-01), Vector256.Create(2.222219843214978396e-01));
        odd = Vector256.FusedMultiplyAdd(odd, fourth, Vector256.Create(3.999999999940941908e-01));
        var even = Vector256.FusedMultiplyAdd(fourth, Vector256.Create(1.479819860511658591e-01), Vector256.Create(1.818357216161805012e-01));
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
