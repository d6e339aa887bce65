namespace FitCluster.Math.Ebmf;

/// <summary>The last sweep: plain, accepted as it is, with local false sign rates of the posterior that is written.</summary>
internal static class FinalStep
{
    /// <summary>Takes out factors that are zero and starts the sweep.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        EbmfFactors.Drop(problem, state, k => state.Factors[k].IsZero && !state.Factors[k].IsFixed);
        state.Iterating = state.AllFactors();
        if (state.K == 0)
        {
            // One more round, in which the shards do nothing but forget the last factor that was tried.
            state.Active = [];
            return EbmfAnswer.NoFactors;
        }

        state.Sweeps = 0;
        return Iteration.Sweep(state, EbmfStage.Final, isProposal: false);
    }

    /// <summary>The shards have forgotten the last factor.</summary>
    public static EbmfAnswer Forget(EbmfState state)
    {
        state.HasNewElbo = true;
        return EbmfAnswer.Ended;
    }
}
