using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>The posterior of 8 observations under a mixture, with the work space it needs; made once for many observations.</summary>
internal sealed class Posteriors
{
    // L_k / (L pi) of a component without weight, at most: its square is still finite.
    private const double MostShare = 1e100;

    // From here on x / s, the rounding of means beside x may be seen in the variance.
    private const double Far = 1e6;

    // exp of it is the least that VectorExp gives; below it, 0.
    private const double LeastLogShare = -708;

    // A component whose weight and factor are that much of the total may have a share that is a number where its exp is none.
    private const double Underestimated = 4;

    private readonly double origin;
    private readonly GridComponent[] components;
    private readonly Vector512<double>[] exponents;
    private readonly Vector512<double>[] factors;
    private readonly Vector512<double>[] means;
    private readonly Vector512<double>[] fromX;
    private readonly Vector512<double>[] variances;
    private readonly Vector512<double>[] weights;
    private readonly double priorMean;
    private readonly double priorVariance;
    private readonly double priorNegative;
    private readonly double priorZero;
    private Vector512<double> most;
    private Vector512<double> offset;
    private Vector512<double> inverse;

    /// <summary>Work space for components and observations whose places are counted from the origin.</summary>
    public Posteriors(GridComponent[] components, double origin)
    {
        this.components = components;
        this.origin = origin;
        exponents = new Vector512<double>[components.Length];
        factors = new Vector512<double>[components.Length];
        means = new Vector512<double>[components.Length];
        fromX = new Vector512<double>[components.Length];
        variances = new Vector512<double>[components.Length];
        weights = new Vector512<double>[components.Length];
        foreach (var c in components)
        {
            priorMean += c.Weight * c.PriorMean;
            priorNegative += c.Weight * c.PriorNegative;
            priorZero += c.IsZero ? c.Weight : 0;
        }

        foreach (var c in components)
        {
            priorVariance += c.Weight > 0 ? c.Weight * (c.PriorVariance + ((c.PriorMean - priorMean) * (c.PriorMean - priorMean))) : 0;
        }
    }

    /// <summary>The log-likelihood of component k alone, of the observations last seen by <see cref="Moments"/>.</summary>
    public Vector512<double> LogLikelihood(int k) => offset + exponents[k] + Vector512.Log(factors[k]);

    /// <summary>L_k / (L pi) of the observations last seen by <see cref="Moments"/>, at most 1e100, with exp of excess at most.</summary>
    public Vector512<double> Share(int k, double excess) => Vector512.Min(
        factors[k] * VectorExp.Of(Vector512.Min(exponents[k] - most, Vector512.Create(excess))) * inverse, Vector512.Create(MostShare));

    /// <summary>The log-likelihood of each observation; posterior means and variances, the prior's where not informative.</summary>
    public Vector512<double> Moments(
        Vector512<double> x, Vector512<double> s, Vector512<double> informative, out Vector512<double> mean, out Vector512<double> variance)
    {
        var inverseS = Vector512<double>.One / s;
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                components[k].Posterior(x, s, inverseS, out exponents[k], out factors[k], out means[k], out fromX[k], out variances[k]);
                most = Vector512.Max(most, exponents[k]);
            }
            else
            {
                components[k].Likelihood(x, s, inverseS, out exponents[k], out factors[k]);
            }
        }

        // Likelihoods are in units of 1 / s.
        offset = FarExponents.Refine(components, all: false, x, s, inverseS, exponents, ref most) - Vector512.Log(s);
        Vector512<double> sum = Vector512<double>.Zero, first = sum, spread = sum;
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                var weight = Vector512.Create(components[k].Weight) * factors[k] * VectorExp.Of(exponents[k] - most);
                weights[k] = weight;
                sum += weight;
                first = Vector512.FusedMultiplyAdd(weight, means[k], first);
            }
        }

        inverse = Vector512<double>.One / sum;
        mean = first * inverse;
        var centre = mean;
        if (Vector512.GreaterThanAny(Vector512.Abs(x) * inverseS, Vector512.Create(Far)))
        {
            (mean, centre) = (FromLargest(x), Vector512<double>.Zero);
        }

        // Never E theta^2 - (E theta)^2, which cancels.
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                var apart = means[k] - centre;
                spread = Vector512.FusedMultiplyAdd(
                    weights[k] * inverse, Vector512.FusedMultiplyAdd(apart, apart, variances[k]), spread);
            }
        }

        mean += Vector512.Create(origin);
        mean = Vector512.ConditionalSelect(informative, mean, Vector512.Create(priorMean + origin));
        variance = Vector512.ConditionalSelect(informative, spread, Vector512.Create(priorVariance));
        return offset + most + Vector512.Log(sum);
    }

    // The mean, and, in place of the components' means, their distances from it: all from the mean of the likeliest component. Means
    // that are close to x and far from 0 are subtracted as distances from x.
    private Vector512<double> FromLargest(Vector512<double> x)
    {
        Vector512<double> largest = Vector512<double>.Zero, place = largest, beside = largest, first = largest;
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                // What VectorExp rounds up to 3e-308 is 0 beside squares of 1e300.
                weights[k] &= Vector512.GreaterThan(exponents[k] - most, Vector512.Create(LeastLogShare));
                var larger = Vector512.GreaterThan(weights[k], largest);
                largest = Vector512.ConditionalSelect(larger, weights[k], largest);
                place = Vector512.ConditionalSelect(larger, means[k], place);
                beside = Vector512.ConditionalSelect(larger, fromX[k], beside);
            }
        }

        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                var closer = Vector512.LessThan(
                    Vector512.Abs(fromX[k]) + Vector512.Abs(beside), Vector512.Abs(means[k]) + Vector512.Abs(place));
                means[k] = Vector512.ConditionalSelect(closer, fromX[k] - beside, means[k] - place);
                first = Vector512.FusedMultiplyAdd(weights[k], means[k], first);
            }
        }

        var shift = first * inverse;
        for (var k = 0; k < components.Length; k++)
        {
            // Where there is no weight, no distance: its square may be infinite.
            means[k] = (means[k] - shift) & Vector512.GreaterThan(weights[k], Vector512<double>.Zero);
        }

        return place + shift;
    }

    /// <summary>P(theta &lt; 0), P(theta = 0) and P(theta &gt; 0) of each observation; places are counted from 0.</summary>
    public void Signs(
        Vector512<double> x, Vector512<double> s, Vector512<double> informative,
        out Vector512<double> negative, out Vector512<double> zero, out Vector512<double> positive)
    {
        var inverseS = Vector512<double>.One / s;
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            components[k].Likelihood(x, s, inverseS, out exponents[k], out factors[k]);
            most = Vector512.Max(most, exponents[k]);
        }

        FarExponents.Refine(components, all: true, x, s, inverseS, exponents, ref most);
        Vector512<double> total = Vector512<double>.Zero, greatest = total;
        for (var k = 0; k < components.Length; k++)
        {
            var largest = Vector512.Create(components[k].Weight) * factors[k];
            weights[k] = largest * VectorExp.OrZero(exponents[k] - most);
            total += weights[k];
            greatest = Vector512.Max(greatest, largest);
        }

        if (Vector512.GreaterThanAny(greatest, total * Vector512.Create(Underestimated)))
        {
            LogWeights();
        }

        Vector512<double> sum = Vector512<double>.Zero, below = sum, at = sum, above = sum;
        for (var k = 0; k < components.Length; k++)
        {
            components[k].Signs(x, s, inverseS, out var under, out var over);
            sum += weights[k];
            below += weights[k] * under;
            above += weights[k] * over;
            at += components[k].IsZero ? weights[k] : Vector512<double>.Zero;
        }

        negative = Vector512.ConditionalSelect(informative, below / sum, Vector512.Create(priorNegative));
        zero = Vector512.ConditionalSelect(informative, at / sum, Vector512.Create(priorZero));
        positive = Vector512.ConditionalSelect(informative, above / sum, Vector512.Create(double.Max(0, 1 - priorNegative - priorZero)));
    }

    // The weights up to a common factor, in logarithms: a rate of 1e-300 is as right as one of 0.1.
    private void LogWeights()
    {
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            exponents[k] += Vector512.Log(factors[k] * Vector512.Create(components[k].Weight));
            most = Vector512.Max(most, exponents[k]);
        }

        for (var k = 0; k < components.Length; k++)
        {
            weights[k] = VectorExp.OrZero(exponents[k] - most);
        }
    }
}
