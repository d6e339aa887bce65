using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// eta ~ N(0, sigma^2). With v = s^2 + sigma^2 and t = sigma^2 / v: the marginal is N(0, v), eta | u ~ N(t u, t s^2).
/// </summary>
internal readonly struct NormalSlab : ISlab
{
    public static ComponentKind Kind => ComponentKind.Normal;

    public static int Sign => 0;

    public static double PriorMean(double scale) => 0;

    public static double PriorSecondMoment(double scale) => scale * scale;

    public static double PriorVariance(double scale) => scale * scale;

    public static double Maximize(double weight, double sufficient, double first, double second) => double.Sqrt(second / weight);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, double scale, out Vector512<double> logRatio,
        out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient, out Vector512<double> score,
        out Vector512<double> curvature, out Vector512<double> cross)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var slab = Vector512.Create(scale * scale);
        var noise = s * s;
        var inverse = one / (noise + slab);
        var t = slab * inverse;
        var z = u * r;
        var square = u * u * inverse;
        logRatio = Vector512.Create(0.5) * (Vector512.Log(noise * inverse) + (t * z * z));
        first = t * u;
        variance = t * noise;
        sufficient = variance;
        score = t * (square - one);
        curvature = two * (score + (t * t * (one - two * square)));
        cross = -two * t * u * inverse;
    }

    public static double LogRatio(double u, double s, double scale)
    {
        var t = Shrinkage(s, scale);
        var z = u / s;
        return double.IsInfinity(s) ? 0 : 0.5 * (t * z * z - double.LogP1(scale / s * (scale / s)));
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        var (mean, deviation) = Posterior(u, s, scale);
        if (deviation == 0)
        {
            return (mean <= c ? 1 : 0, mean >= c ? 1 : 0);
        }

        var z = (c - mean) / deviation;
        return (NormalDistribution.Cdf(z), NormalDistribution.Cdf(-z));
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        var (mean, deviation) = Posterior(u, s, scale);
        return deviation == 0 ? mean : mean + (deviation * NormalDistribution.Quantile(uniform));
    }

    private static (double Mean, double Deviation) Posterior(double u, double s, double scale)
    {
        var t = Shrinkage(s, scale);
        return double.IsInfinity(s) ? (0, scale) : (t * u, s * double.Sqrt(t));
    }

    private static double Shrinkage(double s, double scale) => scale == 0 ? 0 : 1 / (1 + (s / scale * (s / scale)));
}
