using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// eta ~ N(0, sigma^2). With v = s^2 + sigma^2 and t = sigma^2 / v: the marginal is N(0, v), eta | u ~ N(t u, t s^2).
/// </summary>
internal readonly struct NormalSlab : ISlab
{
    // Of s / sigma, and its inverse: products of squares of these and of 1e150 are in the range of doubles.
    private const double LeastRatio = 1e-70;
    private const double LargestSquare = 1e300;

    public static ComponentKind Kind => ComponentKind.Normal;

    public static int Sign => 0;

    public static double PriorMean(double scale) => 0;

    public static double PriorSecondMoment(double scale) => scale * scale;

    public static double PriorVariance(double scale) => scale * scale;

    public static double Maximize(double weight, double sufficient, double first, double second) => double.Sqrt(second / weight);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient,
        out Vector512<double> score, out Vector512<double> curvature, out Vector512<double> cross)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var half = Vector512.Create(0.5);
        var k = s * Vector512.Create(1 / scale);
        var noise = Vector512.Min(k * k, Vector512.Create(LargestSquare));
        var t = one / (one + noise);
        var remaining = noise * t;
        var square = z * z;
        var log = half * Vector512.Log(remaining);
        logRatio = log + (half * square * t);
        square *= remaining;
        logMarginal = log - (half * square);
        first = t * u;
        variance = t * s * s;
        if (Vector512.LessThanAny(k, Vector512.Create(LeastRatio)) || Vector512.GreaterThanAny(k, Vector512.Create(1 / LeastRatio)))
        {
            Extreme(u, s, r, z, scale, out logRatio, out logMarginal, out first, out variance);
        }

        sufficient = variance;
        score = t * (square - one);
        curvature = two * (score + (t * t * (one - two * square)));
        cross = -two * t * z * remaining;
    }

    // The same with s and sigma in units of the larger of the two, a^2 + b^2 in [1, 2], and without squares of what may be tiny.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Extreme(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance)
    {
        var one = Vector512<double>.One;
        var half = Vector512.Create(0.5);
        var a = Vector512.Min(s * Vector512.Create(1 / scale), one);
        var b = Vector512.Min(r * Vector512.Create(scale), one);
        var inverse = one / Vector512.FusedMultiplyAdd(a, a, b * b);
        var (za, zb) = (z * a, z * b);
        var log = Vector512.Log(a * Vector512.Sqrt(inverse));
        logRatio = log + (half * zb * zb * inverse);
        logMarginal = log - (half * za * za * inverse);
        first = b * inverse * (b * u);
        variance = b * s * (b * s) * inverse;
    }

    public static double Shrinkage(double u, double s, double scale) => u / (1 + (scale / s * (scale / s)));

    public static double LogRatio(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return 0;
        }

        var ratio = scale / s;
        var deviation = Share(s, scale);
        var log = ratio <= 1 ? 0.5 * double.LogP1(ratio * ratio) : double.Log(ratio) + (0.5 * double.LogP1(s / scale * (s / scale)));
        return (0.5 * (deviation * (u / s)) * (deviation * (u / s))) - log;
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (scale == 0)
        {
            return (c >= 0 ? 1 : 0, c <= 0 ? 1 : 0);
        }

        // (c - E eta) / sd, where E eta / sd = q u / s.
        var q = Share(s, scale);
        var z = double.IsInfinity(s) ? c / scale : (c == 0 ? 0 : c / s / q) - (q * (u / s));
        return (NormalDistribution.Cdf(z), NormalDistribution.Cdf(-z));
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        var q = Share(s, scale);
        var (mean, deviation) = double.IsInfinity(s) ? (0, scale) : (q * (q * u), s * q);
        return deviation == 0 ? mean : mean + (deviation * NormalDistribution.Quantile(uniform));
    }

    // sigma over sqrt(s^2 + sigma^2).
    private static double Share(double s, double scale)
    {
        var ratio = scale < s ? scale / s : s / scale;
        return (scale < s ? ratio : 1) / double.Sqrt(1 + (ratio * ratio));
    }
}
