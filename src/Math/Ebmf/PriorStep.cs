using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Loadings priors that are fitted in rounds of their own, at pseudo-data that the shards keep: new ones, and those on a grid.
/// </summary>
internal static class PriorStep
{
    // Steps at fixed pseudo-data until one gains less than this, or so many rounds. Each costs n evaluations and no pass over the data; the
    // sweeps
    // that follow refine the priors further.
    private const double PriorTolerance = 1e-3;
    private const int MostPriorRounds = 20;

    /// <summary>The pseudo-data are there: the priors to start from.</summary>
    public static EbmfAnswer Prepare(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        for (var t = 0; t < state.Active.Length; t++)
        {
            var factor = state.Factors[state.Active[t]];
            var summary = Summaries.Read(partial, t);
            var isWarm = state.Stage is EbmfStage.Backfit or EbmfStage.Final or EbmfStage.Resume
                && !Iteration.RenewsGrids(state, EbnmFamilies.Get(factor.LoadingsFamily).Traits)
                && factor.LoadingsPriorEm is { } warm && PriorGrid.Covers(warm, summary);
            factor.LoadingsPrior = isWarm
                ? factor.LoadingsPriorEm
                : EbnmFamilies.Get(factor.LoadingsFamily).ColdStart(summary.Count > 0 ? summary : FactorStep.NothingObserved, problem.Ebnm);
        }

        state.Passes = 0;
        state.PriorValues = [];
        return EbmfAnswer.HasPseudoData;
    }

    /// <summary>One step of every active prior, from its statistics over all shards.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        state.Passes++;
        var isFirst = state.PriorValues.Length == 0;
        var values = isFirst ? new double[state.Active.Length] : (double[])state.PriorValues.Clone();
        var largestGain = 0.0;
        for (var t = 0; t < state.Active.Length; t++)
        {
            var factor = state.Factors[state.Active[t]];
            var statistics = partial.Get(PartialKeys.Statistics.At(t));
            var family = EbnmFamilies.Get(factor.LoadingsFamily);
            var gain = isFirst ? double.PositiveInfinity : statistics[1] - values[t];
            if (gain >= 0)
            {
                values[t] = statistics[1];
                factor.BestPriorEm = family.Step(factor.LoadingsPrior!, statistics, Ebnm.PriorStep.Expectation, problem.Ebnm);
                factor.LoadingsPrior = family.Step(factor.LoadingsPrior!, statistics, Ebnm.PriorStep.Newton, problem.Ebnm);
            }
            else
            {
                // The Newton step overshot: the EM step from the best prior so far cannot.
                gain = double.PositiveInfinity;
                factor.LoadingsPrior = factor.BestPriorEm;
            }

            largestGain = double.Max(largestGain, gain);
        }

        state.PriorValues = values;
        return largestGain <= double.Max(PriorTolerance, problem.Tolerance)
            || state.Passes >= MostPriorRounds || state.EndedEarly ? End(state) : EbmfAnswer.Again;
    }

    private static EbmfAnswer End(EbmfState state)
    {
        state.PriorValues = [];
        foreach (var k in state.Active)
        {
            // An EM step from the best is never worse than the best.
            (state.Factors[k].LoadingsPrior, state.Factors[k].BestPriorEm) = (state.Factors[k].BestPriorEm, null);
        }

        if (state.SweepIsUnderWay)
        {
            return EbmfAnswer.Ready;
        }

        foreach (var k in state.Active)
        {
            (state.Factors[k].LoadingsPriorEm, state.Factors[k].LoadingsPriorNewton) = (state.Factors[k].LoadingsPrior, null);
        }

        return Iteration.Sweep(state, state.Stage, isProposal: false);
    }
}
