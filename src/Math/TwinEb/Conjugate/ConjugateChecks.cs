using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The best state of a restart by validation: which is kept, when a restart is stopped for it, and how far its draws are spread. The kept
/// columns and priors are in scope "kept", the rows on the shards likewise.
/// </summary>
internal sealed class ConjugateChecks(IConjugateLikelihood likelihood)
{
    /// <summary>Whether validation cells are scored before the next sweep.</summary>
    public static bool IsDue(StateSet<ConjugateField> state) =>
        state[ConjugateField.ValidationZeros] + state[ConjugateField.ValidationOthers] > 0 &&
        (state.Is(ConjugateField.Ends) ||
            (state[ConjugateField.Objective] > ConjugateSettings.NoObjective &&
                ConjugateSchedule.IsChecked(state.Whole(ConjugateField.Sweep))));

    /// <summary>
    /// Keeps the state unless its score is below the best by more than noise: of states that are as good the last is kept. Ends the restart
    /// where scores have been worse for long.
    /// </summary>
    public void After(StateSet<ConjugateField> state, HeldOutScore score)
    {
        var sweep = state.Whole(ConjugateField.Sweep);
        state.Put(ConjugateField.WasChecked, true);
        if (score.Cells > 0 && double.IsFinite(score.LogLik))
        {
            // Of overdispersed counts every sweep past the best fits noise: there the best itself is kept.
            var isOverdispersed = likelihood.Spreads && CountMisfit.Of(score).IsOverdispersed(trained: false);
            var margin = isOverdispersed ? 0 : ConjugateSettings.CheckMargin;
            var criterion = Criterion(state, score);
            var best = state.Is(ConjugateField.HasKept) ? double.Max(state[ConjugateField.BestCheck], criterion) : criterion;
            state[ConjugateField.BestCheck] = best;
            if (!state.Is(ConjugateField.HasKept) || criterion >= best - (margin * double.Abs(best)))
            {
                likelihood.Parameters.KeepOfRestart(state.Arrays);
                state.Put(ConjugateField.HasKept, true);
                state.Put(ConjugateField.KeepRows, true);
                state.Put(ConjugateField.IsOverdispersed, isOverdispersed);
                state[ConjugateField.KeptSweep] = sweep;
                state[ConjugateField.KeptObjective] = state[ConjugateField.Objective];
            }
        }

        if (state.Is(ConjugateField.HasKept))
        {
            var kept = state.Whole(ConjugateField.KeptSweep);
            state.Put(ConjugateField.Ends,
                state.Is(ConjugateField.Ends) || sweep >= kept + int.Max(ConjugateSettings.Patience, kept));
        }
    }

    /// <summary>Makes the kept state the restart's.</summary>
    public void TakeKept(StateSet<ConjugateField> state)
    {
        likelihood.Parameters.TakeKept(state.Arrays);
        state[ConjugateField.Objective] = state[ConjugateField.KeptObjective];
    }

    /// <summary>
    /// What states are compared by: the score; where counts weigh less, errors, as the score is then one of widths, which are set last.
    /// </summary>
    private static double Criterion(StateSet<ConjugateField> state, HeldOutScore score) =>
        state[ConjugateField.Temper] > 0 ? -score.Rmse : score.LogLik;

    /// <summary>Whether a restart that came to its end is better than the best so far.</summary>
    /// <param name="state">The state.</param>
    /// <param name="score">The restart's score.</param>
    /// <param name="criterion">Its log-likelihood, or its objective where it has no score.</param>
    public static bool Improves(StateSet<ConjugateField> state, HeldOutScore score, double criterion)
    {
        var (best, temper, bestTemper) = (HeldOutScore.FromArray(state[ConjugateKeys.Validation]), state[ConjugateField.Temper],
            state[ConjugateField.BestTemper]);
        if (state.Is(ConjugateField.IsColumnMeans))
        {
            // Where counts are overdispersed scores are those of widths; elsewhere a model that scores better is one, whatever a few errors
            // are.
            return score.Rmse < best.Rmse && (IsOverdispersed(best, bestTemper) || score.LogLik > best.LogLik);
        }

        // Bounds of counts of other weights cannot be compared: of those the one that says less counts. And a score counts more than none.
        var isGreater = criterion > state[ConjugateField.BestCriterion];
        const double Margin = 1 + ConjugateSettings.ErrorMargin;
        return !state.Is(ConjugateField.HasBest) || (score.Cells == 0 ? temper > bestTemper || isGreater
            : best.Cells == 0 || (double.Max(temper, bestTemper) == 0 ? isGreater
            : score.Rmse * Margin < best.Rmse || (score.Rmse < best.Rmse * Margin && score.LogLik > best.LogLik)));
    }

    /// <summary>Takes the columns' means over training cells from the sums over the data.</summary>
    public static void TakeColumns(StateSet<ConjugateField> state, ArraySet partial)
    {
        var (sums, cells, overall) = (partial.Get(ConjugateKeys.ColumnSums), partial.Get(ConjugateKeys.ColumnCells),
            partial.Scalar(ConjugateKeys.Sum) / double.Max(partial.Scalar(ConjugateKeys.Cells), 1));
        state[ConjugateKeys.ColumnAverages] = [.. sums.Zip(cells, (sum, count) => count > 0 ? sum / count : overall)];
    }

    /// <summary>
    /// Whether the validation cells of the best restart are predicted worse than by their columns' means over training cells. False where
    /// there are no such cells.
    /// </summary>
    public static bool IsWorseThanColumnMeans(StateSet<ConjugateField> state) =>
        state.Is(ConjugateField.HasBest) && state[ConjugateKeys.ColumnErrors] is [var errors, > 0] &&
        HeldOutScore.FromArray(state[ConjugateKeys.Validation]).SquaredError > errors;

    private static bool IsOverdispersed(HeldOutScore score, double temper) =>
        temper > 0 || CountMisfit.Of(score).IsOverdispersed(trained: false);

    /// <summary>Whether counts are overdispersed by the kept state, or taken to be.</summary>
    public static bool IsOverdispersed(StateSet<ConjugateField> state) =>
        state.Is(ConjugateField.IsOverdispersed) || state[ConjugateField.Temper] > 0;

    /// <summary>
    /// Whether a restart is to begin anew, with counts that weigh less: by its training cells they are overdispersed, and there are
    /// validation cells to choose by, or they vary more than they were taken to (mean of (x - r)^2 / r). If so, says how much less; if not,
    /// later restarts have the best weight that was tried.
    /// </summary>
    public static bool Tempers(StateSet<ConjugateField> state, double[] misfit)
    {
        if (misfit.Length == 0 || state[ConjugateField.Tempers] >= ConjugateSettings.MostTempers ||
            !CountMisfit.FromArray(misfit).IsOverdispersed(trained: true))
        {
            state[ConjugateField.Temper] = state[ConjugateField.BestTemper];
            return false;
        }

        var (found, before) = (ConjugatePoissonMisfit.VarianceFactor(misfit), state[ConjugateField.Temper]);
        var isScored = state[ConjugateField.ValidationZeros] + state[ConjugateField.ValidationOthers] > 0;
        if (found <= 1 || !(found > before || isScored))
        {
            state[ConjugateField.Temper] = state[ConjugateField.BestTemper];
            return false;
        }

        state[ConjugateField.Temper] = double.Max(found, ConjugateSettings.TemperStep * before);
        state[ConjugateField.Tempers]++;
        return true;
    }

    /// <summary>The spread of the best score, if it is better than none's by more than noise.</summary>
    public static void AfterSpread(StateSet<ConjugateField> state, double[] scores)
    {
        var (spread, best) = (1.0, double.NegativeInfinity);
        for (var c = 0; c < scores.Length / HeldOutScore.Length; c++)
        {
            var score = HeldOutScore.FromArray(scores.AsSpan(c * HeldOutScore.Length)).LogLik;
            if (c == 0 || score > best + (spread == 1 ? ConjugateSettings.CheckMargin * double.Abs(best) : 0))
            {
                (spread, best) = (ConjugateSettings.Spreads[c], score);
            }
        }

        state.Arrays.Set(ConjugateKeys.ColumnSpread, spread);
    }
}
