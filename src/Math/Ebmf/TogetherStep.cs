using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>All factors come in at once: given ones, those of a finished fit, or those of a singular value decomposition.</summary>
internal static class TogetherStep
{
    /// <summary>Whether the factors are those of a singular value decomposition that stand out of the noise.</summary>
    public static bool IsBlock(EbmfProblem problem, EbmfState state) => problem.StartsWithBlock || state.LooksAtBlock;

    /// <summary>Adds given factors, or asks for vectors.</summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state)
    {
        var options = problem.Options;
        if (options.Init == EbmfInit.Fit)
        {
            return Given(problem, state);
        }

        if (state.EndedEarly || options.MaxFactors == 0 || (options.Init == EbmfInit.Given && options.InitialFactorCount == 0))
        {
            return EbmfAnswer.Ended;
        }

        return options.Init == EbmfInit.Given ? Given(problem, state)
            : IsBlock(problem, state) ? SubspaceStep.BeginBlock(problem, state)
            : SubspaceStep.Begin(problem, state, options.MaxFactors);
    }

    /// <summary>Adds the factors of these starts, whose loadings are to be projected.</summary>
    public static EbmfAnswer Take(EbmfProblem problem, EbmfState state, List<double[]> starts)
    {
        foreach (var start in starts)
        {
            EbmfFactors.Add(problem, state, start);
        }

        state.Subspace = [];
        state.Active = state.AllFactors();
        return EbmfAnswer.NeedsLoadings;
    }

    /// <summary>
    /// The loadings are projected: a start u v' is oriented so that most of it, |u+| |v+|, has the signs that its sides must have, and a
    /// factor that must have a sign is clamped to it.
    /// </summary>
    public static EbmfAnswer Project(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        if (IsBlock(problem, state))
        {
            // Once the block is turned, its loadings follow in one more pass.
            state.Subspace = state.Subspace.Length == 0 ? BlockRotation.Turn(problem, state, partial) : [];
            return state.Subspace.Length > 0 ? EbmfAnswer.Again : Evaluate(state);
        }

        var (signs, weights) = (partial.Get(PartialKeys.Signs), StartWeights.Of(problem, state));
        var changed = false;
        for (var t = 0; t < state.Active.Length; t++)
        {
            var (lSign, fSign) = (problem.LoadingsSign(state.Active[t]), problem.FactorsSign(state.Active[t]));
            var factor = state.Factors[state.Active[t]];
            var seen = StartWeights.Weighted(weights, factor.Mean);
            double[] squares = [seen.Sum(v => v > 0 ? v * v : 0), seen.Sum(v => v < 0 ? v * v : 0)];
            var side = PowerStep.Kept(-fSign, squares, 0) * PowerStep.Kept(-lSign, signs, t)
                > PowerStep.Kept(fSign, squares, 0) * PowerStep.Kept(lSign, signs, t) ? -1 : 1;
            if (side < 0 || factor.Mean.Any(f => f * fSign < 0))
            {
                factor.Mean = [.. factor.Mean.Select(f => f * side * fSign < 0 ? 0 : f * side)];
                changed = true;
            }
        }

        // Where one was changed, the loadings on the shards must follow.
        return changed ? EbmfAnswer.Again : Evaluate(state);
    }

    /// <summary>The variances beside the new factors are known: the first sweep may begin.</summary>
    public static EbmfAnswer Judge(EbmfProblem problem, EbmfState state)
    {
        NoiseStep.Accept(problem, state);
        return problem.Options.Init == EbmfInit.Fit || IsBlock(problem, state)
            ? EbmfAnswer.Resumes
            : Iteration.Begin(state, EbmfStage.Backfit, state.AllFactors(), areNew: true);
    }

    private static EbmfAnswer Given(EbmfProblem problem, EbmfState state)
    {
        var options = problem.Options;
        (state.Adopts, state.FirstAdopted) = (true, state.K);
        for (var k = 0; k < options.InitialFactorCount; k++)
        {
            var sd = options.InitialFactorsSd.Length > 0
                ? EbmfProblem.Column(options.InitialFactorsSd, options.InitialFactorCount, k) : null;
            var factor = EbmfFactors.Add(problem, state, problem.InitialFactor(k), sd);
            if (options.InitialLoadingsPriors.Count > 0)
            {
                (factor.LoadingsPriorEm, factor.FactorsPrior) = (options.InitialLoadingsPriors[k], options.InitialFactorsPriors[k]);
            }
        }

        return Evaluate(state);
    }

    // The variance that is left beside the factors comes first, for with the one of the model without factors they would look like noise.
    private static EbmfAnswer Evaluate(EbmfState state)
    {
        (state.Iterating, state.Active) = ([], []);
        return NoiseStep.Begin(state);
    }
}
