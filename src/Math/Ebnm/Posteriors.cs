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
    private readonly Vector512<double>[] seconds;
    private readonly double priorMean;
    private readonly double priorSecond;
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
        seconds = new Vector512<double>[components.Length];
        foreach (var c in components)
        {
            priorMean += c.Weight * c.PriorMean;
            priorSecond += c.Weight * c.PriorSecondMoment;
            priorNegative += c.Weight * c.PriorNegative;
            priorZero += c.IsZero ? c.Weight : 0;
        }
    }

    /// <summary>Component k's likelihood, without exp of its exponent.</summary>
    public Vector512<double> Factor(int k) => factors[k];

    /// <summary>The exponent of component k's likelihood.</summary>
    public Vector512<double> Exponent(int k) => exponents[k];

    /// <summary>L_k / (L pi) of the observations last seen by <see cref="Moments"/>, at most about exp(excess).</summary>
    public Vector512<double> Share(int k, double excess) =>
        factors[k] * VectorExp.Of(Vector512.Min(exponents[k] - most, Vector512.Create(excess))) * inverse;

    /// <summary>The log-likelihood of each observation; posterior means and second moments, the prior's where not informative.</summary>
    public Vector512<double> Moments(
        Vector512<double> x, Vector512<double> s, Vector512<double> informative, out Vector512<double> mean, out Vector512<double> second)
    {
        most = Vector512.Create(double.NegativeInfinity);
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                components[k].Posterior(x, s, out exponents[k], out factors[k], out means[k], out seconds[k]);
                most = Vector512.Max(most, exponents[k]);
            }
            else
            {
                components[k].Likelihood(x, s, out exponents[k], out factors[k]);
            }
        }

        Vector512<double> sum = Vector512<double>.Zero, first = sum, square = sum;
        for (var k = 0; k < components.Length; k++)
        {
            if (components[k].Weight > 0)
            {
                var weight = Vector512.Create(components[k].Weight) * factors[k] * VectorExp.Of(exponents[k] - most);
                sum += weight;
                first = Vector512.FusedMultiplyAdd(weight, means[k], first);
                square = Vector512.FusedMultiplyAdd(weight, seconds[k], square);
            }
        }

        inverse = Vector512<double>.One / sum;
        mean = Vector512.ConditionalSelect(informative, first * inverse, Vector512.Create(priorMean));
        second = Vector512.ConditionalSelect(informative, square * inverse, Vector512.Create(priorSecond));
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
