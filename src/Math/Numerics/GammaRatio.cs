using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// log Gamma(r + u) - log Gamma(r) and its derivatives in r on 8 lanes, without the cancellation of the two terms for great r (at r = 1e7
/// theirs would be 1e-8): with R = r, or r + 8 below 8, it is (R - 1/2) log(1 + u / R) + u (log(R + u) - 1) and a difference of Stirling's
/// tails, less, below 8, the logarithm of the ratio of the products x (x + 1) ... (x + 7) at r + u and r. Absolute error below 4e-15 max(1,
/// |value|, u) for 1e-6 &lt;= r &lt;= 1e12, 0 &lt;= u &lt;= 1e7; the derivatives to 1e-12 of the result and (r below 10 or u below 0.1)
/// 1e-15 of 1 + 1 / r, 1 + 1 /
/// r squared (tests).
/// </summary>
public static class GammaRatio
{
    /// <summary>log Gamma(r + u) - log Gamma(r).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Log(Vector512<double> r, Vector512<double> u)
    {
        var (low, isLow) = VectorGammaWide.Raise(r);
        var high = low + u;
        var (inverseLow, inverseHigh) = (Vector512<double>.One / low, Vector512<double>.One / high);
        var value = ((low - Vector512.Create(0.5)) * VectorSoftplus.LogOnePlus(u * inverseLow)) +
            (u * (Vector512.Log(high) - Vector512<double>.One)) +
            (VectorGammaWide.LogTail(inverseHigh) - VectorGammaWide.LogTail(inverseLow));
        return isLow == Vector512<double>.Zero ? value : value - (isLow & LogOfRising(r, u));
    }

    /// <summary>
    /// log Gamma(r + u) - log Gamma(r) - u log r: 0 to first order for great r, where it is u (u - 1) / (2 r).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LogBeyondPower(Vector512<double> r, Vector512<double> u)
    {
        var (low, isLow) = VectorGammaWide.Raise(r);
        var high = low + u;
        var (inverseLow, inverseHigh) = (Vector512<double>.One / low, Vector512<double>.One / high);
        var value = ((high - Vector512.Create(0.5)) * VectorSoftplus.LogOnePlus(u * inverseLow)) - u +
            (VectorGammaWide.LogTail(inverseHigh) - VectorGammaWide.LogTail(inverseLow));
        return isLow == Vector512<double>.Zero
            ? value
            : value + (isLow & ((u * Vector512.Log(Vector512.ConditionalSelect(isLow, low / r, Vector512<double>.One))) - LogOfRising(
                r, u)));
    }

    /// <summary>digamma(r + u) - digamma(r).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> First(Vector512<double> r, Vector512<double> u)
    {
        var (low, isLow) = VectorGammaWide.Raise(r);
        var high = low + u;
        var (inverseLow, inverseHigh) = (Vector512<double>.One / low, Vector512<double>.One / high);
        var relative = u * inverseLow;
        var value = VectorSoftplus.LogOnePlus(relative) + (Vector512.Create(0.5) * relative * inverseHigh) -
            (VectorGammaWide.FirstTail(inverseHigh) - VectorGammaWide.FirstTail(inverseLow));
        return isLow == Vector512<double>.Zero
            ? value
            : value + (isLow & (VectorGammaWide.RisingFirst(r) - VectorGammaWide.RisingFirst(r + u)));
    }

    /// <summary>trigamma(r + u) - trigamma(r).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Second(Vector512<double> r, Vector512<double> u)
    {
        var (low, isLow) = VectorGammaWide.Raise(r);
        var high = low + u;
        var (inverseLow, inverseHigh) = (Vector512<double>.One / low, Vector512<double>.One / high);

        // 1 / high - 1 / low and half the difference of the squares, from their common factor.
        var difference = -(u * inverseLow * inverseHigh);
        var value = (difference * (Vector512<double>.One + (Vector512.Create(0.5) * (inverseLow + inverseHigh)))) +
            (VectorGammaWide.SecondTail(inverseHigh) - VectorGammaWide.SecondTail(inverseLow));
        return isLow == Vector512<double>.Zero
            ? value
            : value + (isLow & (VectorGammaWide.RisingSecond(r + u) - VectorGammaWide.RisingSecond(r)));
    }

    /// <summary>log Gamma(r + u) - log Gamma(r) of one pair.</summary>
    public static double Log(double r, double u) => Log(Vector512.Create(r), Vector512.Create(u)).ToScalar();

    /// <summary>log Gamma(r + u) - log Gamma(r) - u log r of one pair.</summary>
    public static double LogBeyondPower(double r, double u) => LogBeyondPower(Vector512.Create(r), Vector512.Create(u)).ToScalar();

    /// <summary>digamma(r + u) - digamma(r) of one pair.</summary>
    public static double First(double r, double u) => First(Vector512.Create(r), Vector512.Create(u)).ToScalar();

    /// <summary>trigamma(r + u) - trigamma(r) of one pair.</summary>
    public static double Second(double r, double u) => Second(Vector512.Create(r), Vector512.Create(u)).ToScalar();

    private static Vector512<double> LogOfRising(Vector512<double> r, Vector512<double> u) =>
        Vector512.Log(VectorGammaWide.Rising(r + u) / VectorGammaWide.Rising(r));
}
