namespace FitCluster.Math.Ebmf;

/// <summary>Factors come and go: at the coordinator, and (before the next round) on the shards.</summary>
internal static class EbmfFactors
{
    /// <summary>Adds a factor after the others, with these means and, where there are any, standard deviations.</summary>
    public static EbmfFactor Add(EbmfProblem problem, EbmfState state, double[] mean, double[]? sd = null)
    {
        var index = state.K;
        var factor = new EbmfFactor
        {
            Mean = mean,
            Variance = [.. mean.Select((_, j) => sd is null ? 0 : sd[j] * sd[j])],
            IsFixed = index < problem.Options.FixedFactorCount,
            LoadingsFamily = problem.LoadingsFamily(index),
            FactorsFamily = problem.FactorsFamily(index),
        };
        state.Factors.Add(factor);
        LoadingsSums.Grow(problem, state);
        return factor;
    }

    /// <summary>Takes factors out.</summary>
    public static void Drop(EbmfProblem problem, EbmfState state, Func<int, bool> drop)
    {
        var keep = state.AllFactors().Where(k => !drop(k)).ToArray();
        if (keep.Length == state.K)
        {
            return;
        }

        LoadingsSums.Keep(problem, state, keep);
        state.Keep = state.Keep is null ? keep : [.. keep.Select(k => state.Keep[k])];
        var kept = keep.Select(k => state.Factors[k]).ToArray();
        state.Factors.Clear();
        state.Factors.AddRange(kept);
    }

    /// <summary>The sum of all factors' divergences, without those of a factor that is left out.</summary>
    public static double KullbackLeiblerSum(EbmfState state, int? leftOut = null)
    {
        var sum = 0.0;
        for (var k = 0; k < state.K; k++)
        {
            sum += k == leftOut ? 0 : state.Factors[k].KlLoadings + state.Factors[k].KlFactors;
        }

        return sum;
    }
}
