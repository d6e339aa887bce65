namespace FitCluster.Math.Ebnm;

internal abstract partial class SpikeAndSlabFamily<TSlab>
{
    // Slab weights of the starts: from rare to dense.
    private static readonly double[] StartWeights = [0.01, 0.1, 0.4, 0.8];

    // Quantiles of x at which a mode is sought.
    private static readonly double[] StartQuantiles = [0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1];

    // A longer one than the sum of squares has room for.
    private const double LargestLength = 1e145;

    // The ratio of neighbouring scales where starts are a grid: the generalized binary slab is a narrow peak (10 %).
    private const double GridRatio = 1.15;

    // The likelihood has several optima, so: many starts are compared on a part of the observations; the best are followed there to
    // their optima; the best of these (and of the starts) on all observations is followed on all.
    private Optimum Search(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, in SlabProblem problem)
    {
        var follow = options.EstimateMode ? FollowedStartsWithMode : FollowedStarts;
        var stride = int.Max(1, x.Length / SearchSize);
        if (stride == 1)
        {
            return Best(Follow(Starts(x, s, options, problem), x, s, problem, follow));
        }

        var partX = new double[x.Length / stride];
        var partS = new double[partX.Length];
        for (var i = 0; i < partX.Length; i++)
        {
            (partX[i], partS[i]) = (x[i * stride], s[i * stride]);
        }

        var starts = Follow(Starts(partX, partS, options, problem), partX, partS, problem, follow).ConvertAll(o => o.At);
        if (isLocated && !options.EstimateMode)
        {
            // A part may have missed rare signals: the starts for those, from all observations.
            var all = Starts(x, s, options, problem);
            starts.AddRange(all.Count > 1 ? [all[0], all[^1]] : all);
        }

        return Best(Follow(starts, x, s, problem, 1));
    }

    private static Optimum Best(List<Optimum> optima)
    {
        var best = optima[0];
        foreach (var optimum in optima)
        {
            best = optimum.Value > best.Value ? optimum : best;
        }

        return best with { Iterations = optima.Sum(o => o.Iterations) };
    }

    private static List<Optimum> Follow(
        List<SpikeAndSlab> starts, ReadOnlySpan<double> x, ReadOnlySpan<double> s, in SlabProblem problem, int count)
    {
        var ranked = new List<(SpikeAndSlab At, double Value)>(starts.Count);
        foreach (var start in starts)
        {
            ranked.Add((start, Value(start, x, s)));
        }

        // A stable order: ties stay as they were listed.
        var chosen = new List<SpikeAndSlab>();
        foreach (var (at, _) in ranked.OrderByDescending(r => r.Value))
        {
            if (chosen.Count < count && !IsNearOne(chosen, at, problem.Unit))
            {
                chosen.Add(at);
            }
        }

        var optima = new List<Optimum>();
        foreach (var at in chosen)
        {
            optima.Add(Maximize(at, x, s, problem));
        }

        return optima;
    }

    private static bool IsNearOne(List<SpikeAndSlab> chosen, SpikeAndSlab at, double unit) => chosen.Exists(c =>
        double.Abs(double.Log(c.Scale / at.Scale)) < 0.2
        && double.Abs(c.Mode - at.Mode) < 0.5 * unit
        && (c.LogOdds == at.LogOdds || double.Abs(c.LogOdds - at.LogOdds) < 0.7));

    private List<SpikeAndSlab> Starts(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, in SlabProblem problem)
    {
        var starts = new List<SpikeAndSlab>();
        foreach (var mode in options.EstimateMode ? Quantiles(x, s) : [options.Mode])
        {
            AddStarts(starts, x, s, options, problem, mode);
        }

        return starts;
    }

    private void AddStarts(
        List<SpikeAndSlab> starts, ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, in SlabProblem problem, double mode)
    {
        if (!isLocated)
        {
            for (var b = problem.LogScaleLow; b <= problem.LogScaleHigh; b += double.Log(GridRatio))
            {
                starts.Add(new SpikeAndSlab(0.95, 0.05, problem.Scale(b), mode));
                starts.Add(new SpikeAndSlab(0.7, 0.3, problem.Scale(b), mode));
                starts.Add(new SpikeAndSlab(0.2, 0.8, problem.Scale(b), mode));
            }

            return;
        }

        // By moments: slab weight times E eta^2 is the mean of u^2 - s^2 (one-sided: of the positive u, and half of s^2).
        double count = 0, excess = 0, largest = 0;
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                var u = double.Min(TSlab.Sign > 0 ? double.Max(x[i] - mode, 0) : double.Abs(x[i] - mode), LargestLength);
                var noise = double.Min(s[i], LargestLength);
                count++;
                excess += (u * u) - (noise * noise * (TSlab.Sign > 0 ? 0.5 : 1));
                largest = double.Max(largest, (u * u) - (noise * noise));
            }
        }

        var least = 0.01 * problem.Unit * problem.Unit;
        excess = double.Max(excess / double.Max(1, count), least);
        if (!hasSpike)
        {
            starts.Add(new SpikeAndSlab(0, 1, options.Scale ?? double.Sqrt(excess / TSlab.PriorSecondMoment(1)), mode));
            return;
        }

        foreach (var weight in StartWeights)
        {
            var scale = options.Scale ?? double.Sqrt(excess / (weight * TSlab.PriorSecondMoment(1)));
            starts.Add(new SpikeAndSlab(1 - weight, weight, scale, mode));
        }

        // And: few observations, of the size of the largest.
        var rare = double.Min(0.2, 2 / double.Max(1, count));
        starts.Add(new SpikeAndSlab(
            1 - rare, rare, options.Scale ?? double.Sqrt(double.Max(largest, least) / TSlab.PriorSecondMoment(1)), mode));
    }

    private static double[] Quantiles(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var sorted = new List<double>(x.Length);
        for (var i = 0; i < x.Length; i++)
        {
            if (double.IsFinite(s[i]))
            {
                sorted.Add(x[i]);
            }
        }

        sorted.Sort();
        return sorted.Count == 0 ? [0] : [.. StartQuantiles.Select(q => sorted[(int)(q * (sorted.Count - 1))]).Distinct()];
    }
}
