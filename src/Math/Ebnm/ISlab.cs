using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The continuous part of a spike-and-slab prior: eta = theta - mode has a density with one parameter, its scale. An observation is
/// u = eta + e, e ~ N(0, s^2). The vector functions take finite u and s only; the scalar ones take s = infinity too (the prior).
/// </summary>
internal interface ISlab
{
    /// <summary>The kind of prior component.</summary>
    static abstract ComponentKind Kind { get; }

    /// <summary>+1 when eta &gt;= 0 always, 0 when eta has any sign.</summary>
    static abstract int Sign { get; }

    /// <summary>E eta of the prior.</summary>
    static abstract double PriorMean(double scale);

    /// <summary>E eta^2 of the prior.</summary>
    static abstract double PriorSecondMoment(double scale);

    /// <summary>The variance of eta under the prior.</summary>
    static abstract double PriorVariance(double scale);

    /// <summary>The scale that maximizes the expected log-density of eta: an M step of EM.</summary>
    /// <param name="weight">R, the sum of responsibilities, &gt; 0.</param>
    /// <param name="sufficient">The sum of responsibility times "sufficient" of <see cref="Evaluate"/>.</param>
    /// <param name="first">The sum of responsibility times E eta.</param>
    /// <param name="second">The sum of responsibility times E eta^2.</param>
    static abstract double Maximize(double weight, double sufficient, double first, double second);

    /// <summary>
    /// The posterior of 8 observations under the slab alone, and derivatives in b = log scale of its marginal log-density l. Formulas are
    /// in ratios (u / s, s / scale), whose squares may leave the range of doubles without harm, and subtract no large, nearly equal terms.
    /// </summary>
    /// <param name="u">The observations less the mode.</param>
    /// <param name="s">Their standard errors.</param>
    /// <param name="r">1 / s.</param>
    /// <param name="z">u / s.</param>
    /// <param name="scale">The scale.</param>
    /// <param name="logRatio">l - log N(u; 0, s^2), for odds: right in absolute terms where it is small.</param>
    /// <param name="logMarginal">l + log(s sqrt(2 pi)), for likelihoods: right in relative terms where it is large.</param>
    /// <param name="first">E eta.</param>
    /// <param name="variance">The variance of eta.</param>
    /// <param name="sufficient">The expectation that <see cref="Maximize"/> needs.</param>
    /// <param name="score">dl/db.</param>
    /// <param name="curvature">d^2 l/db^2.</param>
    /// <param name="cross">s d^2 l/(db d mode) = -s d^2 l/(db du).</param>
    static abstract void Evaluate(
        Vector512<double> u, Vector512<double> s, Vector512<double> r, Vector512<double> z, double scale, out Vector512<double> logRatio,
        out Vector512<double> logMarginal, out Vector512<double> first, out Vector512<double> variance, out Vector512<double> sufficient,
        out Vector512<double> score, out Vector512<double> curvature, out Vector512<double> cross);

    /// <summary>
    /// u - E eta given u under the slab alone, to be used where the slab is smooth for as far as the likelihood reaches: |u| / s is above
    /// s / scale by many.
    /// </summary>
    static abstract double Shrinkage(double u, double s, double scale);

    /// <summary>The scalar twin of logRatio in <see cref="Evaluate"/>; 0 for s = infinity.</summary>
    static abstract double LogRatio(double u, double s, double scale);

    /// <summary>P(eta &lt;= c) and P(eta &gt;= c) given u under the slab alone, each accurate where it is small.</summary>
    static abstract (double Below, double Above) Probabilities(double u, double s, double scale, double c);

    /// <summary>The quantile of eta given u under the slab alone, up to the direction, at a probability in (0, 1).</summary>
    static abstract double Draw(double u, double s, double scale, double uniform);
}
