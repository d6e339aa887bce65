using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>What a cold start of a prior needs to know of the pseudo-data, as sums and maxima that combine over shards.</summary>
internal static class Summaries
{
    /// <summary>Adds the summary of factor t of a shard.</summary>
    public static void Add(ArraySet partial, int t, ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var (sums, maxima) = Of(x, s);
        partial.Set(PartialKeys.Summary.At(t), sums);
        partial.Set(PartialKeys.Extremes.At(t), maxima);
    }

    /// <summary>The summary of one shard's, or all shards', pseudo-data.</summary>
    public static ObservationSummary Read(ArraySet partial, int t) =>
        ToSummary(partial.Get(PartialKeys.Summary.At(t)), partial.Get(PartialKeys.Extremes.At(t)));

    private static (double[] Sums, double[] Maxima) Of(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var sums = new double[4];
        var maxima = new double[4];
        maxima.AsSpan().Fill(-double.MaxValue);
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsPositiveInfinity(s[i]))
            {
                continue;
            }

            sums[0] += 1;
            sums[1] += x[i];
            sums[2] += x[i] * x[i];
            sums[3] += s[i] * s[i];
            maxima[0] = double.Max(maxima[0], -x[i]);
            maxima[1] = double.Max(maxima[1], x[i]);
            maxima[2] = double.Max(maxima[2], -s[i]);
            maxima[3] = double.Max(maxima[3], s[i]);
        }

        return (sums, maxima);
    }

    private static ObservationSummary ToSummary(double[] sums, double[] maxima) =>
        new(sums[0], sums[1], sums[2], sums[3], -maxima[0], maxima[1], -maxima[2], maxima[3]);
}
