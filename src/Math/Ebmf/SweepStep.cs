using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// What the shards' update of the active loadings makes of the factors: next priors of the loadings, an update of the factors, the sums of
/// both.
/// </summary>
internal static class SweepStep
{
    /// <summary>Takes the sums of a sweep.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (mean, variance) = StartingPoint.Of(problem, state);
        for (var t = 0; t < state.Active.Length; t++)
        {
            UpdateLoadingsPriors(problem, state.Factors[state.Active[t]], t, partial);
            FactorStep.Run(problem, state, t, partial, mean, variance);
        }

        if (LoadingsSums.AreKept(problem))
        {
            LoadingsSums.Propose(problem, state, partial);
        }

        if (state.Updated.Length + state.Active.Length < state.Iterating.Length)
        {
            state.Updated = [.. state.Updated, .. state.Active];
            state.Active = [state.Iterating[state.Updated.Length]];
            return Iteration.Update(state);
        }

        if (!LoadingsSums.AreKept(problem))
        {
            return NoiseStep.Begin(state);
        }

        return NoiseStep.TakeOfSums(problem, state, LoadingsSums.ProposedResiduals(problem, state, mean, variance));
    }

    private static void UpdateLoadingsPriors(EbmfProblem problem, EbmfFactor factor, int t, ArraySet partial)
    {
        var statistics = partial.Get(PartialKeys.Statistics.At(t));
        var family = EbnmFamilies.Get(factor.LoadingsFamily);
        factor.ProposedKlLoadings = partial.Get(PartialKeys.Divergence)[t] + statistics[1];
        factor.ProposedPlainSumSecond = partial.Get(PartialKeys.PlainSecond)[t];
        factor.ProposedPriorEm = family.Step(factor.LoadingsPrior!, statistics, Ebnm.PriorStep.Expectation, problem.Ebnm);
        factor.ProposedPriorNewton = family.Step(factor.LoadingsPrior!, statistics, Ebnm.PriorStep.Newton, problem.Ebnm);
    }
}
