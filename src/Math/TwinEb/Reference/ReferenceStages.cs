using FitCluster.Math.Svi;

namespace FitCluster.Math.TwinEb;

/// <summary>What follows when an epoch or a restart ends or diverges, and the orders to shards that go with it.</summary>
internal sealed class ReferenceStages(TwinEbOptions options, ReferenceState state)
{
    /// <summary>The orders to shards, as they are carried out.</summary>
    public static readonly ReferenceField[] Orders =
        [
            ReferenceField.Locate, ReferenceField.Apply, ReferenceField.Save, ReferenceField.Restore, ReferenceField.Keep,
            ReferenceField.Start
        ];

    /// <summary>The fit cannot go on.</summary>
    public void Fail(ReferenceFailure failure)
    {
        state[ReferenceField.Failure] = (int)failure;
        state.Phase = ReferencePhase.Done;
    }

    /// <summary>A restart from its start.</summary>
    public void BeginRestart(int restart)
    {
        state[ReferenceField.Restart] = restart;
        state.Phase = ReferencePhase.Train;
        ReferenceSchedule.Begin(state);
        BeginParameters();
    }

    private void BeginParameters()
    {
        state[ReferenceField.Start] = 1;
        state.Begin(ReferenceStart.Parts(options, (int)state[ReferenceField.Restart]));
    }

    /// <summary>An epoch of training or of held-out rows is whole: best epoch, schedule, divergence.</summary>
    public void EndEpoch()
    {
        var loss = state[ReferenceField.LossSum] / state[ReferenceField.LossWeight];
        if (ReferenceSchedule.Divergence(options).IsDivergence(loss, state[ReferenceField.PreviousLoss]))
        {
            GoBack(ReferenceDivergence.Loss, loss);
            return;
        }

        var isTraining = state.Phase == ReferencePhase.Train;
        if (isTraining && new BestEpoch(state[ReferenceField.BestLoss]).IsBeatenBy((long)state[ReferenceField.Epoch], loss))
        {
            state[ReferenceField.BestLoss] = loss;
            state[ReferenceField.HasBest] = 1;
            state[ReferenceField.Save] = 1;
            state.SaveBest();
        }

        state[ReferenceField.Objective] = -loss;
        state[ReferenceField.HasObjective] = 1;
        var isSettled = ReferenceSchedule.EndEpoch(state, loss, options);
        if (isSettled || state[ReferenceField.Epoch] >= ReferenceSchedule.Epochs(state, options) ||
            (isTraining && state[ReferenceField.EndedEarly] != 0))
        {
            // With a tolerance, steps that ran out mean a restart that did not converge; without one, taking all steps is what was asked
            // for.
            if (isTraining && state[ReferenceField.EndedEarly] == 0 && !isSettled && options.Tolerance is not null)
            {
                state[ReferenceField.Converged] = 0;
            }

            EndStage();
        }
    }

    /// <summary>Training of a restart, or of held-out rows, is over.</summary>
    public void EndStage()
    {
        if (state.Phase == ReferencePhase.Project)
        {
            state.Phase =
                state[ReferenceField.TestZeros] + state[ReferenceField.TestOthers] > 0 ? ReferencePhase.Test : ReferencePhase.Finish;
            return;
        }

        if (state[ReferenceField.EndedEarly] != 0)
        {
            state[ReferenceField.Converged] = 0;
        }

        if (options.RestoreBest && state[ReferenceField.HasBest] != 0)
        {
            GoToBest();
        }

        if (state[ReferenceField.ValidationZeros] + state[ReferenceField.ValidationOthers] > 0)
        {
            state.Phase = ReferencePhase.Validate;
            return;
        }

        var loss = state[ReferenceField.HasBest] != 0 ? state[ReferenceField.BestLoss] : state[ReferenceField.PreviousLoss];
        state.Scores = [.. state.Scores, double.IsFinite(loss) ? -loss : -double.MaxValue];
        Judge(state.Scores[^1], []);
    }

    private void GoToBest()
    {
        state[ReferenceField.Restore] = 1;
        state.Begin(state.Best);
    }

    /// <summary>Keeps the restart if it is the best so far, and goes on to the next one or beyond.</summary>
    public void Judge(double score, double[] validation)
    {
        if (score > state[ReferenceField.KeptScore])
        {
            state[ReferenceField.KeptScore] = score;
            state[ReferenceField.KeptRestart] = state[ReferenceField.Restart];
            state[ReferenceField.Keep] = options.Restarts > 1 ? 1 : 0;
            state.Validation = validation;
            state.Keep();
        }

        NextRestart();
    }

    private void NextRestart()
    {
        var next = (int)state[ReferenceField.Restart] + 1;
        if (next < options.Restarts && state[ReferenceField.EndedEarly] == 0)
        {
            BeginRestart(next);
            return;
        }

        if (state[ReferenceField.KeptRestart] < 0)
        {
            // All restarts diverged: the last one's best is what there is.
            state.Keep();
            state[ReferenceField.KeptRestart] = state[ReferenceField.Restart];
            state[ReferenceField.Failure] = (int)ReferenceFailure.Diverged;
        }

        state.Begin(state.Kept);
        if (state[ReferenceField.HeldOutRows] > 0 && state[ReferenceField.Failure] == 0)
        {
            state[ReferenceField.Restart] = options.Restarts;
            state.Phase = ReferencePhase.Project;
            ReferenceSchedule.Begin(state);
            state[ReferenceField.Start] = 2;
            return;
        }

        state.Phase = Orders.Any(o => state[o] != 0) ? ReferencePhase.Finish : ReferencePhase.Done;
    }

    /// <summary>
    /// Divergence: back to the best epoch (or the start) with half the learning rates; after the last
    /// retry the restart is given up at its best.
    /// </summary>
    public void GoBack(ReferenceDivergence cause, double loss = 0)
    {
        state[ReferenceField.HasDiverged] = 1;
        state[ReferenceField.Cause] = (int)cause;
        (state[ReferenceField.CauseLoss], state[ReferenceField.CauseLossBefore]) =
            double.IsFinite(loss) ? (loss, state[ReferenceField.PreviousLoss]) : (0, 0);
        state[ReferenceField.AllRetries]++;
        state[ReferenceField.Apply] = 0;
        if (!ReferenceSchedule.Divergence(options).MayGoOn(++state[ReferenceField.Retries]))
        {
            GiveUp();
            return;
        }

        state[ReferenceField.RateFactor] *= DivergenceRule.RetryRateFactor;
        state[ReferenceField.EpochTick]++;
        ReferenceSchedule.BeginEpoch(state);
        state[ReferenceField.PreviousLoss] = double.PositiveInfinity;
        state[ReferenceField.Rises] = 0;
        if (state.Phase == ReferencePhase.Project)
        {
            state[ReferenceField.AdamStep] = 0;
            state[ReferenceField.Start] = 2;
        }
        else if (state[ReferenceField.HasBest] != 0)
        {
            GoToBest();
        }
        else
        {
            BeginParameters();
        }
    }

    private void GiveUp()
    {
        if (state.Phase == ReferencePhase.Project)
        {
            Fail(ReferenceFailure.Diverged);
            return;
        }

        state[ReferenceField.FailedRestarts]++;
        state[ReferenceField.Converged] = 0;
        if (state[ReferenceField.HasBest] != 0)
        {
            GoToBest();
        }
        else
        {
            BeginParameters();
        }

        state.Scores = [.. state.Scores, -double.MaxValue];
        NextRestart();
    }
}
