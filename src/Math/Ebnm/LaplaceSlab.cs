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
    public static ComponentKind Kind => ComponentKind.Laplace;

    public static int Sign => 0;

    public static double PriorMean(double scale) => 0;

    public static double PriorSecondMoment(double scale) => 2 * scale * scale;

    public static double PriorVariance(double scale) => 2 * scale * scale;

    public static double Maximize(double weight, double sufficient, double first, double second) => sufficient / weight;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, double scale, out Vector512<double> logRatio,
        out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient, out Vector512<double> score,
        out Vector512<double> curvature, out Vector512<double> cross)
    {
        var one = Vector512<double>.One;
        var half = Vector512.Create(0.5);
        var z = Vector512.Abs(u) * r;
        var k = s * Vector512.Create(1 / scale);
        var near = k - z;
        VectorNormal.Mills(near, out var n0, out var n1, out var n2);
        VectorNormal.MillsOfPositive(k + z, out var f0, out var f1, out var f2);

        // The near part is scaled by exp(-near^2 / 2) where near < 0; the far part must be too.
        var exponent = half * Vector512.Min(near, Vector512<double>.Zero) * Vector512.Min(near, Vector512<double>.Zero);
        var factor = VectorExp.Of(-exponent);
        f0 *= factor;
        f1 *= factor;
        f2 *= factor;
        var total = n0 + f0;
        logRatio = exponent + Vector512.Log(half * k * total);
        var inverse = one / total;
        var absolute = (n1 + f1) * inverse;
        var square = (n2 + f2) * inverse;
        var sign = Vector512.ConditionalSelect(Vector512.LessThan(u, Vector512<double>.Zero), -one, one);
        var signed = (n1 - f1) * inverse * sign;
        first = signed * s;
        variance = Vector512.Max(square - (signed * signed), Vector512<double>.Zero) * s * s;
        sufficient = absolute * s;
        score = (k * absolute) - one;
        curvature = k * ((k * (square - (absolute * absolute))) - absolute);

        // d E|eta| / du = cov(|eta|, eta) / s^2.
        var covariance = ((n2 - f2) * inverse * sign) - (absolute * signed);
        cross = -covariance * Vector512.Create(1 / scale);
    }

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
        var (z, k) = (u / s, s / scale);
        if (c >= 0)
        {
            var beyond = near * ExponentialSlab.Survival(z - k, c / s);
            return (1 - beyond, beyond);
        }

        var under = far * ExponentialSlab.Survival(-z - k, -c / s);
        return (under, 1 - under);
    }

    public static double Draw(double u, double s, double scale, double uniform)
    {
        if (double.IsInfinity(s))
        {
            return uniform < 0.5 ? scale * double.Log(2 * uniform) : -scale * double.Log(2 * (1 - uniform));
        }

        var (near, far, _) = Sides(u, s, scale);
        var (z, k, sign) = (double.Abs(u) / s, s / scale, u < 0 ? -1 : 1);
        return uniform < far
            ? -sign * s * ExponentialSlab.DrawPositive(-z - k, uniform / far)
            : sign * s * ExponentialSlab.DrawPositive(z - k, (uniform - far) / near);
    }

    // The probabilities that eta is on the side of u and on the other, and the log of the marginal over N(u; 0, s^2).
    private static (double Near, double Far, double LogRatio) Sides(double u, double s, double scale)
    {
        var (z, k) = (double.Abs(u) / s, s / scale);
        var negative = double.Min(k - z, 0);
        var near = MillsRatio.Scaled(k - z).J0;
        var far = MillsRatio.Value(k + z) * double.Exp(-0.5 * negative * negative);
        var total = near + far;
        return (near / total, far / total, (0.5 * negative * negative) + double.Log(0.5 * k * total));
    }
}
