namespace FitCluster.Math.Ebmf;

/// <summary>
/// The factors of a finished fit are refined before others are added: on new rows, or with what a stopped fit had no time for.
/// </summary>
internal static class ResumeStep
{
    /// <summary>Starts the sweeps, with the fit's priors where they are given.</summary>
    public static EbmfAnswer Begin(EbmfState state)
    {
        // Given factors count as accepted by greedy, fixed ones do not.
        state.GreedyAccepted = state.Factors.Count(f => !f.IsFixed);
        var answer = Iteration.Begin(
            state, EbmfStage.Resume, state.AllFactors(), areNew: state.Factors.Any(f => f.LoadingsPriorEm is null));
        state.ElboIsValid = false;
        return answer;
    }
}
