using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

// The ends of rounds at the coordinator: sweeps, restarts, and what is done when one diverges.
public sealed partial class TwinEbConjugateModel
{
    private void StartRestart(ArraySet global, int restart)
    {
        global.Set("restart", restart)
            .Set("sweep", 0)
            .Set("converged", 0)
            .Set("givenUp", 0)
            .Set("objective", ConjugateSettings.NoObjective)
            .Set("phase", (double)ConjugatePhase.Sweep);
        _likelihood.StartColumns(global, SeedOf(restart));
    }

    // The next restart whose start is finite; without one, held-out rows under the best restart, or the end.
    private void Begin(ArraySet global, int restart)
    {
        for (var next = restart; next < _options.Restarts && (next == 0 || global.Scalar("endEarly") == 0); next++)
        {
            // What is not finite must not get into the state, which the coordinator would refuse.
            var started = Copy(global);
            StartRestart(started, next);
            if (ConjugateFailure.OfState(started) is not { } failure)
            {
                foreach (var array in started)
                {
                    global.Set(array);
                }

                return;
            }

            NoteDivergence(global, $"restart {next + 1} could not start: {failure}");
            NoteRestart(global, ConjugateSettings.NoObjective, ConjugateSettings.NoObjective);
        }

        global.Set("phase", (double)(global.Scalar("hasBest") != 0 ? ConjugatePhase.Project : ConjugatePhase.Done));
    }

    private void AfterDescription(ArraySet global, ArraySet partial, string? failure)
    {
        if (failure is not null)
        {
            NoteDivergence(global, failure);
            global.Set("phase", (double)ConjugatePhase.Done);
            return;
        }

        foreach (var array in partial.Where(a => !a.Name.StartsWith("failed", StringComparison.Ordinal)))
        {
            global.Set(array);
        }

        global.Set("zerosMissing", partial.Scalar("zerosMissing") > 0 ? 1 : 0);
        Begin(global, 0);
    }

    // Null, or what of the state is no number to go on with: then the state is to be thrown away.
    private string? AfterSweep(ArraySet global, ArraySet partial)
    {
        var sweep = (int)global.Scalar("sweep");
        var before = global.Scalar("objective");
        var objective = _likelihood.Advance(global, partial, sweep > SplitAfter);
        global.Set("objective", objective);
        if (ConjugateFailure.OfState(global) is { } failure)
        {
            return failure;
        }

        if (sweep == SplitAfter)
        {
            SetColumns(global, _likelihood.Columns(global, 0, _options.Columns));
            var present = partial["candidatePresent"];
            var width = 2 * _options.Factors;
            var points = partial["candidatePoints"].Where((_, at) => present[at / width] > 0).ToArray();
            _likelihood.Split(global, points, SeedOf(global.Scalar("restart")));
        }

        // The sweep after a split is compared with nothing: the objective is another one.
        var comparable = sweep > SplitAfter + 1 && before > ConjugateSettings.NoObjective;
        var gain = comparable ? objective - before : double.PositiveInfinity;
        var converged = comparable && gain <= (_options.Tolerance ?? ConjugateSettings.Tolerance) * double.Abs(objective);
        var ends = converged || sweep + 1 >= MostSweeps || global.Scalar("endEarly") != 0;
        global.Set("sweep", sweep + 1)
            .Set("sweeps", global.Scalar("sweeps") + 1)
            .Set("converged", converged ? 1 : 0)
            .Set("allConverged", global.Scalar("allConverged") != 0 && (converged || !ends) ? 1 : 0)
            .Set("ends", ends ? 1 : 0)
            .Set("phase", (double)ConjugatePhase.Columns);
        return sweep == SplitAfter ? ConjugateFailure.OfState(global) : null;
    }

    // As after a sweep.
    private static string? AfterColumns(ArraySet global, ArraySet partial)
    {
        SetColumns(global, partial);
        foreach (var array in global.Where(a => a.Name.StartsWith(Before, StringComparison.Ordinal)).ToArray())
        {
            global.Set(array.Name, []);
        }

        global.Set("phase", (double)(global.Scalar("ends") != 0 ? ConjugatePhase.Validate : ConjugatePhase.Sweep));
        return ConjugateFailure.OfState(global);
    }

    private static void SetColumns(ArraySet global, ArraySet partial)
    {
        foreach (var array in partial.Where(ConjugateFailure.IsParameter))
        {
            global.Set(array.Name, array.Values, array.Shape);
        }
    }

    // Until the columns of a sweep are there, the state before it is the last that is whole.
    private static void Remember(ArraySet global)
    {
        foreach (var array in global.Where(a => ConjugateFailure.IsParameter(a) || a.Name == "objective").ToArray())
        {
            global.Set(Before + array.Name, array.Values, array.Shape);
        }
    }

    private static ArraySet Remembered(ArraySet global)
    {
        var state = Copy(global);
        foreach (var array in global.Where(a => a.Name.StartsWith(Before, StringComparison.Ordinal)))
        {
            state.Set(array.Name[Before.Length..], array.Values, array.Shape).Set(array.Name, []);
        }

        return state.Set("sweep", global.Scalar("sweep") - 1);
    }

    // The state before the round that diverged: where columns have been fitted it is scored, as the best so far if there is none yet. Coordinate ascent has no step to make
    // smaller, and would come to the same numbers again: the next restart has other ones.
    private ArraySet GiveUp(ArraySet before, string failure)
    {
        var state = Copy(before).Set("promote", 0);
        var (restart, sweep) = ((int)before.Scalar("restart"), (int)before.Scalar("sweep"));
        NoteDivergence(state, $"restart {restart + 1} diverged in sweep {sweep + 1} and was given up: {failure}");
        if (before.Scalar("hasBest") == 0 && sweep > 0)
        {
            state.Set("givenUp", 1).Set("phase", (double)ConjugatePhase.Validate);
        }
        else
        {
            NoteRestart(state, ConjugateSettings.NoObjective, ConjugateSettings.NoObjective);
            Begin(state, restart + 1);
        }

        return state;
    }

    private void AfterValidation(ArraySet global, ArraySet partial, string? failure)
    {
        var (restart, objective) = ((int)global.Scalar("restart"), global.Scalar("objective"));
        if (failure is not null && global.Scalar("givenUp") == 0)
        {
            NoteDivergence(global, $"restart {restart + 1} has no validation score: {failure}");
        }

        // What was given up counts less than any restart that was not.
        var isWhole = failure is null && global.Scalar("givenUp") == 0;
        var sums = failure is null ? partial["score"] : HeldOutScore.None.ToArray();
        var score = HeldOutScore.FromArray(sums);
        var criterion = !isWhole ? ConjugateSettings.NoObjective : score.Cells > 0 ? score.LogLik : objective;
        if (global.Scalar("hasBest") == 0 || criterion > global.Scalar("bestCriterion"))
        {
            foreach (var array in global.Where(ConjugateFailure.IsParameter).ToArray())
            {
                global.Set(Best + array.Name, array.Values, array.Shape);
            }

            global.Set("hasBest", 1).Set("bestCriterion", criterion).Set("bestObjective", objective).Set("bestRestart", restart)
                .Set("validation", sums).Set("promote", 1);
        }

        NoteRestart(global, isWhole && score.Cells > 0 ? score.LogLik : ConjugateSettings.NoObjective, isWhole ? objective : ConjugateSettings.NoObjective);
        Begin(global, restart + 1);
    }

    private static void NoteRestart(ArraySet global, double score, double objective) => global
        .Set("restartScores", [.. global["restartScores"], score])
        .Set("restartElbos", [.. global["restartElbos"], objective]);

    private static void NoteDivergence(ArraySet global, string words) => global
        .Set("divergence", ConjugateFailure.Units(words)).Set("hasDiverged", 1).Set("allConverged", 0);

    private string Failure(ArraySet global, string divergence)
    {
        var best = global.Scalar("hasBest") == 0
            ? "no restart came so far that there is a best one"
            : $"the best so far is restart {global.Scalar("bestRestart") + 1} of {_options.Restarts}";
        return $"{divergence}; {best}: look at the data there, and at the shapes, rates and scales of fixed priors";
    }
}
