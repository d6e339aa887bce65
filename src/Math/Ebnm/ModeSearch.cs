using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The mode that maximizes a profile log-likelihood, which has many local maxima: a scan over quantiles of x and its weighted mean, then
/// golden sections between the neighbours of the two best. With more than 20000 observations the scan looks at 20000 of them.
/// </summary>
internal static class ModeSearch
{
    private const int Quantiles = 19;
    private const int Starts = 2;
    private const int MostScanned = 20000;

    /// <summary>The log-likelihood of observations at a mode.</summary>
    public delegate double Profile(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode);

    /// <summary>Searches over the observations with finite s; 0 when there is none.</summary>
    public static double Run(ReadOnlySpan<double> x, ReadOnlySpan<double> s, Profile profile)
    {
        var (xs, ss) = Informative(x, s);
        if (xs.Length == 0)
        {
            return 0;
        }

        var candidates = Candidates(xs, ss);
        var values = Array.ConvertAll(candidates, mode => profile(xs, ss, mode));
        var order = Enumerable.Range(0, candidates.Length).OrderByDescending(i => values[i]).Take(Starts).ToArray();
        var (best, mostLikely) = (candidates[order[0]], values[order[0]]);
        foreach (var i in order)
        {
            var low = candidates[int.Max(i - 1, 0)];
            var high = candidates[int.Min(i + 1, candidates.Length - 1)];
            var (mode, value) = GoldenSection.Maximize(low, high, mode => profile(xs, ss, mode), 1e-6 * (candidates[^1] - candidates[0]));
            if (value > mostLikely)
            {
                (best, mostLikely) = (mode, value);
            }
        }

        return best;
    }

    private static (double[] X, double[] S) Informative(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var every = ((x.Length - 1) / MostScanned) + 1;
        var (xs, ss) = (new List<double>(), new List<double>());
        for (var i = 0; i < x.Length; i += every)
        {
            if (double.IsFinite(s[i]))
            {
                xs.Add(x[i]);
                ss.Add(s[i]);
            }
        }

        return ([.. xs], [.. ss]);
    }

    private static double[] Candidates(double[] x, double[] s)
    {
        var sorted = x.Order().ToArray();
        double weights = 0, weighted = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var weight = 1 / double.Max(s[i] * s[i], 1e-200);
            weights += weight;
            weighted += weight * x[i];
        }

        var candidates = new List<double> { sorted[0], sorted[^1], weighted / weights, x.Average() };
        for (var q = 1; q <= Quantiles; q++)
        {
            candidates.Add(sorted[(int)(q * (sorted.Length - 1.0) / (Quantiles + 1))]);
        }

        return [.. candidates.Distinct().Order()];
    }
}
