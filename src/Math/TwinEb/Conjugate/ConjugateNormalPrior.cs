using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// A side's prior: p(x) = sum_k w_k prod_l N(x_l; m_kl, s2_kl), with the centre N(m0_l, s02_l) its components are shrunk to. A component of
/// weight 0 is out for good.
/// </summary>
internal sealed class ConjugateNormalPrior
{
    /// <summary>
    /// The least variance of a component: below, it is a point. In units of the noise, as u and v have the unit of the root of x.
    /// </summary>
    public static double LeastVariance(TwinEbOptions options) => 1e-6 * options.NoiseSd;

    public ConjugateNormalPrior(int components, int factors)
        : this(new double[components], new double[components * factors], new double[components * factors], new double[factors],
            new double[factors])
    {
    }

    private ConjugateNormalPrior(double[] weights, double[] means, double[] variances, double[] centreMeans, double[] centreVariances)
    {
        (Weights, Means, Variances, CentreMeans, CentreVariances) = (weights, means, variances, centreMeans, centreVariances);
    }

    public int Components => Weights.Length;

    public int Factors => CentreMeans.Length;

    public double[] Weights { get; }

    /// <summary>m, components x factors.</summary>
    public double[] Means { get; }

    /// <summary>s2, components x factors.</summary>
    public double[] Variances { get; }

    public double[] CentreMeans { get; }

    public double[] CentreVariances { get; }

    /// <summary>One component, the same normal for every factor.</summary>
    public static ConjugateNormalPrior One(int factors, double mean, double variance)
    {
        var prior = new ConjugateNormalPrior(1, factors);
        prior.Weights[0] = 1;
        prior.Means.AsSpan().Fill(mean);
        prior.Variances.AsSpan().Fill(variance);
        prior.CentreMeans.AsSpan().Fill(mean);
        prior.CentreVariances.AsSpan().Fill(variance);
        return prior;
    }

    public ConjugateNormalPrior Clone() => new(
        (double[])Weights.Clone(), (double[])Means.Clone(), (double[])Variances.Clone(), (double[])CentreMeans.Clone(),
        (double[])CentreVariances.Clone());

    public static ConjugateNormalPrior Read(ArraySet from, ConjugatePriorKeys keys) => new(
        from.Get(keys.Weights), from.Get(keys.Means), from.Get(keys.Variances), from.Get(keys.CentreMeans), from.Get(keys.CentreVariances));

    public void Write(ArraySet to, ConjugatePriorKeys keys) => to
        .Set(keys.Weights, Weights)
        .Set(keys.Means, Means, [Components, Factors])
        .Set(keys.Variances, Variances, [Components, Factors])
        .Set(keys.CentreMeans, CentreMeans)
        .Set(keys.CentreVariances, CentreVariances);

    /// <summary>-strength sum_kl KL(N(m0_l, s02_l) || N(m_kl, s2_kl)) over the components that are in. Never above 0.</summary>
    public double Penalty(double strength)
    {
        var sum = 0.0;
        for (var at = 0; at < Means.Length; at++)
        {
            sum -= Weights[at / Factors] > 0
                ? strength * Divergence(CentreMeans[at % Factors], CentreVariances[at % Factors], Means[at], Variances[at])
                : 0;
        }

        return sum;
    }

    /// <summary>KL(N(m0, v0) || N(m, v)).</summary>
    public static double Divergence(double m0, double v0, double m, double v) =>
        0.5 * (double.Log(v / v0) + ((v0 + ((m0 - m) * (m0 - m))) / v) - 1);
}
