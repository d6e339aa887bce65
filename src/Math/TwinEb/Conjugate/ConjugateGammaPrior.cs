using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A side's prior: p(x) = sum_k w_k prod_l Gamma(x_l; shape a_kl, rate b_kl), with the centre Gamma(a0_l, b0_l) its components are shrunk
/// to. A component of weight 0 is out for good and has no term in the penalty.
/// </summary>
internal sealed class ConjugateGammaPrior
{
    /// <summary>Shapes are held in [LeastShape, GreatestShape]: below, exp(E log x) underflows; above, a Gamma is a point.</summary>
    public const double LeastShape = 0.01;

    /// <summary>The greatest shape.</summary>
    public const double GreatestShape = 1e4;

    public ConjugateGammaPrior(int components, int factors)
        : this(new double[components], new double[components * factors], new double[components * factors], new double[factors],
            new double[factors])
    {
    }

    private ConjugateGammaPrior(double[] weights, double[] shapes, double[] rates, double[] centreShapes, double[] centreRates)
    {
        (Weights, Shapes, Rates, CentreShapes, CentreRates) = (weights, shapes, rates, centreShapes, centreRates);
    }

    public int Components => Weights.Length;

    public int Factors => CentreShapes.Length;

    public double[] Weights { get; }

    /// <summary>a, components x factors.</summary>
    public double[] Shapes { get; }

    /// <summary>b, components x factors.</summary>
    public double[] Rates { get; }

    public double[] CentreShapes { get; }

    public double[] CentreRates { get; }

    /// <summary>One component, the same Gamma for every factor.</summary>
    public static ConjugateGammaPrior One(int factors, double shape, double rate)
    {
        var prior = new ConjugateGammaPrior(1, factors);
        prior.Weights[0] = 1;
        prior.Shapes.AsSpan().Fill(shape);
        prior.Rates.AsSpan().Fill(rate);
        prior.CentreShapes.AsSpan().Fill(shape);
        prior.CentreRates.AsSpan().Fill(rate);
        return prior;
    }

    /// <summary>The mean of a factor.</summary>
    public double Mean(int factor)
    {
        var mean = 0.0;
        for (var k = 0; k < Components; k++)
        {
            mean += Weights[k] > 0 ? Weights[k] * Shapes[(k * Factors) + factor] / Rates[(k * Factors) + factor] : 0;
        }

        return mean;
    }

    public ConjugateGammaPrior Clone() => new(
        (double[])Weights.Clone(), (double[])Shapes.Clone(), (double[])Rates.Clone(), (double[])CentreShapes.Clone(),
        (double[])CentreRates.Clone());

    public static ConjugateGammaPrior Read(ArraySet from, ConjugatePriorKeys keys) => new(
        from.Get(keys.Weights), from.Get(keys.Shapes), from.Get(keys.Rates), from.Get(keys.CentreShapes), from.Get(keys.CentreRates));

    public void Write(ArraySet to, ConjugatePriorKeys keys) => to
        .Set(keys.Weights, Weights)
        .Set(keys.Shapes, Shapes, [Components, Factors])
        .Set(keys.Rates, Rates, [Components, Factors])
        .Set(keys.CentreShapes, CentreShapes)
        .Set(keys.CentreRates, CentreRates);

    /// <summary>
    /// What the components cost: -strength sum_kl KL(Gamma(a0_l, b0_l) || Gamma(a_kl, b_kl)) + shapeStrength sum_kl (h(a_kl) - h(1)), with
    /// h(a) = a log a - log Gamma(a) - a - a gap(1), which is greatest at a = 1. Never above 0.
    /// </summary>
    public double Penalty(double strength, double shapeStrength)
    {
        var (sum, gapOfOne) = (0.0, Gap(1));
        var ofOne = ShapePrior(1, 0, 0, gapOfOne);
        var (logRates, logShapes, logGammas) = (VectorLog.Of(Rates), VectorLog.Of(Shapes), VectorGamma.LogGamma(Shapes));
        var centres = Enumerable.Range(0, Factors).Select(l => new Centre(CentreShapes[l], CentreRates[l])).ToArray();
        for (var k = 0; k < Components; k++)
        {
            for (var l = 0; Weights[k] > 0 && l < Factors; l++)
            {
                var at = (k * Factors) + l;
                sum -= strength * centres[l].Divergence(Shapes[at], Rates[at], logRates[at], logGammas[at]);
                sum += shapeStrength * (ShapePrior(Shapes[at], logShapes[at], logGammas[at], gapOfOne) - ofOne);
            }
        }

        return sum;
    }

    /// <summary>log a - digamma(a): how far the log of a Gamma's mean is above the mean of its log.</summary>
    public static double Gap(double shape) => double.Log(shape) - GammaFunctions.Digamma(shape);

    private static double ShapePrior(double a, double logA, double logGammaA, double gapOfOne) =>
        (a * logA) - logGammaA - a - (a * gapOfOne);

    /// <summary>What the divergences of a centre from many Gammas have in common.</summary>
    /// <param name="shape">a0.</param>
    /// <param name="rate">b0.</param>
    public readonly struct Centre(double shape, double rate)
    {
        private readonly double _constant = (shape * double.Log(rate)) - GammaFunctions.LogGamma(shape);
        private readonly double _meanLog = GammaFunctions.Digamma(shape) - double.Log(rate);

        /// <summary>KL(Gamma(a0, b0) || Gamma(a, b)), where log b and log Gamma(a) are known.</summary>
        public double Divergence(double a, double b, double logB, double logGammaA) =>
            _constant - (a * logB) + logGammaA + ((shape - a) * _meanLog) + ((b - rate) * shape / rate);
    }
}
