using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>What a reference fit's state says to people, and its results.</summary>
internal static class ReferenceReport
{
    /// <summary>A line of the trace.</summary>
    public static RoundReport Of(ReferenceState state, TwinEbOptions options)
    {
        // A fit that failed before it began has no best so far: then it is not done, only failed.
        var isDone = state.Phase == ReferencePhase.Done &&
            (ReferenceFailure)(int)state[ReferenceField.Failure] is ReferenceFailure.None or ReferenceFailure.Diverged;
        var objective = state[ReferenceField.HasObjective] != 0 ? state[ReferenceField.Objective] : double.NaN;
        var converged = isDone && state[ReferenceField.Converged] != 0 && state[ReferenceField.Failure] == 0;
        return new RoundReport(
            Phase(state, options), objective, isDone, converged, Progress(state, options), Note(state, options), Failure(state, options));
    }

    /// <summary>The coordinator's results.</summary>
    public static ArraySet Results(ReferenceState state, TwinEbOptions options)
    {
        if (state.Parameters[0].Length == 0)
        {
            // The fit failed before it began.
            return new ArraySet();
        }

        var (d, l) = (options.Columns, options.Factors);
        var (mean, sd) = ReferenceSampler.Moments(options, state.Parameters[0]);
        var result = new ArraySet().Set("columns_mean", mean, [d, l]).Set("columns_sd", sd, [d, l]);
        Prior(result, "row_prior", ReferencePrior.OfRows(options), state.Parameters[1], options);
        Prior(result, "column_prior", ReferencePrior.OfColumns(options), state.Parameters[2], options);
        if (state.Validation.Length > 0)
        {
            var score = HeldOutScore.FromArray(state.Validation);
            result.Set("heldOutLogLik", score.LogLik).Set("rmse", score.Rmse).Set("mae", score.Mae)
                .Set("heldOutMisfit", CountMisfit.Of(score).ToArray());
        }

        if (state.Test.Length > 0)
        {
            var score = HeldOutScore.FromArray(state.Test);
            result.Set("testLogLik", score.LogLik).Set("testRmse", score.Rmse).Set("testMae", score.Mae);
        }

        return result.Set("elbo", state[ReferenceField.Objective]).Set("restart", state[ReferenceField.KeptRestart]).Set(
            "restartScores", state.Scores);
    }

    private static void Prior(ArraySet result, string name, ReferencePrior prior, double[] parameters, TwinEbOptions options)
    {
        var table = new ReferencePriorTable(prior);
        table.Set(parameters);
        var (weights, first, second) = table.Values();
        var (firstName, secondName) = options.Likelihood == TwinEbLikelihood.Poisson ? ("shape", "rate") : ("mean", "sd");
        int[] shape = [prior.Components, prior.Factors];
        result.Set($"{name}_weight", weights).Set($"{name}_{firstName}", first, shape).Set($"{name}_{secondName}", second, shape);
    }

    private static string Phase(ReferenceState state, TwinEbOptions options)
    {
        var epoch = $"epoch {state[ReferenceField.Epoch] + 1}";
        var restart = options.Restarts > 1 ? $"restart {state[ReferenceField.Restart] + 1}, " : "";
        return state.Phase switch
        {
            ReferencePhase.Describe => "describe",
            ReferencePhase.Train => restart + epoch,
            ReferencePhase.Validate => restart + "validation",
            ReferencePhase.Project => "held-out rows, " + epoch,
            ReferencePhase.Test => "test",
            _ => "finish",
        };
    }

    private static double Progress(ReferenceState state, TwinEbOptions options)
    {
        if (state.Phase is ReferencePhase.Describe or ReferencePhase.Done)
        {
            return state.Phase == ReferencePhase.Done ? 1 : 0;
        }

        // Held-out rows take half the steps of a restart.
        var stages = options.Restarts + (state[ReferenceField.HeldOutRows] > 0 ? 0.5 : 0);
        var share = state.Phase is ReferencePhase.Train or ReferencePhase.Project
            ? state[ReferenceField.Epoch] / ReferenceSchedule.Epochs(state, options)
            : 1;
        return state.Phase switch
        {
            ReferencePhase.Project => (options.Restarts + (0.5 * share)) / stages,
            ReferencePhase.Train or ReferencePhase.Validate => double.Min(1, (state[ReferenceField.Restart] + share) / stages),
            _ => 1,
        };
    }

    private static string? Note(ReferenceState state, TwinEbOptions options) => state[ReferenceField.HasDiverged] == 0 ? null
        : state.Phase is ReferencePhase.Train or ReferencePhase.Project && state[ReferenceField.Retries] > 0
            ? $"the fit diverged ({Cause(state, options)}) and went back to its last good state with " +
                $"{state[ReferenceField.RateFactor]:G3} of its learning rates (retry {state[ReferenceField.Retries]})"
            : $"a restart diverged ({Cause(state, options)}) more often than retries allow and was given up";

    private static string Cause(ReferenceState state, TwinEbOptions options)
    {
        var (what, verb) = options.LocalSteps > 1 ? ("parameters or moments", "are") : ("gradient", "is");
        return (ReferenceDivergence)(int)state[ReferenceField.Cause] switch
        {
            ReferenceDivergence.Rows => "the gradient of the rows, or the loss, of a shard is not finite",
            ReferenceDivergence.Columns => $"the {what} of the columns {verb} not finite",
            ReferenceDivergence.RowPrior => $"the {what} of the rows' prior {verb} not finite",
            ReferenceDivergence.ColumnPrior => $"the {what} of the columns' prior {verb} not finite",
            ReferenceDivergence.Norm => "the norm of the gradient is not finite",
            _ when state[ReferenceField.CauseLoss] == 0 => "an epoch's loss is not finite",
            _ => $"an epoch's loss of {state[ReferenceField.CauseLoss]:G6} is more than {options.DivergenceFactor} times the " +
                $"{state[ReferenceField.CauseLossBefore]:G6} before",
        };
    }

    private static string? Failure(ReferenceState state, TwinEbOptions options) => state.Phase != ReferencePhase.Done ? null
        : (ReferenceFailure)(int)state[ReferenceField.Failure] switch
        {
            ReferenceFailure.None => null,
            ReferenceFailure.NoTrainingRows => "all rows are held out: at least one training row is needed",
            ReferenceFailure.TooManyShards =>
                $"shards of fewer than {(options.Rows + 4095) / 4096} rows cannot be told apart: use fewer shards",
            _ => $"the fit diverged {state[ReferenceField.AllRetries]} times (retries {options.Retries}), at last because " +
                $"{Cause(state, options)}; lower the learning rates (rowLearningRate is {options.RowLearningRate}, columnLearningRate " +
                $"{options.ColumnLearningRate})",
        };
}
