using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// eta ~ Laplace(0, b). With z = |u| / s, k = s / b and J the integrals of <see cref="MillsRatio"/>, the slab's marginal over
/// N(u; 0, s^2) is k / 2 (J_0(k - z) + J_0(k + z)): the parts with eta on the side of u and on the other side.
/// Each part is a truncated normal, |eta| / s having moments J_1 / J_0 and J_2 / J_0.
/// </summary>
internal readonly struct LaplaceSlab : ISlab
{
    // |u| / s, over max(1, s / b), below which the posterior mean is a series: there the difference of the two parts' means has lost five
    // digits, and the series' error is 1e-11.
    private const double SmallDistance = 1e-5;

    public static ComponentKind Kind => ComponentKind.Laplace;

    public static int Sign => 0;

    public static double PriorMean(double scale) => 0;

    public static double PriorSecondMoment(double scale) => 2 * scale * scale;

    public static double PriorVariance(double scale) => 2 * scale * scale;

    public static double Maximize(double weight, double sufficient, double first, double second) => sufficient / weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient,
        out Vector512<double> score, out Vector512<double> curvature, out Vector512<double> cross)
    {
        var zero = Vector512<double>.Zero;
        var one = Vector512<double>.One;
        var half = Vector512.Create(0.5);
        var distance = Vector512.Abs(z);
        var k = s * Vector512.Create(1 / scale);
        var y = ExponentialSlab.Difference(k, distance, Vector512.Abs(u), s, r, scale);
        VectorNormal.Positive(y, out var n0, out var nearUnit, out var near, out var nearVariance);
        VectorNormal.PositiveTail(k + distance, out var f0, out var farUnit, out var far, out var farVariance);

        // The near part is scaled by exp(-y^2 / 2) where y < 0; the far part must be too.
        var negative = Vector512.Min(y, zero);
        var exponent = half * negative * negative;
        f0 *= VectorExp.OrZero(-exponent);
        var total = n0 + f0;
        var log = Vector512.Log(half * k * total);
        logRatio = log + exponent;
        logMarginal = log + (half * Vector512.ConditionalSelect(
            Vector512.LessThan(y, zero), k * (k - distance - distance), -z * z));

        // Two parts of weights p and q: the mean |eta| of each, and its variance.
        var inverse = one / total;
        var (p, q) = (n0 * inverse, f0 * inverse);
        near *= nearUnit;
        far *= farUnit;
        var apart = near + far;
        var (a, b) = (nearUnit * s, farUnit * s);
        variance = (p * (a * a) * nearVariance) + (q * (b * b) * farVariance) + (p * q * (apart * s) * (apart * s));
        var absolute = (p * near) + (q * far);
        nearVariance *= nearUnit * nearUnit;
        farVariance *= farUnit * farUnit;

        // The two means cancel where u is small: there E eta is u / s^2 times E eta^2, less a term of third order.
        var sign = Vector512.ConditionalSelect(Vector512.LessThan(z, zero), -one, one);
        var small = Vector512.LessThan(distance, Vector512.Create(SmallDistance) * Vector512.Max(k, one));
        var signed = sign * ((p * near) - (q * far));
        if (small != zero)
        {
            var square = (p * ((near * near) + nearVariance)) + (q * ((far * far) + farVariance));
            var third = one - (Vector512.Create(4.0) * distance * distance / Vector512.FusedMultiplyAdd(k, k, Vector512.Create(4.0)));
            signed = Vector512.ConditionalSelect(small, z * square * third, signed);
        }

        first = signed * s;
        sufficient = absolute * s;
        score = (k * absolute) - one;
        var spread = (p * nearVariance) + (q * farVariance) + (p * q * (near - far) * (near - far));
        curvature = (k * (k * spread)) - (k * absolute);

        // d E|eta| / du = cov(|eta|, eta) / s^2.
        cross = -sign * k * ((p * nearVariance) - (q * farVariance) + (p * q * (near - far) * apart));
    }

    public static double Shrinkage(double u, double s, double scale) => double.CopySign(s * (s / scale), u);

    public static double LogRatio(double u, double s, double scale) => double.IsInfinity(s) ? 0 : Sides(u, s, scale).LogRatio;

    public static (double Below, double Above) Probabilities(double u, double s, double scale, double c)
    {
        if (u < 0)
        {
            var (below, above) = Probabilities(-u, s, scale, -c);
            return (above, below);
        }

        if (double.IsInfinity(s))
        {
            var tail = 0.5 * double.Exp(-double.Abs(c) / scale);
            return c < 0 ? (tail, 1 - tail) : (1 - tail, tail);
        }

        // eta > 0: u - s^2 / b + s e; eta < 0: -eta = -(u + s^2 / b) + s e; both truncated to the positive side.
        var (near, far, _) = Sides(u, s, scale);
        if (c >= 0)
        {
            var y = ExponentialSlab.Difference(u, s, scale);
            return (far + (near * PositiveNormal.Below(y, c / s)), near * PositiveNormal.Above(y, c / s));
        }

        var opposite = (u / s) + (s / scale);
        return (far * PositiveNormal.Above(opposite, -c / s), near + (far * PositiveNormal.Below(opposite, -c / s)));
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        if (double.IsInfinity(s))
        {
            return uniform < 0.5 ? scale * double.Log(2 * uniform) : -scale * double.Log(2 * (1 - uniform));
        }

        var (near, far, _) = Sides(u, s, scale);
        var (size, sign) = (double.Abs(u), u < 0 ? -1 : 1);
        return uniform < far
            ? -sign * s * PositiveNormal.UpperQuantile((size / s) + (s / scale), uniform / far)
            : sign * s * PositiveNormal.UpperQuantile(ExponentialSlab.Difference(size, s, scale), (uniform - far) / near);
    }

    // The probabilities that eta is on the side of u and on the other, and the log of the marginal over N(u; 0, s^2).
    private static (double Near, double Far, double LogRatio) Sides(double u, double s, double scale)
    {
        var (size, k) = (double.Abs(u), s / scale);
        var y = ExponentialSlab.Difference(size, s, scale);
        var negative = double.Min(y, 0);
        var near = MillsRatio.Scaled(y).J0;
        var far = MillsRatio.Value(k + (size / s)) * double.Exp(-0.5 * negative * negative);
        var total = near + far;
        return (near / total, far / total, (0.5 * negative * negative) + double.Log(0.5 * k * total));
    }
}
