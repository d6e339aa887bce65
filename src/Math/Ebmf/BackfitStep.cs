namespace FitCluster.Math.Ebmf;

/// <summary>
/// Backfit: all factors are refined together, until a plain sweep gains no more than the tolerance (<see cref="JudgeStep"/>).
/// </summary>
internal static class BackfitStep
{
    /// <summary>Starts the sweeps, if there is something to refine.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        (state.Starts, state.Subspace, state.Untried) = ([], [], []);
        if (!problem.Options.Backfit || state.K == 0 || state.EndedEarly)
        {
            return EbmfAnswer.Ended;
        }

        var answer = Iteration.Begin(state, EbmfStage.Backfit, state.AllFactors(), areNew: false);
        state.ElboIsValid |= state.GreedyAccepted > 0;
        return answer;
    }
}
