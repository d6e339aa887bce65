namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // Extrapolation as in docs/ebmf.md, "Extrapolation".
    private const double FirstBeta = 0.5;
    private const double BetaGrowth = 1.2;
    private const double MostBeta = 2;

    // A plain sweep cannot lower the ELBO but by rounding, of this share of its size.
    private const double RoundingShare = 1e-10;

    // When a new factor is hopeless: see IsHopeless.
    private const int FewestSweeps = 10;
    private const int HopelessSweeps = 500;

    // Accepts or refuses what the last sweep proposes, and goes on.
    private void Judge(Sums? sums)
    {
        var elbo = state.ProposedDataTerm;
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            elbo += state.Iterating.Contains(k) ? factor.ProposedKlLoadings + factor.ProposedKlFactors : factor.KlLoadings + factor.KlFactors;
        }

        state.Sweeps++;
        var gain = elbo - state.Elbo;
        var isDone = false;
        if (state.Stage == EbmfStage.Final)
        {
            Accept(elbo, sums);
            (state.Stage, state.Step) = (EbmfStage.Done, EbmfStep.Done);
            return;
        }

        if (!state.ElboIsValid)
        {
            state.ElboIsValid = true;
            Accept(elbo, sums);
        }
        else if (state.IsProposal && !(gain >= _tolerance))
        {
            state.Beta /= 2;
            state.MustBePlain = true;
        }
        else if (!state.IsProposal && !(gain >= -RoundingShare * double.Abs(state.Elbo)))
        {
            // The ELBO fell, which only rounding or a prior that moved to another optimum can do: go back one step and stop.
            isDone = true;
        }
        else
        {
            if (state.IsProposal)
            {
                state.Beta = double.Min(BetaGrowth * state.Beta, MostBeta);
            }
            else
            {
                isDone = gain <= _tolerance;
            }

            state.MustBePlain = false;
            state.LastGain = gain;
            state.FirstGain = state.FirstGain == 0 ? gain : state.FirstGain;
            Accept(elbo, sums);
        }

        if (!isDone && state.Sweeps >= options.MaxSweeps)
        {
            // A new factor that is not settled yet is settled by the backfit.
            isDone = true;
            state.HitLimit |= state.Stage == EbmfStage.Backfit || !options.Backfit;
        }

        if (isDone || state.EndedEarly || (state.Stage == EbmfStage.Greedy && (state.Factors[^1].IsZero || IsHopeless)))
        {
            EndIteration();
            return;
        }

        ScheduleSweep(isProposal: options.Extrapolate && !state.MustBePlain && state.Sweeps > 0);
    }

    // A new factor that after a few sweeps is still so far below the fit without it that hundreds of sweeps like the last would not lift it above.
    private bool IsHopeless =>
        state.Sweeps >= FewestSweeps && state.LastGain > 0 && state.Elbo + (HopelessSweeps * state.LastGain) < state.ElboBefore;

    private void Accept(double elbo, Sums? sums)
    {
        foreach (var k in state.Iterating)
        {
            var factor = state.Factors[k];
            (factor.PreviousMean, factor.PreviousSecond) = (factor.Mean, factor.Second);
            (factor.Mean, factor.Second) = (factor.ProposedMean!, factor.ProposedSecond!);
            (factor.ProposedMean, factor.ProposedSecond) = (null, null);
            (factor.KlLoadings, factor.KlFactors) = (factor.ProposedKlLoadings, factor.ProposedKlFactors);
            (factor.FactorsPrior, factor.AcceptedLoadingsPrior) = (factor.ProposedFactorsPrior, factor.LoadingsPrior);
            (factor.LoadingsPriorEm, factor.LoadingsPriorNewton) = (factor.ProposedPriorEm, factor.ProposedPriorNewton);
            factor.PlainSumSecond = factor.ProposedPlainSumSecond;
            factor.IsZero = factor.ProposedIsZero;
        }

        if (sums is not null)
        {
            AcceptSums(sums);
        }

        AcceptNoise();
        (state.Promote, state.Pending) = (true, state.Iterating);
        state.Elbo = elbo;

        // A new factor counts from where the fit with it is better than the fit without: so the trace never falls.
        state.HasNewElbo = state.Stage != EbmfStage.Greedy || elbo >= state.ElboBefore;
    }

    private void EndIteration()
    {
        switch (state.Stage)
        {
            case EbmfStage.Fixed:
                BeginFixed(state.Candidate + 1);
                break;
            case EbmfStage.Greedy:
                EndGreedyFactor();
                break;
            default:
                BeginNullcheck();
                break;
        }
    }

    private void EndGreedyFactor()
    {
        if (state.Elbo > state.ElboBefore + _tolerance && !state.Factors[^1].IsZero)
        {
            state.GreedyAccepted++;
            BeginGreedy();
            return;
        }

        var last = state.K - 1;
        Drop(k => k == last);
        state.Elbo = state.ElboBefore;
        if (noise.NeedsEvaluation)
        {
            // The variances on the shards are those of the factor that was just dropped.
            (state.Iterating, state.Active) = ([], []);
            state.Purpose = EvaluationPurpose.AfterDrop;
            BeginEvaluation();
            return;
        }

        TakeNoise(AcceptedResiduals());
        AcceptNoise();
        BeginBackfit();
    }
}
