using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// A component h of a mixture prior as the kernels use it, for x ~ N(theta, s^2), theta ~ h, on 8 lanes. Its likelihood
/// integral N(x; theta, s^2) h(dtheta) is factor exp(exponent), where the factor neither under- nor overflows. Kinds: point, normal,
/// uniform, truncated normal. Scalar twin: <see cref="GridComponentScalar"/>.
/// </summary>
internal readonly struct GridComponent
{
    private readonly double location;
    private readonly double variance;
    private readonly double low;
    private readonly double high;
    private readonly double scale;

    public GridComponent(in PriorComponent component)
    {
        Kind = component.Kind;
        if (Kind == ComponentKind.Uniform && component.Low == component.High)
        {
            (Kind, location) = (ComponentKind.Point, component.Low);
        }
        else
        {
            location = component.Location;
        }

        if (Kind is ComponentKind.Normal or ComponentKind.TruncatedNormal && component.Scale == 0)
        {
            Kind = ComponentKind.Point;
        }

        variance = Kind == ComponentKind.Point ? 0 : component.Scale * component.Scale;
        (low, high) = (component.Low, component.High);
        Weight = component.Weight;
        (scale, PriorMean, PriorVariance) = Constants();
    }

    public ComponentKind Kind { get; }

    public double Weight { get; }

    /// <summary>The mean of h.</summary>
    public double PriorMean { get; }

    /// <summary>The variance of h.</summary>
    public double PriorVariance { get; }

    /// <summary>All components of a prior.</summary>
    public static GridComponent[] Of(PriorComponent[] components)
    {
        var result = new GridComponent[components.Length];
        for (var k = 0; k < result.Length; k++)
        {
            result[k] = new GridComponent(components[k]);
        }

        return result;
    }

    /// <summary>The likelihood of x.</summary>
    public void Likelihood(Vector512<double> x, Vector512<double> s, out Vector512<double> exponent, out Vector512<double> factor)
    {
        if (Kind == ComponentKind.Uniform)
        {
            TruncatedLanes.Mass(x, s, low, high, out exponent, out factor);
            factor *= Vector512.Create(scale);
            return;
        }

        Marginal(x, s, out exponent, out factor);
        if (Kind == ComponentKind.TruncatedNormal)
        {
            Gaussian(x, s, out var m, out var d);
            TruncatedLanes.Mass(m, d, low, high, out var e, out var f);
            exponent += e;
            factor *= f * Vector512.Create(scale);
        }
    }

    /// <summary>The likelihood of x, and the mean and the variance of theta given x and this component.</summary>
    public void Posterior(
        Vector512<double> x, Vector512<double> s,
        out Vector512<double> exponent, out Vector512<double> factor, out Vector512<double> mean, out Vector512<double> around)
    {
        if (Kind == ComponentKind.Uniform)
        {
            TruncatedLanes.Moments(x, s, low, high, out exponent, out factor, out mean, out around);
            factor *= Vector512.Create(scale);
            return;
        }

        Marginal(x, s, out exponent, out factor);
        if (Kind == ComponentKind.Point)
        {
            mean = Vector512.Create(location);
            around = Vector512<double>.Zero;
            return;
        }

        Gaussian(x, s, out var m, out var d);
        if (Kind == ComponentKind.TruncatedNormal)
        {
            TruncatedLanes.Moments(m, d, low, high, out var e, out var f, out mean, out around);
            exponent += e;
            factor *= f * Vector512.Create(scale);
            return;
        }

        mean = m;
        around = d * d;
    }

    /// <summary>
    /// P(theta &lt; 0) and P(theta &gt; 0) given x and this component, each to full relative accuracy; 0 for a point at 0.
    /// </summary>
    public void Signs(Vector512<double> x, Vector512<double> s, out Vector512<double> negative, out Vector512<double> positive)
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

        var (m, d) = (x, s);
        if (Kind != ComponentKind.Uniform)
        {
            Gaussian(x, s, out m, out d);
        }

        if (Kind == ComponentKind.Normal)
        {
            negative = VectorNormal.Cdf(-m / d);
            positive = VectorNormal.Cdf(m / d);
            return;
        }

        TruncatedLanes.Mass(m, d, low, 0, out var e, out var f);
        TruncatedLanes.Mass(m, d, 0, high, out var g, out var h);
        var most = Vector512.Max(e, g);
        var below = f * VectorExp.Of(e - most);
        var above = h * VectorExp.Of(g - most);
        negative = below / (below + above);
        positive = above / (below + above);
    }

    /// <summary>Whether all of this component's mass is at 0.</summary>
    public bool IsZero => Kind == ComponentKind.Point && location == 0;

    /// <summary>P(theta &lt; 0) under the component itself.</summary>
    public double PriorNegative => Kind switch
    {
        ComponentKind.Point => location < 0 ? 1 : 0,
        ComponentKind.Normal => NormalDistribution.Cdf(-location / double.Sqrt(variance)),
        ComponentKind.Uniform => double.Clamp(-low / (high - low), 0, 1),
        _ => low >= 0 ? 0 : high <= 0 ? 1 : NormalDistribution.IntervalProbability(Standard(low), Standard(0)) * scale,
    };

    private double Standard(double value) => (value - location) / double.Sqrt(variance);

    // N(x; location, s^2 + variance).
    private void Marginal(Vector512<double> x, Vector512<double> s, out Vector512<double> exponent, out Vector512<double> factor)
    {
        var total = (s * s) + Vector512.Create(variance);
        var difference = x - Vector512.Create(location);
        exponent = Vector512.Create(-0.5) * difference * (difference / total);
        factor = Vector512.Create(1 / MillsRatio.RootTwoPi) / Vector512.Sqrt(total);
    }

    // N(m, d^2): theta given x, without the truncation.
    private void Gaussian(Vector512<double> x, Vector512<double> s, out Vector512<double> m, out Vector512<double> d)
    {
        var v = Vector512.Create(variance);
        var square = s * s;
        var shrinkage = v / (square + v);
        m = Vector512.Create(location) + (shrinkage * (x - Vector512.Create(location)));
        d = Vector512.Sqrt(shrinkage) * s;
    }

    private (double Scale, double Mean, double Variance) Constants()
    {
        switch (Kind)
        {
            case ComponentKind.Point or ComponentKind.Normal:
                return (1, location, variance);
            case ComponentKind.Uniform:
                return (1 / (high - low), 0.5 * (low + high), (high - low) * (high - low) / 12);
            case ComponentKind.TruncatedNormal:
                var (logMass, mean, square) = TruncatedNormal.Moments(Standard(low), Standard(high));
                var d = double.Sqrt(variance);
                return (double.Exp(-logMass), location + (d * mean), variance * double.Max(square - (mean * mean), 0));
            default:
                throw new ArgumentException(
                    $"a component of kind {Kind} is not one of a grid family: points, normals, uniforms and truncated normals are");
        }
    }
}
