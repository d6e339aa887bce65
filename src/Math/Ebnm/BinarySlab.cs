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

    // The square of a larger number may be infinite.
    private const double LargestSquared = 1e150;

    // Below this a product with another factor may leave the range of doubles.
    private const double LeastProduct = 1e-150;

    // The square of its square is in range.
    private const double LargestShare = 1e70;

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
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient,
        out Vector512<double> score, out Vector512<double> curvature, out Vector512<double> cross)
    {
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var half = Vector512.Create(0.5);
        var ten = Vector512.Create(1 / Ratio);
        var hundred = Vector512.Create(Precision);

        // s and sigma over sqrt(s^2 + sigma^2).
        var k = s * Vector512.Create(1 / (Ratio * scale));
        var b = Vector512.Sqrt(one / Vector512.FusedMultiplyAdd(k, k, one));
        var a = k * b;
        var large = Vector512.Create(LargestSquared);
        if (Vector512.GreaterThanAny(k, large))
        {
            var infinite = Vector512.GreaterThan(k, large);
            a = Vector512.ConditionalSelect(infinite, one, a);
            b = Vector512.ConditionalSelect(infinite, r * Vector512.Create(Ratio * scale), b);
        }

        var y = -((z * b) + (ten * a));
        VectorNormal.Positive(y, out var j0, out var unit, out var mean, out var around);

        // With u - mu over the marginal's standard deviation as w: z^2 - w^2 = y^2 - 100.
        var negative = Vector512.Min(y, zero);
        var w = (z * a) - (ten * b);
        var log = Vector512.Log(j0 * a);
        if (Vector512.LessThanAny(a, Vector512.Create(LeastProduct)))
        {
            log = Vector512.Log(j0) + Vector512.Log(a);
        }

        log -= Vector512.Create(NormalDistribution.LogRootTwoPi);
        logRatio = log + (half * ((negative * negative) - hundred));
        logMarginal = log - (half * Vector512.ConditionalSelect(Vector512.LessThan(y, zero), w * w, (z * z) + hundred));
        var d = b * s;
        var width = d * unit;
        first = width * mean;
        variance = width * width * around;
        sufficient = first;

        // p = eta / mu has the mean p and the variance v. Far from the slab, where its derivatives say nothing any more, p is bounded.
        var share = width * Vector512.Create(1 / scale);
        var p = Vector512.Min(share * mean, Vector512.Create(LargestShare));
        var v = share * share * around;
        var f = v + (p * (p - one));
        Central(y, unit, mean, around, out var third, out var fourth);
        var slope = (two * p) - one;
        var e = d * Vector512.Create(1 / scale);
        var spread = (slope * slope * v) + (two * slope * e * e * e * third) + ((e * e * (e * e) * fourth) - (v * v));
        score = (hundred * f) - one;
        curvature = hundred * ((p - (two * (v + (p * p)))) + (hundred * Vector512.Max(spread, zero)));

        // The mode of this family is always 0.
        cross = zero;
    }

    // The third and the fourth central moment of N(-y, 1) truncated to the positive side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Central(
        Vector512<double> y, Vector512<double> unit, Vector512<double> mean, Vector512<double> variance, out Vector512<double> third,
        out Vector512<double> fourth)
    {
        var one = Vector512<double>.One;
        var two = Vector512.Create(2.0);
        var three = Vector512.Create(3.0);

        // y < 0: with q = -y, h = mean - q, the moments of the whole normal, 0 and 3, and terms in h, which is 0 from q = 40 on.
        var q = Vector512.Min(-y, Vector512.Create(40.0));
        var m = Vector512.Min(mean, Vector512.Create(41.0));
        var h = (one - variance) / m;
        third = h * ((m * (m + h)) - one);
        fourth = three - (h * ((three * q) + (q * q * q) + (two * h) + (h * q * ((Vector512.Create(4.0) * q) + (Vector512.Create(6.0) * h)))
            + (three * h * h * h)));
        var positive = Vector512.GreaterThanOrEqual(y, Vector512<double>.Zero);
        if (positive != Vector512<double>.Zero)
        {
            var m1 = unit * mean;
            var m2 = (unit * unit * variance) + (m1 * m1);
            var m3 = (two * m1) - (y * m2);
            var m4 = (three * m2) - (y * m3);
            third = Vector512.ConditionalSelect(positive, m3 - (m1 * ((three * m2) - (two * m1 * m1))), third);
            fourth = Vector512.ConditionalSelect(
                positive, m4 - (m1 * ((Vector512.Create(4.0) * m3) - (m1 * ((Vector512.Create(6.0) * m2) - (three * m1 * m1))))), fourth);
        }
    }

    public static double Shrinkage(double u, double s, double scale) =>
        (u - scale) / (1 + (Ratio * scale / s * (Ratio * scale / s)));

    public static double LogRatio(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return 0;
        }

        var (y, a, _) = Standard(u, s, scale);
        var negative = double.Min(y, 0);
        return (0.5 * ((negative * negative) - Precision)) + double.Log(MillsRatio.Scaled(y).J0) + double.Log(a)
            - NormalDistribution.LogRootTwoPi;
    }

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (c <= 0)
        {
            return (0, 1);
        }

        var (y, d) = Posterior(u, s, scale);
        return (PositiveNormal.Below(y, c / d), PositiveNormal.Above(y, c / d));
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        var (y, d) = Posterior(u, s, scale);
        return d * PositiveNormal.UpperQuantile(y, uniform);
    }

    // eta is d times N(-y, 1) truncated to the positive side.
    private static (double Y, double Deviation) Posterior(double u, double s, double scale)
    {
        if (double.IsInfinity(s))
        {
            return (-1 / Ratio, Ratio * scale);
        }

        var (y, _, b) = Standard(u, s, scale);
        return (y, b * s);
    }

    // -m / d, and s and sigma over sqrt(s^2 + sigma^2).
    private static (double Y, double Noise, double Slab) Standard(double u, double s, double scale)
    {
        var (a, b) = (double.Min(s / (Ratio * scale), 1), double.Min(Ratio * scale / s, 1));
        var root = 1 / double.Sqrt((a * a) + (b * b));
        return (-((u / s * b) + (a / Ratio)) * root, a * root, b * root);
    }
}
