using System.Globalization;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>What the conjugate optimizer's state says to people, and its results.</summary>
internal sealed class ConjugateReport(TwinEbOptions options, IConjugateLikelihood likelihood, ConjugateSchedule schedule)
{
    /// <summary>A line of the trace.</summary>
    public RoundReport Of(StateSet<ConjugateField> state)
    {
        var (phase, objective) = ((ConjugatePhase)state.Whole(ConjugateField.Phase), state[ConjugateField.Objective]);
        var (restart, sweep) = (state.Whole(ConjugateField.Restart), state.Whole(ConjugateField.Sweep));
        var hasDiverged = state.Is(ConjugateField.HasDiverged);
        var name = phase switch
        {
            ConjugatePhase.Describe => "describe",
            // The sweep whose rows were done is the one before.
            ConjugatePhase.Columns => sweep <= schedule.SplitAfter(restart) + 1 ? "start" : "sweep",
            ConjugatePhase.Sweep => sweep == 0 ? "start" : state.Is(ConjugateField.WasChecked) ? "check" : "columns",
            ConjugatePhase.Check => "columns",
            ConjugatePhase.Spread => "check",
            ConjugatePhase.Validate => "validate",
            ConjugatePhase.Project => "held-out rows",
            _ => "done",
        };
        var divergence = ConjugateFailure.Words(state[ConjugateKeys.Divergence]);
        var isOver = phase == ConjugatePhase.Done;
        var done = isOver && (divergence.Length == 0 || state.Is(ConjugateField.HasBest));
        var progress = done ? 1 : (restart + double.Min(0.95, (double)sweep / schedule.MostSweeps)) / options.Restarts;
        return new RoundReport(
            options.Restarts > 1 && !done ? $"{name} {restart + 1}" : name,
            phase == ConjugatePhase.Columns && !hasDiverged && objective > ConjugateSettings.NoObjective ? objective : double.NaN,
            done,
            done && state.Is(ConjugateField.AllConverged) && !state.Is(ConjugateField.EndEarly),
            progress,
            hasDiverged ? divergence : isOver ? Worse(state) : null,
            NoData(state) ?? (isOver && divergence.Length > 0 ? Failure(state, divergence) : null));
    }

    /// <summary>The coordinator's results; none where the fit failed before a restart ended.</summary>
    public ArraySet Results(StateSet<ConjugateField> state)
    {
        var results = new ArraySet();
        if (!state.Is(ConjugateField.HasBest))
        {
            return results;
        }

        likelihood.Results(state.Arrays, ConjugateKeys.Best, results);
        var (validation, test) =
            (HeldOutScore.FromArray(state[ConjugateKeys.Validation]), HeldOutScore.FromArray(state[ConjugateKeys.Test]));
        var isSliced = state[ConjugateField.Slice] > 0;
        if (validation.Cells > 0 && isSliced)
        {
            results.Set("sliceLogLik", validation.LogLik);
        }
        else if (validation.Cells > 0)
        {
            results.Set("heldOutLogLik", validation.LogLik).Set("rmse", validation.Rmse).Set("mae", validation.Mae);
        }

        if (test.Cells > 0)
        {
            results.Set("testLogLik", test.LogLik).Set("testRmse", test.Rmse).Set("testMae", test.Mae);
        }

        if (state[ConjugateKeys.Misfit] is { Length: > 0 } sums)
        {
            results.Set("misfit", sums);
        }

        if (validation.Cells > 0)
        {
            results.Set("heldOutMisfit", CountMisfit.Of(validation).ToArray())
                .Set("validationCells", validation.Cells);
            if (state[ConjugateKeys.ColumnErrors] is [var errors, var cells])
            {
                results.Set("validationRmse", validation.Rmse).Set("columnMeansRmse", double.Sqrt(errors / cells));
                if (state.Is(ConjugateField.TookColumnMeans))
                {
                    results.Set("replacedRmse", state[ConjugateField.ReplacedRmse]);
                }
            }
        }

        var objective = state[ConjugateField.BestObjective];
        return results
            .Set("elbo", objective > ConjugateSettings.NoObjective ? objective : double.NaN)
            .Set("sweeps", state[ConjugateField.Sweeps])
            .Set("restart", state[ConjugateField.BestRestart])
            .Set("restartScores", state[ConjugateKeys.RestartScores])
            .Set("restartElbos", state[ConjugateKeys.RestartElbos]);
    }

    // The last resort: where even the best of what was tried was worse than no model at all, a likelihood is to be chosen that fits.
    private static string? Worse(StateSet<ConjugateField> state) =>
        state.Is(ConjugateField.TookColumnMeans)
            ? string.Create(CultureInfo.InvariantCulture,
                $"{(state[ConjugateField.Slice] > 0 ? "cells that were set aside" : "validation cells")} were predicted worse than by " +
                $"the means of their columns (RMSE {state[ConjugateField.ReplacedRmse]:G4}, of means " +
                $"{HeldOutScore.FromArray(state[ConjugateKeys.Validation]).Rmse:G4}), so the result is these means and no model: " +
                $"likelihood poisson does not fit counts that vary so much; set twineb.likelihood: negative_binomial")
            : null;

    private static string? NoData(StateSet<ConjugateField> state) =>
        !state.Is(ConjugateField.IsDescribed) ? null
        : state[ConjugateField.TrainingRows] == 0 ? "all rows are held out: at least one training row is needed"
        : state[ConjugateField.TrainingCells] ==
            0 ? "there is no training cell: at least one stored cell of a training row must not be held out"
        : null;

    private string Failure(StateSet<ConjugateField> state, string divergence)
    {
        var best = !state.Is(ConjugateField.HasBest)
            ? "no restart came so far that there is a best one"
            : $"the best so far is restart {state[ConjugateField.BestRestart] + 1} of {options.Restarts}";
        return $"{divergence}; {best}: look at the data there, and at the shapes, rates and scales of fixed priors";
    }
}
