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
        for (var i = 0; i < x.Length;)
        {
            // The standard deviations are often all equal: one logarithm and one division for a run of equal ones.
            var run = i + 1;
            while (run < x.Length && s[run] == s[i])
            {
                run++;
            }

            if (!double.IsPositiveInfinity(s[i]))
            {
                var squares = 0.0;
                for (var r = i; r < run; r++)
                {
                    squares += second[r] - (x[r] * ((2 * mean[r]) - x[r]));
                }

                count += run - i;
                sum += ((run - i) * 2 * double.Log(s[i])) + (squares / (s[i] * s[i]));
            }

            i = run;
        }

        return 0.5 * (sum + (count * double.Log(2 * double.Pi)));
    }
}
