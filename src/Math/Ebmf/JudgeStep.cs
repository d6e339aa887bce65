namespace FitCluster.Math.Ebmf;

/// <summary>Accepts or refuses what a sweep proposes, by the ELBO, and says whether another one follows.</summary>
internal static class JudgeStep
{
    // A plain sweep cannot lower the ELBO but by rounding, of this share of its size.
    private const double RoundingShare = 1e-10;

    // When a new factor is hopeless: see IsHopeless.
    private const int FewestSweeps = 10;
    private const int HopelessSweeps = 500;

    /// <summary>Judges the sweep that has just ended.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state)
    {
        var elbo = ProposedElbo(state);
        state.Sweeps++;
        if (state.Stage == EbmfStage.Final)
        {
            Accept(problem, state, elbo);
            LoadingsSums.ForgetProposed(state);
            return EbmfAnswer.Ended;
        }

        var isDone = IsLast(problem, state, elbo);
        LoadingsSums.ForgetProposed(state);
        if (!isDone && state.Sweeps >= problem.Options.MaxSweeps)
        {
            // A new factor that is not settled yet is settled by the backfit.
            isDone = true;
            state.HitLimit |= state.Stage is EbmfStage.Backfit || !problem.Options.Backfit;
        }

        if (isDone || state.EndedEarly || LookStep.IsEnough(state)
            || (state.Stage == EbmfStage.Greedy && (state.Factors[^1].IsZero || IsHopeless(state))))
        {
            return EbmfAnswer.Ended;
        }

        return Iteration.Sweep(state, state.Stage, isProposal: problem.Options.Extrapolate && !state.MustBePlain && state.Sweeps > 0);
    }

    private static double ProposedElbo(EbmfState state)
    {
        var (elbo, iterating) = (state.ProposedDataTerm, state.Iterating);
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            elbo += iterating.Contains(k) ? factor.ProposedKlLoadings + factor.ProposedKlFactors : factor.KlLoadings + factor.KlFactors;
        }

        return elbo;
    }

    // Accepts the proposal, or not; whether the iteration has come to its end.
    private static bool IsLast(EbmfProblem problem, EbmfState state, double elbo)
    {
        var gain = elbo - state.Elbo;
        if (!state.ElboIsValid)
        {
            state.ElboIsValid = true;
            Accept(problem, state, elbo);
            return false;
        }

        if (state.IsProposal && !(gain >= 0))
        {
            state.Beta = Iteration.FirstBeta;
            state.MustBePlain = true;
            return false;
        }

        if (!state.IsProposal && !(gain >= -RoundingShare * double.Abs(state.Elbo)))
        {
            // The ELBO fell, which only rounding or a prior that moved to another optimum can do: go back one step and stop.
            return true;
        }

        if (state.IsProposal)
        {
            state.Beta = Iteration.NextBeta(state.Beta);
        }

        // A proposal that gains next to nothing asks for the plain sweep that ends the iteration, or begins another run.
        state.MustBePlain = state.IsProposal && gain < problem.Tolerance;
        state.LastGain = gain;
        state.FirstGain = state.FirstGain == 0 ? gain : state.FirstGain;
        Accept(problem, state, elbo);
        return !state.IsProposal && gain <= problem.Tolerance;
    }

    // A new factor that after a few sweeps is still so far below the fit without it that hundreds of sweeps like the last would not lift it
    // above.
    private static bool IsHopeless(EbmfState state) =>
        state.Sweeps >= FewestSweeps && state.LastGain > 0 && state.Elbo + (HopelessSweeps * state.LastGain) < state.ElboBefore;

    private static void Accept(EbmfProblem problem, EbmfState state, double elbo)
    {
        foreach (var k in state.Iterating)
        {
            var factor = state.Factors[k];
            (factor.PreviousMean, factor.PreviousVariance) = (factor.Mean, factor.Variance);
            (factor.Mean, factor.Variance) = (factor.ProposedMean!, factor.ProposedVariance!);
            (factor.ProposedMean, factor.ProposedVariance) = (null, null);
            (factor.KlLoadings, factor.KlFactors) = (factor.ProposedKlLoadings, factor.ProposedKlFactors);
            (factor.FactorsPrior, factor.AcceptedLoadingsPrior) = (factor.ProposedFactorsPrior, factor.LoadingsPrior);
            (factor.LoadingsPriorEm, factor.LoadingsPriorNewton) = (factor.ProposedPriorEm, factor.ProposedPriorNewton);
            factor.PlainSumSecond = factor.ProposedPlainSumSecond;
            factor.IsZero = factor.ProposedIsZero;
        }

        if (LoadingsSums.AreKept(problem))
        {
            LoadingsSums.Accept(state);
        }

        NoiseStep.Accept(problem, state);
        state.Promoted = state.Iterating;
        state.Elbo = elbo;

        // A new factor counts from where the fit with it is better than the fit without, and not where it came to nothing, as other starts
        // of it may follow: so the trace never falls.
        state.HasNewElbo = state.Stage != EbmfStage.Greedy || (elbo >= state.ElboBefore && !state.Factors[^1].IsZero);
    }
}
