namespace FitCluster.Math.TwinEb;

/// <summary>
/// The M-step of a normal mixture: maximizes its part of the ELBO plus <see cref="ConjugateNormalPrior.Penalty"/> (docs/twineb-default.md,
/// section 5).
/// </summary>
internal static class ConjugateNormalStep
{
    // As for the Gamma mixture: the ELBO changes by less than this when such a component goes.
    private const double LeastMembers = 1e-7;

    /// <summary>
    /// Weights by their share; mean and variance of each component from its members and <paramref name="strength"/> pseudo-members at the
    /// centre, but no variance below <paramref name="leastVariance"/>. Then the centre.
    /// </summary>
    public static ConjugateNormalPrior Mixture(
        ConjugateNormalPrior before, ConjugateNormalStatistics statistics, double strength, double leastVariance)
    {
        var (k, l) = (before.Components, before.Factors);
        var prior = before.Clone();
        var total = 0.0;
        for (var c = 0; c < k; c++)
        {
            prior.Weights[c] = before.Weights[c] > 0 && statistics.Counts[c] > LeastMembers ? statistics.Counts[c] : 0;
            total += prior.Weights[c];
        }

        for (var c = 0; c < k; c++)
        {
            prior.Weights[c] /= total;
            for (var f = 0; prior.Weights[c] > 0 && f < l; f++)
            {
                var at = (c * l) + f;
                var (m0, v0) = (before.CentreMeans[f], before.CentreVariances[f]);
                var members = statistics.Counts[c] + strength;
                var mean = (statistics.Means[at] + (strength * m0)) / members;
                var square = (statistics.Squares[at] + (strength * (v0 + (m0 * m0)))) / members;
                prior.Means[at] = mean;
                prior.Variances[at] = double.Max(square - (mean * mean), leastVariance);
            }
        }

        if (strength > 0)
        {
            Recentre(prior, statistics, strength);
        }

        return prior;
    }

    /// <summary>Maximum likelihood of one normal shared by all factors.</summary>
    public static ConjugateNormalPrior Shared(
        ConjugateNormalPrior before, ConjugateNormalStatistics statistics, double leastVariance)
    {
        var values = statistics.Counts[0] * before.Factors;
        var (mean, square) = (0.0, 0.0);
        for (var f = 0; f < before.Factors; f++)
        {
            mean += statistics.Means[f] / values;
            square += statistics.Squares[f] / values;
        }

        return ConjugateNormalPrior.One(before.Factors, mean, double.Max(square - (mean * mean), leastVariance));
    }

    // As for Gamma mixtures: the mean of natural parameters, weighted where that is no worse than the centre there was.
    private static void Recentre(ConjugateNormalPrior prior, ConjugateNormalStatistics statistics, double strength)
    {
        var (k, l) = (prior.Components, prior.Factors);
        for (var f = 0; f < l; f++)
        {
            double precision = 0, shift = 0, weight = 0, plainPrecision = 0, plainShift = 0, count = 0;
            for (var c = 0; c < k; c++)
            {
                if (prior.Weights[c] > 0)
                {
                    var share = statistics.Counts[c] / (statistics.Counts[c] + strength);
                    var (m, v) = (prior.Means[(c * l) + f], prior.Variances[(c * l) + f]);
                    (precision, shift, weight) = (precision + (share / v), shift + (share * m / v), weight + share);
                    (plainPrecision, plainShift, count) = (plainPrecision + (1 / v), plainShift + (m / v), count + 1);
                }
            }

            var weighted = (shift / precision, weight / precision);
            var better = Divergence(prior, f, weighted) <= Divergence(prior, f, (prior.CentreMeans[f], prior.CentreVariances[f]));
            (prior.CentreMeans[f], prior.CentreVariances[f]) = better ? weighted : (plainShift / plainPrecision, count / plainPrecision);
        }
    }

    private static double Divergence(ConjugateNormalPrior prior, int factor, (double Mean, double Variance) centre)
    {
        var sum = 0.0;
        for (var c = 0; c < prior.Components; c++)
        {
            if (prior.Weights[c] > 0)
            {
                var at = (c * prior.Factors) + factor;
                sum += ConjugateNormalPrior.Divergence(centre.Mean, centre.Variance, prior.Means[at], prior.Variances[at]);
            }
        }

        return sum;
    }
}
