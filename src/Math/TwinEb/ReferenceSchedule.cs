namespace FitCluster.Math.TwinEb;

/// <summary>How many epochs a stage has, and what happens at the end of one: plateau scheduler, early stop, divergence.</summary>
internal static class ReferenceSchedule
{
    private const int DefaultSteps = 20_000;

    // The scheduler leaves a rate alone when the change is smaller: as torch's ReduceLROnPlateau does.
    private const double LeastRateChange = 1e-8;

    // Epochs over which the tolerance is judged: one epoch's loss is as noisy as its draws.
    private const int ToleranceEpochs = 20;

    /// <summary>The minibatches of an epoch.</summary>
    public static long Batches(double rows, TwinEbOptions options) => ((long)rows + options.BatchSize - 1) / options.BatchSize;

    /// <summary>Whole epochs in the steps of a stage, as published; at least one.</summary>
    public static long Epochs(ReferenceState state, TwinEbOptions options)
    {
        var steps = options.Steps ?? DefaultSteps;
        if (state.Phase == ReferencePhase.Project)
        {
            // A fit that was told to end gives its held-out rows one epoch: fewer would leave rows at their starting values.
            var epochs = (options.ProjectionSteps ?? (steps / 2)) / Batches(state[ReferenceField.HeldOutRows], options);
            return state[ReferenceField.EndedEarly] != 0 ? 1 : long.Max(1, epochs);
        }

        return long.Max(1, steps / Batches(state[ReferenceField.TrainingRows], options));
    }

    /// <summary>The state of a stage before its first epoch.</summary>
    public static void Begin(ReferenceState state)
    {
        foreach (var field in new[]
        {
            ReferenceField.Epoch, ReferenceField.EpochTick, ReferenceField.Tick, ReferenceField.PlateauEpochs, ReferenceField.ToleranceEpochs,
            ReferenceField.Retries, ReferenceField.HasBest,
        })
        {
            state[field] = 0;
        }

        state[ReferenceField.RateFactor] = 1;
        state[ReferenceField.BestLoss] = double.PositiveInfinity;
        state[ReferenceField.PlateauLoss] = double.PositiveInfinity;
        state[ReferenceField.ToleranceLoss] = double.PositiveInfinity;
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

    /// <summary>Whether an epoch's loss is divergence.</summary>
    public static bool IsDivergence(ReferenceState state, double loss, TwinEbOptions options)
    {
        var previous = state[ReferenceField.PreviousLoss];
        return !double.IsFinite(loss) || (double.IsFinite(previous) && double.Abs(loss) > options.DivergenceFactor * double.Abs(previous));
    }

    /// <summary>Ends an epoch with its mean loss; says whether the stage ends by its own rule.</summary>
    public static bool EndEpoch(ReferenceState state, double loss, TwinEbOptions options)
    {
        var epoch = state[ReferenceField.Epoch];
        state[ReferenceField.Rises] = loss - state[ReferenceField.PreviousLoss] >= options.EarlyStopRise ? state[ReferenceField.Rises] + 1 : 0;
        if (epoch >= 1)
        {
            Plateau(state, loss, options);
        }

        state[ReferenceField.PreviousLoss] = loss;
        state[ReferenceField.Epoch] = epoch + 1;
        state[ReferenceField.EpochTick]++;
        BeginEpoch(state);
        var least = double.Min(options.RowLearningRate, double.Min(options.ColumnLearningRate, options.MixtureLearningRate)) * state[ReferenceField.RateFactor];
        return state[ReferenceField.Rises] >= options.EarlyStopEpochs || least < options.LeastLearningRate || IsWithinTolerance(state, loss, options);
    }

    private static void Plateau(ReferenceState state, double loss, TwinEbOptions options)
    {
        var lowest = state[ReferenceField.PlateauLoss];
        if (double.IsInfinity(lowest) || loss < lowest * (1 - options.PlateauThreshold))
        {
            state[ReferenceField.PlateauLoss] = loss;
            state[ReferenceField.PlateauEpochs] = 0;
        }
        else if (++state[ReferenceField.PlateauEpochs] > options.PlateauPatience)
        {
            var largest = double.Max(options.RowLearningRate, double.Max(options.ColumnLearningRate, options.MixtureLearningRate)) * state[ReferenceField.RateFactor];
            if (largest * (1 - options.PlateauFactor) > LeastRateChange)
            {
                state[ReferenceField.RateFactor] *= options.PlateauFactor;
            }

            state[ReferenceField.PlateauEpochs] = 0;
        }
    }

    private static bool IsWithinTolerance(ReferenceState state, double loss, TwinEbOptions options)
    {
        if (options.Tolerance is not { } tolerance)
        {
            return false;
        }

        var lowest = state[ReferenceField.ToleranceLoss];
        if (double.IsInfinity(lowest) || loss < lowest - (tolerance * double.Abs(lowest)))
        {
            state[ReferenceField.ToleranceLoss] = loss;
            state[ReferenceField.ToleranceEpochs] = 0;
            return false;
        }

        return ++state[ReferenceField.ToleranceEpochs] >= ToleranceEpochs;
    }
}
