namespace FitCluster.Math.Ebmf;

/// <summary>Greedy: factors are added one at a time, the others held, until one does not help.</summary>
internal static class GreedyStep
{
    /// <summary>Looks for the start of the next factor, if there may be one.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        var options = problem.Options;
        state.HasTriedBoth = false;
        DropZeros(problem, state);
        var isGiven = options.Init == EbmfInit.Given && !state.FallsBack;
        var limit = isGiven ? int.Min(options.MaxFactors, options.InitialFactorCount) : options.MaxFactors;
        limit = state.Best is null ? limit : int.Min(limit, state.LookFactors);
        if (!(options.Greedy || state.FallsBack) || state.EndedEarly || state.GreedyAccepted >= limit)
        {
            return EbmfAnswer.Ended;
        }

        if (isGiven)
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
        if (NoiseStep.OfAccepted(problem, state) == EbmfAnswer.NeedsResiduals)
        {
            // The variances on the shards are those of the factor that was just dropped.
            (state.Iterating, state.Active) = ([], []);
            return EbmfAnswer.NeedsResiduals;
        }

        NoiseStep.Accept(problem, state);
        return Next(problem, state, EbmfAnswer.Dropped);
    }

    /// <summary>The variances without the factor that was dropped are known.</summary>
    public static EbmfAnswer Restore(EbmfProblem problem, EbmfState state)
    {
        NoiseStep.Accept(problem, state);
        state.Elbo = state.ProposedDataTerm + EbmfFactors.KullbackLeiblerSum(state);
        if ((state.Restarts || state.LooksAtBlock || state.LooksOneByOne) && state.Sweeps == 0)
        {
            // A second look at all factors: no new one was tried yet.
            return state.LooksAtBlock ? EbmfAnswer.AllTogether : EbmfAnswer.Begun;
        }

        return Next(problem, state, EbmfAnswer.Ended);
    }

    // A start that came to nothing is not the last word where there are others (docs/ebmf.md, "Starts"), or where weights by precision make
    // others of the same residuals. The way that finds something is the first for the factors that follow.
    private static EbmfAnswer Next(EbmfProblem problem, EbmfState state, EbmfAnswer otherwise)
    {
        if (state.EndedEarly)
        {
            return otherwise;
        }

        if (state.Untried.Length > 0)
        {
            return StartStep.Retry(problem, state);
        }

        if (state.HasTriedBoth)
        {
            // Neither found anything: as it was.
            state.StartsAreWeighted = !state.StartsAreWeighted;
            return otherwise;
        }

        if (!StartWeights.Matter(problem) || SubspaceStep.IsSvd(problem, state)
            || (problem.Options.Init == EbmfInit.Given && !state.FallsBack))
        {
            return otherwise;
        }

        (state.HasTriedBoth, state.StartsAreWeighted, state.Subspace) = (true, !state.StartsAreWeighted, []);
        return SubspaceStep.Begin(problem, state, SubspaceStep.Width);
    }
}
