using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>The posterior of 8 observations under a mixture, with the work space it needs; made once for many observations.</summary>
internal sealed class Posteriors
{
    private readonly GridComponent[] components;
    private readonly Vector512<double>[] exponents;
    private readonly Vector512<double>[] factors;
    private readonly Vector512<double>[] means;
    private readonly Vector512<double>[] variances;
    private readonly Vector512<double>[] weights;
    private readonly double priorMean;
    private readonly double priorVariance;
    private readonly double priorNegative;
    private readonly double priorZero;
    private Vector512<double> most;
    private Vector512<double> inverse;

    public Posteriors(GridComponent[] components)
    {
        this.components = components;
        exponents = new Vector512<double>[components.Length];
        factors = new Vector512<double>[components.Length];
        means = new Vector512<double>[components.Length];
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

    /// <summary>Component k's likelihood, without exp of its exponent.</summary>
    public Vector512<double> Factor(int k) => factors[k];

    /// <summary>The exponent of component k's likelihood.</summary>
    public Vector512<double> Exponent(int k) => exponents[k];

    /// <summary>L_k / (L pi) of the observations last seen by <see cref="Moments"/>, at most about exp(excess).</summary>
    public Vector512<double> Share(int k, double excess) =>
        factors[k] * VectorExp.Of(Vector512.Min(exponents[k] - most, Vector512.Create(excess))) * inverse;

    /// <summary>The log-likelihood of each observation; posterior means and variances, the prior's where not informative.</summary>
    public Vector512<double> Moments(
        Vector512<double> x, Vector512<double> s, Vector512<double> informative, out Vector512<double> mean, out Vector512<double> variance)
    {
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                components[k].Posterior(x, s, out exponents[k], out factors[k], out means[k], out variances[k]);
                most = Vector512.Max(most, exponents[k]);
            }
            else
            {
                components[k].Likelihood(x, s, out exponents[k], out factors[k]);
            }
        }

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
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                // Never E theta^2 - (E theta)^2, which cancels.
                var apart = means[k] - mean;
                spread = Vector512.FusedMultiplyAdd(weights[k], Vector512.FusedMultiplyAdd(apart, apart, variances[k]), spread);
            }
        }

        mean = Vector512.ConditionalSelect(informative, mean, Vector512.Create(priorMean));
        variance = Vector512.ConditionalSelect(informative, spread * inverse, Vector512.Create(priorVariance));
        return most + Vector512.Log(sum);
    }

    /// <summary>P(theta &lt; 0), P(theta = 0) and P(theta &gt; 0) of each observation.</summary>
    public void Signs(
        Vector512<double> x, Vector512<double> s, Vector512<double> informative,
        out Vector512<double> negative, out Vector512<double> zero, out Vector512<double> positive)
    {
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            components[k].Likelihood(x, s, out exponents[k], out factors[k]);
            most = Vector512.Max(most, exponents[k]);
        }

        Vector512<double> sum = Vector512<double>.Zero, below = sum, at = sum, above = sum;
        for (var k = 0; k < components.Length; k++)
        {
            var weight = Vector512.Create(components[k].Weight) * factors[k] * VectorExp.Of(exponents[k] - most);
            components[k].Signs(x, s, out var under, out var over);
            sum += weight;
            below += weight * under;
            above += weight * over;
            at += components[k].IsZero ? weight : Vector512<double>.Zero;
        }

        negative = Vector512.ConditionalSelect(informative, below / sum, Vector512.Create(priorNegative));
        zero = Vector512.ConditionalSelect(informative, at / sum, Vector512.Create(priorZero));
        positive = Vector512.ConditionalSelect(informative, above / sum, Vector512.Create(double.Max(0, 1 - priorNegative - priorZero)));
    }
}
