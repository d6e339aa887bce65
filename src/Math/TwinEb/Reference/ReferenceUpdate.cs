using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>The coordinator's part of a round: the step of columns and priors, the ends of epochs and restarts, and the orders that follow.</summary>
internal sealed class ReferenceUpdate(TwinEbOptions options, ReferenceState state)
{
    private static readonly ReferenceField[] s_orders =
        [ReferenceField.Locate, ReferenceField.Apply, ReferenceField.Save, ReferenceField.Restore, ReferenceField.Keep, ReferenceField.Start];

    /// <summary>Changes the state by a round's partial.</summary>
    public void Apply(ArraySet partial)
    {
        foreach (var order in s_orders)
        {
            state[order] = 0;
        }

        state[ReferenceField.HasObjective] = 0;
        state[ReferenceField.HasDiverged] = 0;
        switch (state.Phase)
        {
            case ReferencePhase.Describe:
                Describe(partial);
                break;
            case ReferencePhase.Train:
            case ReferencePhase.Project:
                Step(partial);
                break;
            case ReferencePhase.Validate:
                state.Scores = [.. state.Scores, HeldOutScore.FromArray(partial.Get(ReferenceKeys.Score)).LogLik];
                Judge(state.Scores[^1], partial.Get(ReferenceKeys.Score));
                break;
            case ReferencePhase.Test:
                state.Test = partial.Get(ReferenceKeys.Score);
                state.Phase = ReferencePhase.Done;
                break;
            default:
                state.Phase = ReferencePhase.Done;
                break;
        }
    }

    private void Describe(ArraySet partial)
    {
        var (slots, cells) = (partial.Get(ReferenceKeys.Slots), partial.Get(ReferenceKeys.Cells));
        var count = slots.Length / 3;
        state.Slots = slots;
        state[ReferenceField.TrainingRows] = slots.AsSpan(0, count).ToArray().Sum();
        state[ReferenceField.HeldOutRows] = slots.AsSpan(count, count).ToArray().Sum();
        state[ReferenceField.ValidationZeros] = cells[0];
        state[ReferenceField.ValidationOthers] = cells[1];
        state[ReferenceField.TestZeros] = cells[2];
        state[ReferenceField.TestOthers] = cells[3];
        if (state[ReferenceField.TrainingRows] == 0 || ReferenceSlots.IsAmbiguous(slots))
        {
            Fail(state[ReferenceField.TrainingRows] == 0 ? ReferenceFailure.NoTrainingRows : ReferenceFailure.TooManyShards);
            return;
        }

        BeginRestart(0);
        state[ReferenceField.Locate] = 1;
    }

    private void Fail(ReferenceFailure failure)
    {
        state[ReferenceField.Failure] = (int)failure;
        state.Phase = ReferencePhase.Done;
    }

    private void BeginRestart(int restart)
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

    private void Step(ArraySet partial)
    {
        var sums = partial.Get(ReferenceKeys.Sums);
        var isProjection = state.Phase == ReferencePhase.Project;
        var isExact = isProjection || options.LocalSteps == 1;
        var batches = ReferenceSchedule.Batches(state[isProjection ? ReferenceField.HeldOutRows : ReferenceField.TrainingRows], options).Count;
        var steps = isExact ? 1 : long.Min(options.LocalSteps, batches - (long)state[ReferenceField.Batch]);
        state[ReferenceField.Tick] += steps;

        // The first array that any shard has flagged.
        var flagged = Array.FindIndex(partial.Get(ReferenceKeys.Flags), flag => flag != 0);
        var cause = flagged >= 0 ? ReferenceDivergence.Rows + flagged : isExact ? ExactStep(partial, isProjection) : TakeLocalSteps(partial, steps);
        if (cause != ReferenceDivergence.None)
        {
            GoBack(cause);
            return;
        }

        state[ReferenceField.LossSum] += sums[1];
        state[ReferenceField.LossWeight] += isExact ? 1 : sums[2];
        state[ReferenceField.Batch] += steps;
        var isEndOfEpoch = state[ReferenceField.Batch] >= batches;
        if (isEndOfEpoch)
        {
            EndEpoch();
        }
        else if (state[ReferenceField.EndedEarly] != 0 && !isProjection)
        {
            EndStage();
        }
    }

    // Clip by the norm of the whole gradient, Adam on columns and priors; the rows follow at the start of the next round.
    private ReferenceDivergence ExactStep(ArraySet partial, bool isProjection)
    {
        var gradients = isProjection ? [] : ReferenceKeys.Parts.Select(partial.Get).ToArray();
        var norm = double.Sqrt(partial.Get(ReferenceKeys.Sums)[0] + gradients.Sum(g => FactorKernel.Dot(g, g)));
        if (!double.IsFinite(norm))
        {
            return ReferenceDivergence.Norm;
        }

        var step = ++state[ReferenceField.AdamStep];
        var factor = state[ReferenceField.RateFactor];
        var adam = new Adam(0, options.WeightDecay, GradientClip.Factor(norm, options.ClipNorm), step);
        if (!isProjection)
        {
            // New arrays: those of the state may be kept for replay.
            static double[][] Like(double[][] arrays) => [.. arrays.Select(a => GC.AllocateUninitializedArray<double>(a.Length))];
            var (before, firstBefore, secondBefore) = (state.Parameters, state.First, state.Second);
            var (parameters, first, second) = (Like(before), Like(firstBefore), Like(secondBefore));
            for (var part = 0; part < parameters.Length; part++)
            {
                var rate = factor * (part == 0 ? options.ColumnLearningRate : options.MixtureLearningRate);
                (adam with { Rate = rate }).Apply(before[part], firstBefore[part], secondBefore[part], gradients[part], parameters[part], first[part], second[part]);
            }

            state.Replace(parameters, first, second);
        }

        state[ReferenceField.Apply] = isProjection ? 2 : 1;
        state[ReferenceField.Clip] = adam.Clip;
        state[ReferenceField.ApplyRate] = factor * options.RowLearningRate;
        state[ReferenceField.ApplyStep] = step;
        return ReferenceDivergence.None;
    }

    // The mean of the shards' parameters and moments, weighted by their training rows: what they were plus the sum of weighted changes.
    private ReferenceDivergence TakeLocalSteps(ArraySet partial, long steps)
    {
        double[][] Changed(double[][] arrays, StateKey[] keys, double least) => [.. arrays.Select((a, part) => a.Zip(
            partial.Get(keys[part]), (x, change) => double.Max(least, x + change)).ToArray())];

        // Second moments are means of squares: rounding must not take one below 0, whose root Adam takes.
        state.Replace(
            Changed(state.Parameters, ReferenceKeys.Parts, double.NegativeInfinity), Changed(state.First, ReferenceKeys.First, double.NegativeInfinity), Changed(state.Second, ReferenceKeys.Second, 0));
        state[ReferenceField.AdamStep] += steps;
        var part = Array.FindIndex(state.Parameters, p => !p.All(double.IsFinite));
        return part < 0 ? ReferenceDivergence.None : ReferenceDivergence.Columns + part;
    }

    private void EndEpoch()
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
        if (isSettled || state[ReferenceField.Epoch] >= ReferenceSchedule.Epochs(state, options) || (isTraining && state[ReferenceField.EndedEarly] != 0))
        {
            // With a tolerance, steps that ran out mean a restart that did not converge; without one, taking all steps is what was asked for.
            if (isTraining && state[ReferenceField.EndedEarly] == 0 && !isSettled && options.Tolerance is not null)
            {
                state[ReferenceField.Converged] = 0;
            }

            EndStage();
        }
    }

    private void EndStage()
    {
        if (state.Phase == ReferencePhase.Project)
        {
            state.Phase = state[ReferenceField.TestZeros] + state[ReferenceField.TestOthers] > 0 ? ReferencePhase.Test : ReferencePhase.Finish;
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

    // Keeps the restart if it is the best so far, and goes on to the next one or beyond.
    private void Judge(double score, double[] validation)
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

        state.Phase = s_orders.Any(o => state[o] != 0) ? ReferencePhase.Finish : ReferencePhase.Done;
    }

    // Divergence: back to the best epoch (or the start) with half the learning rates; after the last retry the restart is given up at its best.
    private void GoBack(ReferenceDivergence cause, double loss = 0)
    {
        state[ReferenceField.HasDiverged] = 1;
        state[ReferenceField.Cause] = (int)cause;
        (state[ReferenceField.CauseLoss], state[ReferenceField.CauseLossBefore]) = double.IsFinite(loss) ? (loss, state[ReferenceField.PreviousLoss]) : (0, 0);
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
