namespace FitCluster.Math.Ebmf;

/// <summary>Factors with fixed entries come first, one after the other.</summary>
internal static class FixedStep
{
    /// <summary>Adds the next fixed factor, or goes on to the free ones.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        var options = problem.Options;
        state.Candidate = state.K;
        if (options.Init == EbmfInit.Fit)
        {
            return EbmfAnswer.AllTogether;
        }

        if (state.Candidate == options.FixedFactorCount || state.EndedEarly)
        {
            return options.Greedy && (state.EndedEarly || !StartsWithBlock(problem, state)) ? EbmfAnswer.Ended : EbmfAnswer.AllTogether;
        }

        var mean = new double[problem.Columns];
        for (var j = 0; j < mean.Length; j++)
        {
            mean[j] = problem.FixedEntry(state.Candidate, j) ?? 0;
        }

        EbmfFactors.Add(problem, state, mean);
        return Iteration.Begin(state, EbmfStage.Fixed, [state.K - 1], areNew: true);
    }

    // The singular vectors of data in which missing entries are 0 are too far off: refined together from there, factors ended in worse
    // optima than one by one.
    /// <summary>Whether the first factors come in together.</summary>
    public static bool StartsWithBlock(EbmfProblem problem, EbmfState state) => problem.StartsWithBlock && !problem.IsByColumn(state);
}
