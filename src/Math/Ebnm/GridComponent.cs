using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// A component h of a mixture prior as the kernels use it, for x ~ N(theta, s^2), theta ~ h, on 8 lanes. Everything is in units of s, so
/// that no square over- or underflows: the likelihood integral N(x; theta, s^2) h(dtheta) is factor exp(exponent) / s, where the factor
/// neither under- nor overflows. Kinds: point, normal, uniform, truncated normal. Scalar twin: <see cref="GridComponentScalar"/>.
/// </summary>
internal readonly struct GridComponent
{
    private const double InverseRootTwoPi = 1 / MillsRatio.RootTwoPi;
    private readonly double location;
    private readonly double deviation;
    private readonly double low;
    private readonly double high;
    private readonly double logPriorMass;

    /// <summary>The component, with places on the line counted from the origin.</summary>
    public GridComponent(in PriorComponent component, double origin = 0)
    {
        Kind = component.Kind;
        location = component.Location - origin;
        if (Kind == ComponentKind.Uniform && component.Low == component.High)
        {
            (Kind, location) = (ComponentKind.Point, component.Low - origin);
        }

        if (Kind is ComponentKind.Normal or ComponentKind.TruncatedNormal && component.Scale == 0)
        {
            Kind = ComponentKind.Point;
        }

        deviation = Kind == ComponentKind.Point ? 0 : component.Scale;
        (low, high) = (component.Low - origin, component.High - origin);
        Weight = component.Weight;
        (logPriorMass, PriorMean, PriorVariance) = Constants();
    }

    public ComponentKind Kind { get; }

    public double Weight { get; }

    /// <summary>The mean of h.</summary>
    public double PriorMean { get; }

    /// <summary>The variance of h.</summary>
    public double PriorVariance { get; }

    /// <summary>All components of a prior.</summary>
    public static GridComponent[] Of(PriorComponent[] components, double origin = 0)
    {
        var result = new GridComponent[components.Length];
        for (var k = 0; k < result.Length; k++)
        {
            result[k] = new GridComponent(components[k], origin);
        }

        return result;
    }

    /// <summary>The likelihood of x; inverse = 1 / s.</summary>
    public void Likelihood(
        Vector512<double> x, Vector512<double> s, Vector512<double> inverse, out Vector512<double> exponent, out Vector512<double> factor)
    {
        if (Kind == ComponentKind.Uniform)
        {
            TruncatedLanes.Mass(x, inverse, low, high, out exponent, out factor, out _);
            return;
        }

        Marginal(x, inverse, out exponent, out factor, out var shrinkage);
        if (Kind == ComponentKind.TruncatedNormal)
        {
            Gaussian(x, s, factor, shrinkage, out var m, out _, out var d);
            TruncatedLanes.Mass(m, Vector512<double>.One / d, low, high, out var e, out var f, out var width);
            exponent += e - Vector512.Create(logPriorMass);
            factor *= f * width;
        }
    }

    /// <summary>
    /// The likelihood of x, and the mean and the variance of theta given x and this component; inverse = 1 / s. The mean is given twice, as
    /// such and from x: each is accurate where it is small.
    /// </summary>
    public void Posterior(
        Vector512<double> x, Vector512<double> s, Vector512<double> inverse, out Vector512<double> exponent, out Vector512<double> factor,
        out Vector512<double> mean, out Vector512<double> fromX, out Vector512<double> around)
    {
        if (Kind == ComponentKind.Uniform)
        {
            TruncatedLanes.Moments(x, s, inverse, low, high, out exponent, out factor, out _, out mean, out fromX, out around);
            return;
        }

        Marginal(x, inverse, out exponent, out factor, out var shrinkage);
        if (Kind == ComponentKind.Point)
        {
            mean = Vector512.Create(location);
            fromX = mean - x;
            around = Vector512<double>.Zero;
            return;
        }

        Gaussian(x, s, factor, shrinkage, out var m, out var toM, out var d);
        if (Kind == ComponentKind.TruncatedNormal)
        {
            TruncatedLanes.Moments(
                m, d, Vector512<double>.One / d, low, high, out var e, out var f, out var width, out mean, out var fromM, out around);
            fromX = toM + fromM;
            exponent += e - Vector512.Create(logPriorMass);
            factor *= f * width;
            return;
        }

        mean = m;
        fromX = toM;
        around = d * d;
    }

    /// <summary>
    /// The exponent once more, as constant - 1/2 ((x - anchor) / (s root))^2 with root^2 = 1 + ratio^2: what
    /// <see cref="FarExponents"/> subtracts without cancellation.
    /// </summary>
    public void Anchor(
        Vector512<double> x, Vector512<double> s, Vector512<double> inverse,
        out Vector512<double> anchor, out Vector512<double> ratio, out Vector512<double> constant)
    {
        constant = Vector512<double>.Zero;
        ratio = Vector512.Create(deviation) * inverse;
        anchor = Vector512.Create(location);
        var (lo, hi) = (Vector512.Create(low), Vector512.Create(high));
        if (Kind == ComponentKind.Uniform)
        {
            ratio = Vector512<double>.Zero;
            anchor = Vector512.Min(Vector512.Max(x, lo), hi);
        }
        else if (Kind == ComponentKind.TruncatedNormal)
        {
            // Where N(m, d^2) is cut on the near side, the square is completed: the likelihood of the end, and the prior's there.
            Marginal(x, inverse, out _, out var factor, out var shrinkage);
            Gaussian(x, s, factor, shrinkage, out var m, out _, out _);
            var end = Vector512.Min(Vector512.Max(m, lo), hi);
            var inside = Vector512.Equals(end, m);
            var z = (end - anchor) * Vector512.Create(1 / deviation);
            constant = Vector512.Create(-logPriorMass)
                + Vector512.ConditionalSelect(inside, constant, Vector512.Create(-0.5) * z * z);
            anchor = Vector512.ConditionalSelect(inside, anchor, end);
            ratio = Vector512.ConditionalSelect(inside, ratio, Vector512<double>.Zero);
        }
    }

    /// <summary>
    /// P(theta &lt; 0) and P(theta &gt; 0) given x and this component, each to full relative accuracy; 0 for a point at 0.
    /// </summary>
    public void Signs(
        Vector512<double> x, Vector512<double> s, Vector512<double> inverse, out Vector512<double> negative, out Vector512<double> positive)
    {
        var one = Vector512<double>.One;
        var zero = Vector512<double>.Zero;
        var oneSided = Kind != ComponentKind.Normal && (Kind == ComponentKind.Point || low >= 0 || high <= 0);
        if (oneSided)
        {
            var sign = Kind == ComponentKind.Point ? double.Sign(location) : low >= 0 ? 1 : -1;
            negative = sign < 0 ? one : zero;
            positive = sign > 0 ? one : zero;
            return;
        }

        var (m, inverseD) = (x, inverse);
        if (Kind != ComponentKind.Uniform)
        {
            Marginal(x, inverse, out _, out var factor, out var shrinkage);
            Gaussian(x, s, factor, shrinkage, out m, out _, out var d);
            inverseD = Vector512<double>.One / d;
        }

        if (Kind == ComponentKind.Normal)
        {
            var z = TruncatedLanes.Within(m * inverseD);
            negative = VectorNormal.Cdf(-z);
            positive = VectorNormal.Cdf(z);
            return;
        }

        // exp of the difference of the exponents, whose squares may be large and nearly equal.
        TruncatedLanes.Mass(m, inverseD, low, 0, out _, out var f, out var fWidth);
        TruncatedLanes.Mass(m, inverseD, 0, high, out _, out var h, out var hWidth);
        var under = Vector512.Min(Vector512.Max(m, Vector512.Create(low)), zero);
        var over = Vector512.Min(Vector512.Max(m, zero), Vector512.Create(high));
        var apart = Vector512.Create(-0.5) * TruncatedLanes.Within((under - over) * inverseD)
            * TruncatedLanes.Within(((under - m) + (over - m)) * inverseD);
        var below = f * fWidth * Below(apart);
        var above = h * hWidth * Below(-apart);
        negative = below / (below + above);
        positive = above / (below + above);
    }

    /// <summary>
    /// From where places on the line are counted: a point mass that is first and within all others (a mode), else 0. Distances
    /// from a mode are not rounded as places far from 0 are.
    /// </summary>
    public static double Origin(PriorComponent[] components)
    {
        if (components.Length == 0 || components[0].Kind != ComponentKind.Point)
        {
            return 0;
        }

        var mode = components[0].Location;
        return Array.TrueForAll(components, c => c.Kind is ComponentKind.Point or ComponentKind.Normal
            ? c.Location == mode
            : c.Low <= mode && c.High >= mode) ? mode : 0;
    }

    /// <summary>Whether all of this component's mass is at 0.</summary>
    public bool IsZero => Kind == ComponentKind.Point && location == 0;

    /// <summary>P(theta &lt; 0) under the component itself.</summary>
    public double PriorNegative => Kind switch
    {
        ComponentKind.Point => location < 0 ? 1 : 0,
        ComponentKind.Normal => NormalDistribution.Cdf(-location / deviation),
        ComponentKind.Uniform => double.Clamp(-low / (high - low), 0, 1),
        _ => low >= 0 ? 0 : high <= 0 ? 1 : double.Exp(
            NormalDistribution.LogIntervalProbability(Standard(low), Standard(0)) - logPriorMass),
    };

    /// <summary>sqrt(1 + t^2), t &gt;= 0, where t^2 may overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Root(Vector512<double> t)
    {
        // From 1e9 on it is t.
        var moderate = Vector512.Min(t, Vector512.Create(1e9));
        return Vector512.Max(t, Vector512.Sqrt(Vector512.FusedMultiplyAdd(moderate, moderate, Vector512<double>.One)));
    }

    // exp(x) for x <= 0 and 1 above it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Below(Vector512<double> x) => VectorExp.OrZero(Vector512.Min(x, Vector512<double>.Zero));

    private double Standard(double value) => (value - location) / deviation;

    // N(x; location, s^2 + deviation^2), and the root of the shrinkage deviation^2 / (s^2 + deviation^2).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Marginal(
        Vector512<double> x, Vector512<double> inverse, out Vector512<double> exponent, out Vector512<double> factor,
        out Vector512<double> shrinkage)
    {
        var z = (x - Vector512.Create(location)) * inverse;
        factor = Vector512.Create(InverseRootTwoPi);
        shrinkage = Vector512<double>.Zero;
        if (Kind != ComponentKind.Point)
        {
            var ratio = Vector512.Create(deviation) * inverse;
            var inverseRoot = Vector512<double>.One / Root(ratio);
            z *= inverseRoot;
            factor *= inverseRoot;
            shrinkage = ratio * inverseRoot;
        }

        z = TruncatedLanes.Within(z);
        exponent = Vector512.Create(-0.5) * z * z;
    }

    // N(m, d^2): theta given x, without the truncation; m is counted from what it is closer to, the location or x.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gaussian(
        Vector512<double> x, Vector512<double> s, Vector512<double> factor, Vector512<double> shrinkage,
        out Vector512<double> m, out Vector512<double> fromX, out Vector512<double> d)
    {
        var place = Vector512.Create(location);
        var difference = x - place;
        var inverseRoot = factor * Vector512.Create(MillsRatio.RootTwoPi);
        fromX = -difference * inverseRoot * inverseRoot;
        m = Vector512.ConditionalSelect(
            Vector512.GreaterThan(shrinkage, inverseRoot), x + fromX, Vector512.FusedMultiplyAdd(shrinkage * shrinkage, difference, place));
        d = shrinkage * s;
    }

    private (double LogMass, double Mean, double Variance) Constants()
    {
        switch (Kind)
        {
            case ComponentKind.Point or ComponentKind.Normal:
                return (0, location, deviation * deviation);
            case ComponentKind.Uniform:
                return (0, low + (0.5 * (high - low)), (high - low) * (high - low) / 12);
            case ComponentKind.TruncatedNormal:
                var (logMass, mean, variance) = TruncatedNormal.Moments(Standard(low), Standard(high));
                return (logMass, location + (deviation * mean), deviation * deviation * variance);
            default:
                throw new ArgumentException(
                    $"a component of kind {Kind} is not one of a grid family: points, normals, uniforms and truncated normals are");
        }
    }
}
