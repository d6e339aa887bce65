using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The ends of rounds at the coordinator: sweeps, restarts, and what is done when one diverges. <see cref="ConjugateTransitions"/> says
/// what follows.
/// </summary>
internal sealed class ConjugateUpdate(TwinEbOptions options, IConjugateLikelihood likelihood, ConjugateSchedule schedule)
{
    private readonly ConjugateChecks _checks = new(likelihood);

    /// <summary>The state after a round.</summary>
    public StateSet<ConjugateField> After(ArraySet global, ArraySet partial)
    {
        var state = ConjugateFormats.Global.Next(global);
        state.Put(ConjugateField.Promote, false);
        state.Put(ConjugateField.HasDiverged, false);
        state.Put(ConjugateField.KeepRows, false);
        state.Put(ConjugateField.WasChecked, false);
        var phase = Phase(state);
        if (phase == ConjugatePhase.Done)
        {
            return state;
        }

        var failure = ConjugateFailure.Of(partial);
        switch (phase)
        {
            case ConjugatePhase.Describe:
                AfterDescription(state, partial, failure);
                return state;
            case ConjugatePhase.Sweep:
                failure ??= AfterSweep(state, partial);
                return failure is null ? state : GiveUp(ConjugateFormats.Global.Next(global), failure);
            case ConjugatePhase.Columns:
                failure ??= AfterColumns(state, partial);
                return failure is null ? state : GiveUp(BeforeSweep(global), failure);
            case ConjugatePhase.Check:
                _checks.After(state, failure is null ? HeldOutScore.FromArray(partial.Get(ConjugateKeys.Score)) : HeldOutScore.None);
                EndSweep(state);
                return state;
            case ConjugatePhase.Spread:
                ConjugateChecks.AfterSpread(state, failure is null ? partial.Get(ConjugateKeys.SpreadScores) : []);
                Move(state, ConjugateAnswer.SweptLast);
                return state;
            case ConjugatePhase.Validate:
                AfterValidation(state, partial, failure);
                return state;
            default:
                AfterProjection(state, partial, failure);
                return state;
        }
    }

    private static ConjugatePhase Phase(StateSet<ConjugateField> state) => (ConjugatePhase)state.Whole(ConjugateField.Phase);

    private static void Move(StateSet<ConjugateField> state, ConjugateAnswer answer) =>
        state[ConjugateField.Phase] = (int)ConjugateTransitions.Next(Phase(state), answer);

    private void AfterDescription(StateSet<ConjugateField> state, ArraySet partial, string? failure)
    {
        if (failure is not null)
        {
            NoteDivergence(state, failure);
            Move(state, ConjugateAnswer.NothingToKeep);
            return;
        }

        foreach (var (sum, field) in ConjugateKeys.Described.Where(d => partial.Has(d.Sum)))
        {
            state[field] = partial.Scalar(sum);
        }

        if (likelihood.Spreads)
        {
            ConjugateChecks.TakeColumns(state, partial);
        }

        likelihood.Parameters.Take(partial, state.Arrays);
        state.Put(ConjugateField.ZerosMissing, state.Is(ConjugateField.ZerosMissing));
        state.Put(ConjugateField.IsDescribed, true);
        Begin(state, state.Whole(ConjugateField.Restart));
    }

    // The next restart whose start is finite; without one, held-out rows under the best restart, or the end.
    private void Begin(StateSet<ConjugateField> state, int restart)
    {
        for (var next = restart; next < options.Restarts && (next == 0 || !state.Is(ConjugateField.EndEarly)); next++)
        {
            // What is not finite must not get into the state, which the coordinator would refuse.
            var started = ConjugateFormats.Global.Next(state.Arrays);
            started[ConjugateField.Objective] = ConjugateSettings.NoObjective;
            likelihood.StartColumns(started, schedule.SeedOf(next), next == 0 ? options.Start : null);
            if (ConjugateFailure.OfState(started, likelihood.Parameters) is not { } failure)
            {
                likelihood.Parameters.Take(started.Arrays, state.Arrays);
                Move(state, ConjugateAnswer.Begins);
                state[ConjugateField.Restart] = next;
                state[ConjugateField.Sweep] = 0;
                state.Put(ConjugateField.Converged, false);
                state.Put(ConjugateField.GivenUp, false);
                state.Put(ConjugateField.HasKept, false);
                state[ConjugateField.Objective] = ConjugateSettings.NoObjective;
                return;
            }

            NoteDivergence(state, $"restart {next + 1} could not start: {failure}");
            NoteRestart(state, ConjugateSettings.NoObjective, ConjugateSettings.NoObjective);
        }

        if (ConjugateChecks.IsWorseThanColumnMeans(state) && !state.Is(ConjugateField.IsColumnMeans))
        {
            state.Put(ConjugateField.IsColumnMeans, true);
            state.Put(ConjugateField.HasKept, false);
            state.Put(ConjugateField.GivenUp, false);
            state[ConjugateField.Temper] = 0;
            state[ConjugateField.Objective] = ConjugateSettings.NoObjective;
            likelihood.StartColumnMeans(state);
            Move(state, ConjugateAnswer.FallsBack);
            return;
        }

        Move(state, state.Is(ConjugateField.HasBest) ? ConjugateAnswer.NoneLeft : ConjugateAnswer.NothingToKeep);
    }

    // Null, or what of the state is no number to go on with: then the state is to be thrown away.
    private string? AfterSweep(StateSet<ConjugateField> state, ArraySet partial)
    {
        likelihood.Parameters.Remember(state.Arrays);
        var (restart, sweep, before) =
            (state.Whole(ConjugateField.Restart), state.Whole(ConjugateField.Sweep), state[ConjugateField.Objective]);
        var splitAfter = schedule.SplitAfter(restart);
        var objective = likelihood.Advance(state, partial, sweep > splitAfter);
        state[ConjugateField.ObjectiveBefore] = before;
        state[ConjugateField.Objective] = objective;
        if (ConjugateFailure.OfState(state, likelihood.Parameters) is { } failure)
        {
            return failure;
        }

        if (sweep == splitAfter)
        {
            likelihood.Parameters.Take(likelihood.Columns(state.Arrays, 0, options.Columns), state.Arrays);
            var present = partial.Get(ConjugateKeys.CandidatePresent);
            var width = 2 * options.Factors;
            var points = partial.Get(ConjugateKeys.CandidatePoints).Where((_, at) => present[at / width] > 0).ToArray();
            likelihood.Split(state, points, schedule.SeedOf(restart));
        }

        // The sweep after a split is compared with nothing: the objective is another one.
        var comparable = sweep > splitAfter + 1 && before > ConjugateSettings.NoObjective;
        var gain = comparable ? objective - before : double.PositiveInfinity;
        var converged = comparable && gain <= (options.Tolerance ?? ConjugateSettings.Tolerance) * double.Abs(objective);
        var ends = converged || sweep + 1 >= schedule.MostSweeps || state.Is(ConjugateField.EndEarly);
        state[ConjugateField.Sweep] = sweep + 1;
        state[ConjugateField.Sweeps]++;
        state.Put(ConjugateField.Converged, converged);
        state.Put(ConjugateField.AllConverged, state.Is(ConjugateField.AllConverged) && (converged || !ends));
        state.Put(ConjugateField.Ends, ends);
        Move(state, ConjugateAnswer.RowsUpdated);
        return sweep == splitAfter ? ConjugateFailure.OfState(state, likelihood.Parameters) : null;
    }

    // As after a sweep.
    private string? AfterColumns(StateSet<ConjugateField> state, ArraySet partial)
    {
        likelihood.Parameters.Take(partial, state.Arrays);
        likelihood.Parameters.Forget(state.Arrays);
        if (ConjugateChecks.IsDue(state))
        {
            Move(state, ConjugateAnswer.IsDue);
        }
        else
        {
            EndSweep(state);
        }

        return ConjugateFailure.OfState(state, likelihood.Parameters);
    }

    // The next sweep, or the restart's score: of its best state by validation, where there is one.
    private void EndSweep(StateSet<ConjugateField> state)
    {
        var ends = state.Is(ConjugateField.Ends);
        if (ends && state.Is(ConjugateField.HasKept))
        {
            _checks.TakeKept(state);
        }

        Move(state, !ends ? ConjugateAnswer.Swept
            : state.Is(ConjugateField.HasKept) && ConjugateChecks.IsOverdispersed(state) ? ConjugateAnswer.Spreads
            : ConjugateAnswer.SweptLast);
    }

    private StateSet<ConjugateField> BeforeSweep(ArraySet global)
    {
        var state = ConjugateFormats.Global.Next(global);
        likelihood.Parameters.GoBack(state.Arrays);
        state[ConjugateField.Objective] = state[ConjugateField.ObjectiveBefore];
        state[ConjugateField.Sweep]--;
        return state;
    }

    // The state before the round that diverged: where columns have been fitted it is scored, as the best so far if there is none yet.
    // Coordinate ascent has no step to make smaller, and would come to the same numbers again: the next restart has other ones.
    private StateSet<ConjugateField> GiveUp(StateSet<ConjugateField> state, string failure)
    {
        state.Put(ConjugateField.Promote, false);
        var (restart, sweep) = (state.Whole(ConjugateField.Restart), state.Whole(ConjugateField.Sweep));
        NoteDivergence(state, $"restart {restart + 1} diverged in sweep {sweep + 1} and was given up: {failure}");
        if (!state.Is(ConjugateField.HasBest) && sweep > 0)
        {
            state.Put(ConjugateField.GivenUp, true);
            if (state.Is(ConjugateField.HasKept))
            {
                _checks.TakeKept(state);
            }

            Move(state, ConjugateAnswer.GivenUp);
        }
        else
        {
            NoteRestart(state, ConjugateSettings.NoObjective, ConjugateSettings.NoObjective);
            Begin(state, restart + 1);
        }

        return state;
    }

    private void AfterValidation(StateSet<ConjugateField> state, ArraySet partial, string? failure)
    {
        var (restart, objective) = (state.Whole(ConjugateField.Restart), state[ConjugateField.Objective]);
        if (failure is not null && !state.Is(ConjugateField.GivenUp))
        {
            NoteDivergence(state, $"restart {restart + 1} has no validation score: {failure}");
        }

        // What was given up counts less than any restart that was not.
        var isWhole = failure is null && !state.Is(ConjugateField.GivenUp);
        var sums = failure is null ? partial.Get(ConjugateKeys.Score) : HeldOutScore.None.ToArray();
        var score = HeldOutScore.FromArray(sums);
        var criterion = !isWhole ? ConjugateSettings.NoObjective : score.Cells > 0 ? score.LogLik : objective;
        var improves = isWhole && ConjugateChecks.Improves(state, score, criterion);
        if (!state.Is(ConjugateField.HasBest) || improves)
        {
            if (state.Is(ConjugateField.IsColumnMeans))
            {
                state.Put(ConjugateField.TookColumnMeans, true);
                state[ConjugateField.ReplacedRmse] = HeldOutScore.FromArray(state[ConjugateKeys.Validation]).Rmse;
            }
            else
            {
                state[ConjugateField.BestRestart] = restart;
            }

            state[ConjugateField.BestTemper] = state[ConjugateField.Temper];
            likelihood.Parameters.Keep(state.Arrays);
            state.Put(ConjugateField.HasBest, true);
            state[ConjugateField.BestCriterion] = criterion;
            state[ConjugateField.BestObjective] = objective;
            state[ConjugateKeys.Validation] = sums;
            state[ConjugateKeys.Misfit] = failure is null ? partial.Get(ConjugateKeys.Misfit) : [];
            state[ConjugateKeys.ColumnErrors] = failure is null ? partial.Get(ConjugateKeys.ColumnErrors) : [];
            state.Put(ConjugateField.Promote, true);
        }

        if (state.Is(ConjugateField.IsColumnMeans))
        {
            Begin(state, options.Restarts);
            return;
        }

        if (isWhole && !state.Is(ConjugateField.EndEarly) && ConjugateChecks.Tempers(state, partial.Get(ConjugateKeys.Misfit)))
        {
            if (score.Cells == 0 && state[ConjugateField.Slice] == 0)
            {
                state[ConjugateField.Slice] = ConjugateSlice.Share(state[ConjugateField.Cells]);
                Move(state, ConjugateAnswer.Slices);
                return;
            }

            Begin(state, restart);
            return;
        }

        NoteRestart(state, isWhole && score.Cells > 0 ? score.LogLik : ConjugateSettings.NoObjective,
            isWhole ? objective : ConjugateSettings.NoObjective);
        Begin(state, restart + 1);
    }

    private static void AfterProjection(StateSet<ConjugateField> state, ArraySet partial, string? failure)
    {
        if (failure is not null)
        {
            NoteDivergence(state,
                $"held-out rows under the columns of restart {state.Whole(ConjugateField.BestRestart) + 1} have no test score: {failure}");
        }

        state[ConjugateKeys.Test] = failure is null ? partial.Get(ConjugateKeys.Score) : HeldOutScore.None.ToArray();
        Move(state, ConjugateAnswer.Projected);
    }

    private static void NoteRestart(StateSet<ConjugateField> state, double score, double objective)
    {
        state[ConjugateKeys.RestartScores] = [.. state[ConjugateKeys.RestartScores], score];
        state[ConjugateKeys.RestartElbos] = [.. state[ConjugateKeys.RestartElbos], objective];
    }

    private static void NoteDivergence(StateSet<ConjugateField> state, string words)
    {
        state[ConjugateKeys.Divergence] = ConjugateFailure.Units(words);
        state.Put(ConjugateField.HasDiverged, true);
        state.Put(ConjugateField.AllConverged, false);
    }
}
