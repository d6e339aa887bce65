using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

// The normal distribution truncated to the positive side, on 8 lanes.
public static partial class VectorNormal
{
    // The square of a larger number may be infinite.
    private const double LargestSquared = 1e150;

    /// <summary>
    /// N(-y, 1) truncated to t &gt; 0: J_0(y) of <see cref="MillsRatio"/>, scaled by exp(-y^2 / 2) where y is negative, and the mean and
    /// the variance, in units of <paramref name="unit"/> and of its square. Neither is a difference of larger terms, however far y is in
    /// either tail; the unit, about 1 / y where y is large, keeps the variance from underflowing before it is scaled. y is finite, and its
    /// square may overflow.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Positive(
        Vector512<double> y, out Vector512<double> j0, out Vector512<double> unit, out Vector512<double> mean,
        out Vector512<double> variance)
    {
        var one = Vector512<double>.One;
        var a = Vector512.Abs(y);
        PositiveTail(a, out j0, out unit, out mean, out variance);
        var negative = Vector512.LessThan(y, Vector512<double>.Zero);
        if (negative != Vector512<double>.Zero)
        {
            // With h = phi(y) / Phi(-y): mean -y + h, variance 1 - h (-y + h).
            var e = VectorExp.Of(Vector512.Create(-0.5) * a * a);
            var n0 = Vector512.Create(MillsRatio.RootTwoPi) - (j0 * e);
            var h = e / n0;
            j0 = Vector512.ConditionalSelect(negative, n0, j0);
            unit = Vector512.ConditionalSelect(negative, one, unit);
            mean = Vector512.ConditionalSelect(negative, a + h, mean);
            variance = Vector512.ConditionalSelect(negative, one - (h * (a + h)), variance);
        }
    }

    /// <summary><see cref="Positive"/> for y &gt;= 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PositiveTail(
        Vector512<double> y, out Vector512<double> j0, out Vector512<double> unit, out Vector512<double> mean,
        out Vector512<double> variance)
    {
        PositiveSeries(y, out unit, out var first, out var second);

        // J_1 = first d^2 and J_2 = second d^3 with d = 1 / (1 + y); J_0 = y J_1 + J_2.
        var g = Vector512.FusedMultiplyAdd(first, y * unit, second * unit * unit);
        j0 = unit * g;
        var inverse = Vector512<double>.One / g;
        mean = first * inverse;
        variance = (second * inverse) - (mean * mean);
    }

    // d = 1 / (1 + y), J_1(y) / d^2 and J_2(y) / d^3 for y >= 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PositiveSeries(
        Vector512<double> y, out Vector512<double> d, out Vector512<double> first, out Vector512<double> second)
    {
        // One division for 1 / (1 + y) and 1 / (5 + y), unless their product is out of range.
        var one = Vector512<double>.One + y;
        var five = Vector512.Create(5.0) + y;
        var both = Vector512<double>.One / (one * five);
        d = five * both;
        var t = (y - Vector512.Create(5.0)) * (one * both);
        if (Vector512.GreaterThanAny(y, Vector512.Create(LargestSquared)))
        {
            d = Vector512<double>.One / one;
            t = (y - Vector512.Create(5.0)) / five;
        }

        MillsSeries(t, out first, out second);
    }
}
