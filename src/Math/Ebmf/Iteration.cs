using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>Repeated sweeps over some factors: which come next, with which priors.</summary>
internal static class Iteration
{
    /// <summary>
    /// The extrapolation of the first proposal, and of the first after one was refused: that of t = 2 in the sequence t / (t + 3) of
    /// accelerated gradients (Nesterov 1983), which is begun anew where the objective falls (O'Donoghue and Candes 2015).
    /// </summary>
    public const double FirstBeta = 0.4;

    // Sweeps after which sides with a sign have found their rows and columns: see IsInTurn.
    private const int SequentialSweeps = 5;

    /// <summary>
    /// Starts an iteration. New factors have no ELBO to compare with and no loadings priors: those are found first, of all of them at once,
    /// or, where one is on a
    /// grid, each before its own update.
    /// </summary>
    public static EbmfAnswer Begin(EbmfState state, EbmfStage stage, int[] factors, bool areNew)
    {
        (state.Iterating, state.Active) = (factors, factors);
        (state.Sweeps, state.Passes) = (0, 0);
        (state.Beta, state.MustBePlain) = (FirstBeta, false);
        (state.FirstGain, state.LastGain) = (0, 0);
        foreach (var k in factors)
        {
            (state.Factors[k].PreviousMean, state.Factors[k].PreviousVariance) = (null, null);
        }

        state.ElboIsValid &= !areNew;
        if (areNew && !factors.Any(k => HasGrid(state.Factors[k])))
        {
            (state.IsProposal, state.SweepIsUnderWay) = (false, false);
            state.Updated = [];
            return EbmfAnswer.NeedsPriors;
        }

        return Sweep(state, stage, isProposal: false);
    }

    /// <summary>The next sweep of an iteration: over all its factors at once, or over one after the other.</summary>
    public static EbmfAnswer Sweep(EbmfState state, EbmfStage stage, bool isProposal)
    {
        (state.IsProposal, state.SweepIsUnderWay) = (isProposal, true);
        state.TotalSweeps++;
        state.Updated = [];
        state.Active = IsInTurn(state, stage) ? [state.Iterating[0]] : state.Iterating;
        return Update(state);
    }

    /// <summary>
    /// The update of the active factors: with the priors that the sweep before suggests; a prior on a grid is first fitted in full, and so
    /// is a new one.
    /// </summary>
    public static EbmfAnswer Update(EbmfState state)
    {
        state.Passes = 0;
        foreach (var k in state.Active)
        {
            var factor = state.Factors[k];
            factor.LoadingsPrior = (state.IsProposal ? factor.LoadingsPriorNewton : factor.LoadingsPriorEm) ?? factor.LoadingsPrior;
        }

        return state.Active.Any(k => HasGrid(state.Factors[k]) || state.Factors[k].LoadingsPrior is null)
            ? EbmfAnswer.NeedsPriors
            : EbmfAnswer.Ready;
    }

    /// <summary>
    /// Whether a prior on a grid is fitted anew and not from the one before: in the first sweep of a backfit, as grids of factors that were
    /// found one by one are as coarse as the noise that the factors after them have left.
    /// </summary>
    public static bool RenewsGrids(EbmfState state, EbnmTraits traits) =>
        state is { Stage: EbmfStage.Backfit, Sweeps: 0 } && traits.NeedsFullFits;

    /// <summary>The extrapolation after beta = t / (t + 3) was accepted: that of t + 1.</summary>
    public static double NextBeta(double beta) => (1 + (2 * beta)) / (4 - beta);

    // Sides with a sign have many local optima, and the blocked order (all of L, then all of F) from the greedy start ends in worse ones
    // than the sequential order l_1 f_1 l_2 f_2 ... does: measured on sim_a pe/pn, -44153.9 against -44117.4. The first sweeps decide
    // which; later ones climb to the same optimum in either order, at a K-th of the passes in the blocked one. Weights on a grid move too
    // slowly by one step a sweep, and a full fit of a prior needs its own factor's pseudo-data. It costs a pass over the data (two with a
    // grid) for each factor.
    private static bool IsInTurn(EbmfState state, EbmfStage stage) =>
        stage is EbmfStage.Backfit or EbmfStage.Final or EbmfStage.Resume
            && (state.Iterating.Any(k => HasGrid(state.Factors[k]))
                || (stage != EbmfStage.Final && state.Sweeps < SequentialSweeps && (state.Best is null || state.Restarts)
                    && state.Iterating.Any(k => HasSign(state.Factors[k]))));

    private static bool HasGrid(EbmfFactor factor) => EbnmFamilies.Get(factor.LoadingsFamily).Traits.NeedsFullFits;

    private static bool HasSign(EbmfFactor factor) =>
        EbnmFamilies.Get(factor.LoadingsFamily).Traits.Sign != 0 || EbnmFamilies.Get(factor.FactorsFamily).Traits.Sign != 0;
}
