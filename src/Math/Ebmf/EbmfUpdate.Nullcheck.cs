namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // After the nullcheck removed something, the rest is refined again, at most so often.
    private const int MostRepeats = 3;

    private void BeginNullcheck()
    {
        state.Stage = EbmfStage.Nullcheck;
        state.Candidate = -1;
        if (!options.Nullcheck || state.EndedEarly)
        {
            BeginFinal();
            return;
        }

        state.Passes = 0;
        state.Sweeps = 0;
        (state.Iterating, state.Active, state.Updated) = ([], [], []);
        NextCandidate();
    }

    // Goes on to the next factor: k = 1..K in order, removals accumulate, nothing is refitted in between
    // (docs/ebmf.md, "Backfit, nullcheck, final sweep").
    private void NextCandidate()
    {
        while (true)
        {
            state.Candidate++;
            if (state.Candidate >= state.K)
            {
                EndNullcheck();
                return;
            }

            if (state.Factors[state.Candidate].FixedIndex >= 0)
            {
                continue;
            }

            if (noise.NeedsEvaluation)
            {
                state.Purpose = EvaluationPurpose.Nullcheck;
                BeginEvaluation();
                return;
            }

            TakeNoise(AcceptedResiduals(state.Candidate));
            RemoveIfNull();
        }
    }

    private void NullcheckEvaluated()
    {
        RemoveIfNull();
        NextCandidate();
    }

    private void RemoveIfNull()
    {
        var without = state.ProposedDataTerm + KullbackLeiblerSum(state.Candidate);
        if (!(without - state.Elbo >= -_tolerance))
        {
            return;
        }

        var removed = state.Candidate;
        AcceptNoise();
        Drop(k => k == removed);
        state.Candidate--;
        (state.Elbo, state.HasNewElbo) = (without, true);
        state.Sweeps++;
    }

    private void EndNullcheck()
    {
        if (state.Sweeps > 0 && options.Backfit && state.K > 0 && state.Repeats < MostRepeats)
        {
            state.Repeats++;
            BeginBackfit();
            return;
        }

        BeginFinal();
    }
}
