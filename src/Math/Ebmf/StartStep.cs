namespace FitCluster.Math.Ebmf;

/// <summary>The start of one new factor, and the factor that comes of it.</summary>
internal static class StartStep
{
    /// <summary>
    /// From a singular vector. Missing entries and signs need least squares that heed them: alternate from there (<see cref="PowerStep"/>).
    /// </summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state, double[] start)
    {
        var isSvd = SubspaceStep.IsSvd(problem);
        var left = isSvd ? [] : state.Subspace[problem.Columns..];
        var options = problem.Options;
        if (problem.LoadingsSign(state.K) == 0 && problem.FactorsSign(state.K) == 0
            && state.Observed == options.Rows * (double)options.Columns)
        {
            state.Subspace = left;
            return Candidate(problem, state, start);
        }

        if (!isSvd)
        {
            state.Starts = left;
        }

        state.Subspace = start;
        state.Passes = 0;
        return EbmfAnswer.NeedsLeastSquares;
    }

    /// <summary>Adds the factor that is to be tried.</summary>
    public static EbmfAnswer Candidate(EbmfProblem problem, EbmfState state, double[] start)
    {
        EbmfFactors.Add(problem, state, start);
        state.ElboBefore = state.Elbo;
        return Iteration.Begin(state, EbmfStage.Greedy, [state.K - 1], areNew: true);
    }
}
