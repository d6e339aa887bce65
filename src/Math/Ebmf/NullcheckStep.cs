namespace FitCluster.Math.Ebmf;

/// <summary>
/// Nullcheck: the fit is tried without each factor, k = 1..K, with variances estimated again and nothing else refitted; removals accumulate
/// (docs/ebmf.md, "Backfit, nullcheck, final sweep").
/// </summary>
internal static class NullcheckStep
{
    // After the nullcheck removed something, the rest is refined again, at most so often.
    private const int MostRepeats = 3;

    /// <summary>Starts with the first factor, if it is wanted at all.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        if (!problem.Options.Nullcheck || state.EndedEarly || (state.Best is not null && state.Elbo < state.BestElbo))
        {
            return EbmfAnswer.Ended;
        }

        (state.Candidate, state.Removed) = (0, 0);
        (state.Iterating, state.Active, state.Updated) = ([], [], []);
        return EbmfAnswer.Begun;
    }

    /// <summary>Leaves the next factor out; fixed ones stay.</summary>
    public static EbmfAnswer Next(EbmfProblem problem, EbmfState state)
    {
        while (state.Candidate < state.K && state.Factors[state.Candidate].IsFixed)
        {
            state.Candidate++;
        }

        return state.Candidate >= state.K ? End(problem, state) : NoiseStep.OfAccepted(problem, state, state.Candidate);
    }

    /// <summary>Removes the factor that was left out iff the ELBO without it is at least the present one minus the tolerance.</summary>
    public static EbmfAnswer Judge(EbmfProblem problem, EbmfState state)
    {
        var without = state.ProposedDataTerm + EbmfFactors.KullbackLeiblerSum(state, state.Candidate);
        if (!(without - state.Elbo >= -problem.Tolerance))
        {
            state.Candidate++;
            return EbmfAnswer.Ended;
        }

        NoiseStep.Accept(problem, state);
        EbmfFactors.Drop(problem, state, k => k == state.Candidate);
        (state.Elbo, state.HasNewElbo) = (without, true);
        state.Removed++;
        return EbmfAnswer.Ended;
    }

    private static EbmfAnswer End(EbmfProblem problem, EbmfState state)
    {
        if (state.Removed > 0 && problem.Options.Backfit && state.K > 0 && state.Repeats < MostRepeats)
        {
            state.Repeats++;
            return EbmfAnswer.Removed;
        }

        return EbmfAnswer.Ended;
    }
}
