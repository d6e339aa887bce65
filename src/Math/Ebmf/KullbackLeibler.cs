namespace FitCluster.Math.Ebmf;

/// <summary>
/// Minus the Kullback-Leibler divergence of a posterior from its prior, as EBNM yields it (models/ebmf.md 5.1):
/// log-likelihood + 1/2 sum_i [log 2 pi s_i^2 + (E l_i^2 - 2 x_i E l_i + x_i^2) / s_i^2], over finite s_i.
/// </summary>
internal static class KullbackLeibler
{
    /// <summary>The second term; the log-likelihood is added by the caller.</summary>
    public static double GaussianPart(ReadOnlySpan<double> x, ReadOnlySpan<double> s, ReadOnlySpan<double> mean, ReadOnlySpan<double> second)
    {
        var sum = 0.0;
        var count = 0;

        // The standard deviations are often all equal: one logarithm for a run of equal ones.
        var (lastS, lastLog) = (double.NaN, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsPositiveInfinity(s[i]))
            {
                continue;
            }

            if (s[i] != lastS)
            {
                (lastS, lastLog) = (s[i], 2 * double.Log(s[i]));
            }

            count++;
            sum += lastLog + ((second[i] - (x[i] * ((2 * mean[i]) - x[i]))) / (s[i] * s[i]));
        }

        return 0.5 * (sum + (count * double.Log(2 * double.Pi)));
    }
}
