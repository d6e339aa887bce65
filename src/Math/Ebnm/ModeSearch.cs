using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>
/// The mode that maximizes a profile log-likelihood, which has many local maxima: a scan over 0, means and quantiles of x; a finer one and
/// a golden section between the neighbours of each of its best local maxima; and a last golden section about the best of all. The result
/// is never less likely than any mode that was looked at, 0 included. With more than 2000 (20000) observations the scans (the
/// last comparison) look at so many of them.
/// </summary>
internal static class ModeSearch
{
    private const int Quantiles = 59;
    private const int Starts = 5;
    private const int Between = 9;
    private const int MostScanned = 2000;
    private const int MostRefined = 20000;

    // Of the interval of the finer scan; of the range of x.
    private const double CoarseTolerance = 2e-2;
    private const double FineTolerance = 1e-8;

    /// <summary>The log-likelihood of observations at a mode.</summary>
    public delegate double Profile(ReadOnlySpan<double> x, ReadOnlySpan<double> s, double mode);

    /// <summary>Searches over the observations with finite s; 0 when there is none.</summary>
    public static double Run(ReadOnlySpan<double> x, ReadOnlySpan<double> s, Profile profile)
    {
        var (xs, ss) = Informative(x, s, MostScanned);
        if (xs.Length == 0)
        {
            return 0;
        }

        var candidates = Candidates(xs, ss);
        var values = Array.ConvertAll(candidates, mode => profile(xs, ss, mode));
        var zero = Array.IndexOf(candidates, 0.0);
        var finalists = new List<(double Mode, double Width)> { (0, Neighbour(candidates, zero, 1) - Neighbour(candidates, zero, -1)) };
        foreach (var i in Best(values))
        {
            var (low, high) = (Neighbour(candidates, i, -1), Neighbour(candidates, i, 1));
            finalists.Add((candidates[i], high - low));
            finalists.Add((Within(low, high, mode => profile(xs, ss, mode)), (high - low) / (Between + 1)));
        }

        var (xf, sf) = Informative(x, s, MostRefined);
        var (best, mostLikely, width) = (0.0, double.NegativeInfinity, 0.0);
        foreach (var finalist in finalists.DistinctBy(f => f.Mode))
        {
            var value = profile(xf, sf, finalist.Mode);
            if (value > mostLikely)
            {
                (best, mostLikely, width) = (finalist.Mode, value, finalist.Width);
            }
        }

        var (refined, likelihood) = GoldenSection.Maximize(
            best - (width / 2), best + (width / 2), mode => profile(xf, sf, mode), FineTolerance * (candidates[^1] - candidates[0]));
        return likelihood > mostLikely ? refined : best;
    }

    // Some modes from low to high, and a golden section about the best of them.
    private static double Within(double low, double high, Func<double, double> profile)
    {
        var step = (high - low) / (Between + 1);
        var (best, mostLikely) = (low, double.NegativeInfinity);
        for (var k = 1; k <= Between; k++)
        {
            var value = profile(low + (k * step));
            (best, mostLikely) = value > mostLikely ? (low + (k * step), value) : (best, mostLikely);
        }

        var (mode, likelihood) = GoldenSection.Maximize(best - step, best + step, profile, CoarseTolerance * 2 * step);
        return likelihood > mostLikely ? mode : best;
    }

    private static double Neighbour(double[] sorted, int i, int to) => sorted[int.Clamp(i + to, 0, sorted.Length - 1)];

    // The most likely local maxima of the scan.
    private static int[] Best(double[] values)
    {
        var last = values.Length - 1;
        return
        [
            .. Enumerable.Range(0, values.Length)
                .Where(i => (i == 0 || values[i] >= values[i - 1]) && (i == last || values[i] >= values[i + 1]))
                .OrderByDescending(i => values[i]).Take(Starts),
        ];
    }

    private static (double[] X, double[] S) Informative(ReadOnlySpan<double> x, ReadOnlySpan<double> s, int most)
    {
        var every = ((x.Length - 1) / most) + 1;
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
        var least = s.Min();
        double weights = 0, weighted = 0;
        for (var i = 0; i < x.Length; i++)
        {
            var weight = (least / s[i]) * (least / s[i]);
            weights += weight;
            weighted += weight * x[i];
        }

        var candidates = new List<double> { 0, sorted[0], sorted[^1], weighted / weights, x.Average() };
        for (var q = 1; q <= Quantiles; q++)
        {
            candidates.Add(sorted[(int)(q * (sorted.Length - 1.0) / (Quantiles + 1))]);
        }

        return [.. candidates.Distinct().Order()];
    }
}
