using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The M-step of a Gamma mixture: maximizes its part of the ELBO plus <see cref="ConjugateGammaPrior.Penalty"/> (docs/twineb-default.md,
/// section 4).
/// </summary>
internal static class ConjugateGammaStep
{
    // A component with less than this expected number of members cannot matter (the ELBO changes by less) and is taken out.
    private const double LeastMembers = 1e-7;

    /// <summary>
    /// Weights by their share; the mean of each component and factor from its members and <paramref name="strength"/> pseudo-members at the
    /// centre; the shape given the mean from the same and <paramref name="shapeStrength"/> more that say 1. Then the centre. A new prior.
    /// </summary>
    public static ConjugateGammaPrior Mixture(
        ConjugateGammaPrior before, ConjugateGammaStatistics statistics, double strength, double shapeStrength)
    {
        var (k, l) = (before.Components, before.Factors);
        var prior = before.Clone();
        var total = 0.0;
        for (var c = 0; c < k; c++)
        {
            prior.Weights[c] = before.Weights[c] > 0 && statistics.Counts[c] > LeastMembers ? statistics.Counts[c] : 0;
            total += prior.Weights[c];
        }

        var (centreLogs, gapOfOne) = (new double[l], ConjugateGammaPrior.Gap(1));
        for (var f = 0; strength > 0 && f < l; f++)
        {
            centreLogs[f] = GammaFunctions.Digamma(before.CentreShapes[f]) - double.Log(before.CentreRates[f]);
        }

        var lanes = System.Runtime.Intrinsics.Vector256<double>.Count;
        Span<double> means = new double[l + lanes];
        Span<double> gaps = new double[l + lanes];
        for (var c = 0; c < k; c++)
        {
            prior.Weights[c] /= total;
            if (prior.Weights[c] == 0)
            {
                continue;
            }

            var members = statistics.Counts[c] + strength;
            for (var f = 0; f < l; f++)
            {
                var at = (c * l) + f;
                means[f] = (statistics.Means[at] + (strength * before.CentreShapes[f] / before.CentreRates[f])) / members;
            }

            var logs = VectorLog.Of(means[..l]);
            for (var f = 0; f < l; f++)
            {
                var log = (statistics.Logs[(c * l) + f] + (strength * centreLogs[f])) / members;
                gaps[f] = ((members * (logs[f] - log)) + (shapeStrength * gapOfOne)) / (members + shapeStrength);
            }

            var shapes = prior.Shapes.AsSpan(c * l, l);
            GammaShape.OfGaps(gaps, shapes, ConjugateGammaPrior.LeastShape, ConjugateGammaPrior.GreatestShape);
            for (var f = 0; f < l; f++)
            {
                prior.Rates[(c * l) + f] = shapes[f] / means[f];
            }
        }

        if (strength > 0)
        {
            Recentre(prior, statistics, strength);
        }

        return prior;
    }

    /// <summary>Maximum likelihood of one Gamma shared by all factors.</summary>
    public static ConjugateGammaPrior Shared(ConjugateGammaPrior before, ConjugateGammaStatistics statistics)
    {
        var values = statistics.Counts[0] * before.Factors;
        var mean = Sum(statistics.Means) / values;
        var shape = GammaShape.OfGap(
            double.Log(mean) - (Sum(statistics.Logs) / values), ConjugateGammaPrior.LeastShape, ConjugateGammaPrior.GreatestShape);
        return ConjugateGammaPrior.One(before.Factors, shape, shape / mean);
    }

    // The sum over components of KL(centre || component) is least where the centre has the mean of their natural parameters. The mean
    // weighted by members / (members + strength) is where the alternation would end, and is taken where it is no worse than the centre
    // there was.
    private static void Recentre(ConjugateGammaPrior prior, ConjugateGammaStatistics statistics, double strength)
    {
        var (k, l) = (prior.Components, prior.Factors);
        var (logRates, logGammas) = (VectorLog.Of(prior.Rates), VectorGamma.LogGamma(prior.Shapes));
        for (var f = 0; f < l; f++)
        {
            double shape = 0, rate = 0, weight = 0, plainShape = 0, plainRate = 0, count = 0;
            for (var c = 0; c < k; c++)
            {
                if (prior.Weights[c] > 0)
                {
                    var share = statistics.Counts[c] / (statistics.Counts[c] + strength);
                    var (a, b) = (prior.Shapes[(c * l) + f], prior.Rates[(c * l) + f]);
                    (shape, rate, weight) = (shape + (share * a), rate + (share * b), weight + share);
                    (plainShape, plainRate, count) = (plainShape + a, plainRate + b, count + 1);
                }
            }

            var weighted = (shape / weight, rate / weight);
            var better = IsNearer(
                prior, logRates, logGammas, f, new(shape / weight, rate / weight), new(prior.CentreShapes[f], prior.CentreRates[f]));
            (prior.CentreShapes[f], prior.CentreRates[f]) = better ? weighted : (plainShape / count, plainRate / count);
        }
    }

    // Whether the components' divergences from one centre add up to no more than those from another.
    private static bool IsNearer(ConjugateGammaPrior prior, double[] logRates, double[] logGammas, int factor,
        ConjugateGammaPrior.Centre one, ConjugateGammaPrior.Centre other)
    {
        var (sum, sumOfOther) = (0.0, 0.0);
        for (var c = 0; c < prior.Components; c++)
        {
            if (prior.Weights[c] > 0)
            {
                var at = (c * prior.Factors) + factor;
                var (a, b) = (prior.Shapes[at], prior.Rates[at]);
                sum += one.Divergence(a, b, logRates[at], logGammas[at]);
                sumOfOther += other.Divergence(a, b, logRates[at], logGammas[at]);
            }
        }

        return sum <= sumOfOther;
    }

    private static double Sum(double[] values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }
}
