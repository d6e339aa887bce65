using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.Svi;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The coordinator's part of a round: the step of columns and priors. What follows at the ends of epochs and restarts,
/// <see cref="ReferenceStages"/> says.
/// </summary>
internal sealed class ReferenceUpdate(TwinEbOptions options, ReferenceState state)
{
    private readonly ReferenceStages _stages = new(options, state);

    /// <summary>Changes the state by a round's partial.</summary>
    public void Apply(ArraySet partial)
    {
        foreach (var order in ReferenceStages.Orders)
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
                _stages.Judge(state.Scores[^1], partial.Get(ReferenceKeys.Score));
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
            _stages.Fail(state[ReferenceField.TrainingRows] == 0 ? ReferenceFailure.NoTrainingRows : ReferenceFailure.TooManyShards);
            return;
        }

        _stages.BeginRestart(0);
        state[ReferenceField.Locate] = 1;
    }

    private void Step(ArraySet partial)
    {
        var sums = partial.Get(ReferenceKeys.Sums);
        var isProjection = state.Phase == ReferencePhase.Project;
        var isExact = isProjection || options.LocalSteps == 1;
        var batches =
            ReferenceSchedule.Batches(state[isProjection ? ReferenceField.HeldOutRows : ReferenceField.TrainingRows], options).Count;
        var steps = isExact ? 1 : long.Min(options.LocalSteps, batches - (long)state[ReferenceField.Batch]);
        state[ReferenceField.Tick] += steps;

        // The first array that any shard has flagged.
        var flagged = Array.FindIndex(partial.Get(ReferenceKeys.Flags), flag => flag != 0);
        var cause = flagged >= 0
            ? ReferenceDivergence.Rows + flagged
            : isExact ? ExactStep(partial, isProjection) : TakeLocalSteps(partial, steps);
        if (cause != ReferenceDivergence.None)
        {
            _stages.GoBack(cause);
            return;
        }

        state[ReferenceField.LossSum] += sums[1];
        state[ReferenceField.LossWeight] += isExact ? 1 : sums[2];
        state[ReferenceField.Batch] += steps;
        var isEndOfEpoch = state[ReferenceField.Batch] >= batches;
        if (isEndOfEpoch)
        {
            _stages.EndEpoch();
        }
        else if (state[ReferenceField.EndedEarly] != 0 && !isProjection)
        {
            _stages.EndStage();
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
                (adam with { Rate = rate }).Apply(
                    before[part], firstBefore[part], secondBefore[part], gradients[part], parameters[part], first[part], second[part]);
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
            Changed(state.Parameters, ReferenceKeys.Parts, double.NegativeInfinity),
            Changed(state.First, ReferenceKeys.First, double.NegativeInfinity), Changed(state.Second, ReferenceKeys.Second, 0));
        state[ReferenceField.AdamStep] += steps;
        var part = Array.FindIndex(state.Parameters, p => !p.All(double.IsFinite));
        return part < 0 ? ReferenceDivergence.None : ReferenceDivergence.Columns + part;
    }

}
