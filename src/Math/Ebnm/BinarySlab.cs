using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// eta ~ N+(mu, (mu / 10)^2), a normal truncated to eta &gt;= 0; mu is the scale. With sigma = mu / 10 and v = s^2 + sigma^2, eta given u
/// is N(m, d^2) truncated to the positive side, m = (u sigma^2 + mu s^2) / v, d = s sigma / sqrt v, and the marginal is N(u; mu, v) Phi(m /
/// d) / Phi(10). Derivatives in log mu follow from f = -1 + 100 (p^2 - p), p = eta / mu, the derivative of the slab's log-density: the
/// score is E f, the curvature E f' + var f.
/// </summary>
internal readonly struct BinarySlab : ISlab
{
    /// <summary>sigma / mu.</summary>
    internal const double Ratio = 0.1;

    // phi(10) / Phi(10) is 8e-23, log Phi(10) is -8e-24: both vanish in double precision.
    private const double Precision = 1 / (Ratio * Ratio);

    public static ComponentKind Kind => ComponentKind.TruncatedNormal;

    public static int Sign => 1;

    public static double PriorMean(double scale) => scale;

    public static double PriorSecondMoment(double scale) => (1 + (Ratio * Ratio)) * scale * scale;

    public static double PriorVariance(double scale) => Ratio * Ratio * scale * scale;

    // Maximizes -R log mu - 50 (second / mu^2 - 2 first / mu): the positive root of R mu^2 + 100 first mu - 100 second.
    public static double Maximize(double weight, double sufficient, double first, double second)
    {
        var b = Precision * first;
        var c = Precision * second;
        return 2 * c / (b + double.Sqrt((b * b) + (4 * weight * c)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, double scale, out Vector512<double> logRatio,
        out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient, out Vector512<double> score,
        out Vector512<double> curvature, out Vector512<double> cross)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var half = Vector512.Create(0.5);
        var hundred = Vector512.Create(Precision);
        var mu = Vector512.Create(scale);
        var deviation = Vector512.Create(Ratio * scale);
        var noise = s * s;
        var inverse = one / (noise + (deviation * deviation));
        var root = Vector512.Sqrt(inverse);
        var d = s * deviation * root;
        var y = -((u * deviation * r) + (s * Vector512.Create(1 / Ratio))) * root;
        VectorNormal.Mills(y, out var j0, out var j1, out var j2);
        var positive = Vector512.Max(y, Vector512<double>.Zero);
        var z = u * r;
        logRatio = (half * ((z * z) - ((u - mu) * (u - mu) * inverse) - (positive * positive)))
            + Vector512.Log(j0 * s * root * Vector512.Create(1 / MillsRatio.RootTwoPi));
        var scaled = one / j0;
        var j3 = (two * j1) - (y * j2);
        var j4 = (Vector512.Create(3.0) * j2) - (y * j3);
        var unit = d * Vector512.Create(1 / scale);
        var p1 = unit * j1 * scaled;
        var p2 = unit * unit * j2 * scaled;
        var p3 = unit * unit * unit * j3 * scaled;
        var p4 = unit * unit * unit * unit * j4 * scaled;
        var f = p2 - p1;
        first = mu * p1;
        variance = mu * mu * Vector512.Max(p2 - (p1 * p1), Vector512<double>.Zero);
        sufficient = first;
        score = (hundred * f) - one;
        curvature = hundred * ((p1 - two * p2) + (hundred * Vector512.Max(p4 - (two * p3) + p2 - (f * f), Vector512<double>.Zero)));

        // The mode of this family is always 0.
        cross = Vector512<double>.Zero;
    }

    public static double LogRatio(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return 0;
        }

        var (mean, deviation) = Posterior(u, s, scale);
        var v = (s * s) + (Ratio * scale * Ratio * scale);
        return (0.5 * ((u / s * (u / s)) - ((u - scale) * (u - scale) / v) + double.Log(s * s / v)))
            + NormalDistribution.LogCdf(mean / deviation);
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (c <= 0)
        {
            return (0, 1);
        }

        var (mean, deviation) = Posterior(u, s, scale);
        var beyond = ExponentialSlab.Survival(mean / deviation, c / deviation);
        return (1 - beyond, beyond);
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        var (mean, deviation) = Posterior(u, s, scale);
        return deviation * ExponentialSlab.DrawPositive(mean / deviation, uniform);
    }

    private static (double Mean, double Deviation) Posterior(double u, double s, double scale)
    {
        var sigma = Ratio * scale;
        if (double.IsInfinity(s))
        {
            return (scale, sigma);
        }

        var v = (s * s) + (sigma * sigma);
        return (((u * sigma * sigma) + (scale * s * s)) / v, s * sigma / double.Sqrt(v));
    }
}
