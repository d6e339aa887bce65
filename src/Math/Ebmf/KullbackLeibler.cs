using System.Runtime.Intrinsics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Minus the Kullback-Leibler divergence of a posterior from its prior, as EBNM yields it (docs/ebmf.md, "Model"):
/// log-likelihood + 1/2 sum_i [log 2 pi s_i^2 + ((E l_i - x_i)^2 + var l_i) / s_i^2], over finite s_i.
/// </summary>
internal static class KullbackLeibler
{
    /// <summary>The second term; the log-likelihood is added by the caller.</summary>
    public static double GaussianPart(
        ReadOnlySpan<double> x, ReadOnlySpan<double> s, ReadOnlySpan<double> mean, ReadOnlySpan<double> variance)
    {
        var (logs, squares) = (0.0, 0.0);
        var count = 0;

        // The standard deviations are often all equal: one logarithm, and one division, for a run of equal ones.
        for (var first = 0; first < x.Length;)
        {
            var length = RunLength(s[first..]);
            if (!double.IsPositiveInfinity(s[first]))
            {
                var run = Distances(x.Slice(first, length), mean.Slice(first, length), variance.Slice(first, length));
                count += length;
                logs += length * 2 * double.Log(s[first]);
                squares += run / (s[first] * s[first]);
            }

            first += length;
        }

        return 0.5 * (logs + squares + (count * double.Log(2 * double.Pi)));
    }

    private static int RunLength(ReadOnlySpan<double> s)
    {
        var end = s.IndexOfAnyExcept(s[0]);
        return end < 0 ? s.Length : int.Max(end, 1);
    }

    // The sum of E (l_i - x_i)^2 = (E l_i - x_i)^2 + var l_i.
    private static double Distances(ReadOnlySpan<double> x, ReadOnlySpan<double> mean, ReadOnlySpan<double> variance)
    {
        var sums = Vector512<double>.Zero;
        var i = 0;
        for (; i + Vector512<double>.Count <= x.Length; i += Vector512<double>.Count)
        {
            var apart = Vector512.Create(mean.Slice(i, Vector512<double>.Count)) - Vector512.Create(x.Slice(i, Vector512<double>.Count));
            sums += (apart * apart) + Vector512.Create(variance.Slice(i, Vector512<double>.Count));
        }

        var sum = Vector512.Sum(sums);
        for (; i < x.Length; i++)
        {
            sum += ((mean[i] - x[i]) * (mean[i] - x[i])) + variance[i];
        }

        return sum;
    }
}
