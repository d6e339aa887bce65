namespace FitCluster.Math.Ebmf;

/// <summary>Greedy: factors are added one at a time, the others held, until one does not help.</summary>
internal static class GreedyStep
{
    /// <summary>Looks for the start of the next factor, if there may be one.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        var options = problem.Options;
        DropZeros(problem, state);
        var limit = options.Init == EbmfInit.Given ? int.Min(options.MaxFactors, options.InitialFactorCount) : options.MaxFactors;
        limit = state.Best is null ? limit : int.Min(limit, state.LookFactors);
        if (!options.Greedy || state.EndedEarly || state.GreedyAccepted >= limit)
        {
            return EbmfAnswer.Ended;
        }

        if (options.Init == EbmfInit.Given)
        {
            return StartStep.Candidate(problem, state, problem.InitialFactor(state.GreedyAccepted));
        }

        if (!SubspaceStep.IsSvd(problem, state))
        {
            return SubspaceStep.Begin(problem, state, SubspaceStep.Width);
        }

        return state.Starts.Length == 0
            ? SubspaceStep.Begin(problem, state, limit)
            : StartStep.Begin(problem, state, [.. state.Starts.AsSpan(state.GreedyAccepted * problem.Columns, problem.Columns)]);
    }

    // Of the factors that were refined before greedy, those that came to nothing make room for others.
    private static void DropZeros(EbmfProblem problem, EbmfState state)
    {
        var before = state.K;
        EbmfFactors.Drop(problem, state, k => state.Factors[k].IsZero && !state.Factors[k].IsFixed);
        state.GreedyAccepted -= before - state.K;
    }

    /// <summary>
    /// The new factor stays iff the ELBO with it is above the one without it by more than the tolerance, and neither side is all zero.
    /// </summary>
    public static EbmfAnswer Settle(EbmfProblem problem, EbmfState state)
    {
        if (state.Elbo > state.ElboBefore + problem.Tolerance && !state.Factors[^1].IsZero)
        {
            state.GreedyAccepted++;
            state.Untried = [];
            return EbmfAnswer.Kept;
        }

        var last = state.K - 1;
        EbmfFactors.Drop(problem, state, k => k == last);
        state.Elbo = state.ElboBefore;
        if (problem.Noise.NeedsEvaluation
            || NoiseStep.TakeOfSums(problem, state, LoadingsSums.AcceptedResiduals(problem, state)) == EbmfAnswer.NeedsResiduals)
        {
            // The variances on the shards are those of the factor that was just dropped.
            (state.Iterating, state.Active) = ([], []);
            return NoiseStep.Begin(state);
        }

        NoiseStep.Accept(problem, state);
        return Next(problem, state, EbmfAnswer.Dropped);
    }

    /// <summary>The variances without the factor that was dropped are known.</summary>
    public static EbmfAnswer Restore(EbmfProblem problem, EbmfState state)
    {
        NoiseStep.Accept(problem, state);
        state.Elbo = state.ProposedDataTerm + EbmfFactors.KullbackLeiblerSum(state);
        if (state.Restarts && state.Sweeps == 0)
        {
            // A second look at all factors: no new one was tried yet.
            return EbmfAnswer.Begun;
        }

        return Next(problem, state, EbmfAnswer.Ended);
    }

    // A start that came to nothing is not the last word where there are others (docs/ebmf.md, "Starts").
    private static EbmfAnswer Next(EbmfProblem problem, EbmfState state, EbmfAnswer otherwise) =>
        state.Untried.Length > 0 && !state.EndedEarly ? StartStep.Retry(problem, state) : otherwise;
}
