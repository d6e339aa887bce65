namespace FitCluster.Math.TwinEb;

/// <summary>What is wrong with options, every problem at once.</summary>
public static class TwinEbOptionsCheck
{
    private const int MostFactors = 1024;
    private const int MostComponents = 10_000;

    /// <summary>One sentence for each problem; empty when the options are sound.</summary>
    public static IReadOnlyList<string> Problems(TwinEbOptions options)
    {
        var problems = new List<string>();
        void Check(bool ok, string problem)
        {
            if (!ok)
            {
                problems.Add(problem);
            }
        }

        void Positive(double value, string name) =>
            Check(value > 0 && double.IsFinite(value), $"{name} is {value}: it must be a finite number above 0");

        void AtLeast(long value, long least, string name) => Check(value >= least, $"{name} is {value}: it must be at least {least}");

        AtLeast(options.Rows, 1, "the number of rows");
        AtLeast(options.Columns, 1, "the number of columns");
        Check(options.Factors is >= 1 and <= MostFactors, $"factors is {options.Factors}: it must be from 1 to {MostFactors}");
        var mixtureOfRows = options.Prior is TwinEbPrior.Twin or TwinEbPrior.Rows;
        var mixtureOfColumns = options.Prior is TwinEbPrior.Twin or TwinEbPrior.Columns;
        Check(!mixtureOfRows || options.RowComponents is >= 1 and <= MostComponents,
            $"rowComponents is {options.RowComponents}: it must be from 1 to {MostComponents}");
        Check(!mixtureOfRows || options.RowComponents <= options.Rows,
            $"rowComponents is {options.RowComponents}, but there are {options.Rows} rows: use at most as many components as rows");
        Check(!mixtureOfColumns || options.ColumnComponents is >= 1 and <= MostComponents,
            $"columnComponents is {options.ColumnComponents}: it must be from 1 to {MostComponents}");
        Check(!mixtureOfColumns || options.ColumnComponents <= options.Columns,
            $"columnComponents is {options.ColumnComponents}, but there are {options.Columns} columns: use at most as many " +
            "components as columns");
        Check(options.Particles is >= 1 and <= 1000, $"particles is {options.Particles}: it must be from 1 to 1000");
        AtLeast(options.BatchSize, 1, "batchSize");
        Check(options.Steps is null or >= 1, $"steps is {options.Steps}: it must be at least 1");
        Check(options.ProjectionSteps is null or >= 1, $"projectionSteps is {options.ProjectionSteps}: it must be at least 1");
        Positive(options.RowLearningRate, "rowLearningRate");
        Positive(options.ColumnLearningRate, "columnLearningRate");
        Positive(options.MixtureLearningRate, "mixtureLearningRate");
        Positive(options.ClipNorm, "clipNorm");
        Check(options.WeightDecay >= 0 && double.IsFinite(options.WeightDecay),
            $"weightDecay is {options.WeightDecay}: it must be a finite number of at least 0");
        Check(options.PlateauFactor is > 0 and <= 1, $"plateauFactor is {options.PlateauFactor}: it must be above 0 and at most 1");
        AtLeast(options.PlateauPatience, 0, "plateauPatience");
        Check(options.PlateauThreshold is >= 0 and < 1, $"plateauThreshold is {options.PlateauThreshold}: it must be from 0 to below 1");
        AtLeast(options.EarlyStopEpochs, 1, "earlyStopEpochs");
        Positive(options.EarlyStopRise, "earlyStopRise");
        Check(options.LeastLearningRate >= 0 && double.IsFinite(options.LeastLearningRate),
            $"leastLearningRate is {options.LeastLearningRate}: it must be a finite number of at least 0");
        Check(options.DivergenceFactor > 1, $"divergenceFactor is {options.DivergenceFactor}: it must be above 1");
        AtLeast(options.Retries, 0, "retries");
        AtLeast(options.Restarts, 1, "restarts");
        AtLeast(options.HeldOutSamples, 1, "heldOutSamples");
        var gaussian = options.Likelihood == TwinEbLikelihood.Gaussian;
        Check(
            gaussian || !options.HeldOutSubtractsValue,
            "heldOutSubtractsValue is for the Gaussian likelihood: leave it out with poisson and negative_binomial");
        Check(options.Likelihood != TwinEbLikelihood.NegativeBinomial || options.Optimizer == TwinEbOptimizer.Default,
            "the negative binomial likelihood is the default optimizer's: leave optimizer out, or set likelihood to poisson");
        Check(!gaussian || !options.HeldOutZeroSample, "heldOutZeroSample is for the likelihoods of counts: leave it out with gaussian");
        Check(!options.HeldOutZeroSample || options.HeldOutSamples > 1,
            "heldOutZeroSample needs draws, but heldOutSamples is 1: raise it to at least 2");
        Positive(options.NoiseSd, "noiseSd");
        Positive(options.RowPriorShape, "rowPriorShape");
        Positive(options.RowPriorRate, "rowPriorRate");
        Positive(options.RowPriorScale, "rowPriorScale");
        Positive(options.ColumnPriorShape, "columnPriorShape");
        Positive(options.ColumnPriorRate, "columnPriorRate");
        Positive(options.ColumnPriorScale, "columnPriorScale");
        AtLeast(options.LocalSteps, 1, "localSteps");
        Check(options.Tolerance is null || (options.Tolerance >= 0 && double.IsFinite(options.Tolerance.Value)),
            $"tolerance is {options.Tolerance}: it must be a finite number of at least 0");
        if (options.Optimizer == TwinEbOptimizer.Default)
        {
            Check(options.Particles == 1,
                $"particles is {options.Particles}, which only the reference optimizer draws: leave it out, or set optimizer to reference");
            Check(options.LocalSteps == 1,
                $"localSteps is {options.LocalSteps}, which only the reference optimizer takes: leave it out, or set optimizer " +
                "to reference");
        }

        if (options.Start is { } start)
        {
            CheckStart(options, start, Check);
        }

        return problems;
    }

    private static void CheckStart(TwinEbOptions options, TwinEbStart start, Action<bool, string> check)
    {
        check(start.Likelihood == options.Likelihood, "the fit to start from has another likelihood");
        check(start.Columns == options.Columns,
            $"the fit to start from has {start.Columns} columns, the data have {options.Columns}: use the same columns in the same order");
        check(start.Factors <= options.Factors,
            $"factors is {options.Factors}, but the fit to start from has {start.Factors}: use at least as many");

        // The default optimizer splits what has not been split yet, on both sides at once: a fit that ended before has one component a
        // side.
        var isWhole = options.Optimizer == TwinEbOptimizer.Default && start.RowPrior.Components == 1 && start.ColumnPrior.Components == 1;
        check(
            isWhole || start.RowPrior.Components == (options.IsRowMixture ? options.RowComponents : 1),
            $"the fit to start from has {start.RowPrior.Components} row components where " +
            $"{(options.IsRowMixture ? options.RowComponents : 1)} are asked for: use the same prior and rowComponents");
        check(
            isWhole || start.ColumnPrior.Components == (options.IsColumnMixture ? options.ColumnComponents : 1),
            $"the fit to start from has {start.ColumnPrior.Components} column components where " +
            $"{(options.IsColumnMixture ? options.ColumnComponents : 1)} are asked for: use the same prior and columnComponents");
    }
}
