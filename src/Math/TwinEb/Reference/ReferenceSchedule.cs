using FitCluster.Math.Svi;

namespace FitCluster.Math.TwinEb;

/// <summary>How many epochs a stage has, and what happens at the end of one: plateau scheduler, early stop, divergence.</summary>
internal static class ReferenceSchedule
{
    private const int DefaultSteps = 20_000;

    // Epochs over which the tolerance is judged.
    private const int ToleranceEpochs = 20;

    /// <summary>The minibatches of an epoch over so many rows.</summary>
    public static Batches Batches(double rows, TwinEbOptions options) => new((long)rows, options.BatchSize);

    /// <summary>What is divergence, and how often a restart goes back.</summary>
    public static DivergenceRule Divergence(TwinEbOptions options) => new(options.DivergenceFactor, options.Retries);

    /// <summary>Whole epochs in the steps of a stage, as published; at least one.</summary>
    public static long Epochs(ReferenceState state, TwinEbOptions options)
    {
        var steps = options.Steps ?? DefaultSteps;
        if (state.Phase == ReferencePhase.Project)
        {
            // A fit that was told to end gives its held-out rows one epoch: fewer would leave rows at their starting values.
            var epochs = (options.ProjectionSteps ?? (steps / 2)) / Batches(state[ReferenceField.HeldOutRows], options).Count;
            return state[ReferenceField.EndedEarly] != 0 ? 1 : long.Max(1, epochs);
        }

        return long.Max(1, steps / Batches(state[ReferenceField.TrainingRows], options).Count);
    }

    /// <summary>The state of a stage before its first epoch.</summary>
    public static void Begin(ReferenceState state)
    {
        foreach (var field in new[]
        {
            ReferenceField.Epoch, ReferenceField.EpochTick, ReferenceField.Tick, ReferenceField.Retries, ReferenceField.HasBest
        })
        {
            state[field] = 0;
        }

        state[ReferenceField.BestLoss] = BestEpoch.None.Loss;
        Put(state, PlateauState.Start);
        Put(state, ToleranceState.Start);
        BeginEpoch(state);
        state[ReferenceField.PreviousLoss] = double.PositiveInfinity;
        state[ReferenceField.Rises] = 0;
    }

    /// <summary>The state before an epoch.</summary>
    public static void BeginEpoch(ReferenceState state)
    {
        state[ReferenceField.Batch] = 0;
        state[ReferenceField.LossSum] = 0;
        state[ReferenceField.LossWeight] = 0;
    }

    /// <summary>Ends an epoch with its mean loss; says whether the stage ends by its own rule.</summary>
    public static bool EndEpoch(ReferenceState state, double loss, TwinEbOptions options)
    {
        var epoch = state[ReferenceField.Epoch];
        var rise = new RiseStop(options.EarlyStopRise, options.EarlyStopEpochs);
        state[ReferenceField.Rises] = rise.Next(state[ReferenceField.Rises], loss, state[ReferenceField.PreviousLoss]);
        if (epoch >= 1)
        {
            var greatest = double.Max(options.RowLearningRate, double.Max(options.ColumnLearningRate, options.MixtureLearningRate));
            var plateau = new PlateauState(
                state[ReferenceField.PlateauLoss], state[ReferenceField.PlateauEpochs], state[ReferenceField.RateFactor]);
            Put(state, new PlateauSchedule(options.PlateauFactor, options.PlateauPatience, options.PlateauThreshold).Next(
                plateau, loss, greatest));
        }

        state[ReferenceField.PreviousLoss] = loss;
        state[ReferenceField.Epoch] = epoch + 1;
        state[ReferenceField.EpochTick]++;
        BeginEpoch(state);
        var least = double.Min(options.RowLearningRate, double.Min(options.ColumnLearningRate, options.MixtureLearningRate)) *
            state[ReferenceField.RateFactor];
        return rise.IsReached(state[ReferenceField.Rises]) || least < options.LeastLearningRate || IsWithinTolerance(state, loss, options);
    }

    private static bool IsWithinTolerance(ReferenceState state, double loss, TwinEbOptions options)
    {
        if (options.Tolerance is not { } tolerance)
        {
            return false;
        }

        var rule = new ToleranceStop(tolerance, ToleranceEpochs);
        var next = rule.Next(new ToleranceState(state[ReferenceField.ToleranceLoss], state[ReferenceField.ToleranceEpochs]), loss);
        Put(state, next);
        return rule.IsReached(next);
    }

    private static void Put(ReferenceState state, PlateauState plateau) =>
        (state[ReferenceField.PlateauLoss], state[ReferenceField.PlateauEpochs], state[ReferenceField.RateFactor]) =
            (plateau.Lowest, plateau.Epochs, plateau.RateFactor);

    private static void Put(ReferenceState state, ToleranceState tolerance) =>
        (state[ReferenceField.ToleranceLoss], state[ReferenceField.ToleranceEpochs]) = (tolerance.Lowest, tolerance.Epochs);
}
