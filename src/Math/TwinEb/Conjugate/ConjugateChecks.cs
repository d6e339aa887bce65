using FitCluster.Math.Models;

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
        (state.Is(ConjugateField.Ends) || state[ConjugateField.Objective] > ConjugateSettings.NoObjective) &&
        (state.Is(ConjugateField.Ends) || ConjugateSchedule.IsChecked(state.Whole(ConjugateField.Sweep)));

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
            var best = state.Is(ConjugateField.HasKept) ? double.Max(state[ConjugateField.BestCheck], score.LogLik) : score.LogLik;
            state[ConjugateField.BestCheck] = best;
            if (!state.Is(ConjugateField.HasKept) || score.LogLik >= best - (margin * double.Abs(best)))
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
    /// Whether a restart is to begin anew, with counts that weigh less: by its training cells they are overdispersed, and vary more than
    /// they were taken to (mean of (x - r)^2 / r). If so, says how much less.
    /// </summary>
    public static bool Tempers(StateSet<ConjugateField> state, double[] misfit)
    {
        if (misfit.Length == 0 || !CountMisfit.FromArray(misfit).IsOverdispersed(trained: true) ||
            state[ConjugateField.Tempers] >= ConjugateSettings.MostTempers)
        {
            return false;
        }

        var (found, before) = (misfit[3] / double.Max(misfit[4], 1), state[ConjugateField.Temper]);
        if (found <= double.Max(before, 1))
        {
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
            if (c == 0 || score > best + (c == 1 || spread == 1 ? ConjugateSettings.CheckMargin * double.Abs(best) : 0))
            {
                (spread, best) = (ConjugateSettings.Spreads[c], score);
            }
        }

        state.Arrays.Set(ConjugateKeys.ColumnSpread, spread);
    }
}
