using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Both sides' Gamma mixtures, of the models of counts: the objective of a sweep, their M-step, and what is handed out of them.
/// </summary>
internal sealed class ConjugateGammaPriors(TwinEbOptions options)
{
    /// <summary>
    /// Both priors from the sums over rows and the columns' statistics, which a start does not have. Returns the objective before it, or
    /// <see cref="ConjugateSettings.NoObjective"/> of a start.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="partial">The sums over rows.</param>
    /// <param name="logFactorials">sum log x!, as it is weighed.</param>
    /// <param name="mixtures">Whether the sides are split, and components cost something.</param>
    public double Advance(StateSet<ConjugateField> state, ArraySet partial, double logFactorials, bool mixtures)
    {
        var (rowPrior, columnPrior) = (ConjugateGammaPrior.Read(state.Arrays, ConjugateKeys.RowPrior),
            ConjugateGammaPrior.Read(state.Arrays, ConjugateKeys.ColumnPrior));
        var term = state.Arrays.Scalar(ConjugateKeys.ColumnTerm);
        var first = term <= ConjugateSettings.NoObjective;
        var objective = first
            ? ConjugateSettings.NoObjective
            : partial.Scalar(ConjugateKeys.Elbo) + term - logFactorials
                + Penalty(rowPrior, options.IsRowMixture && mixtures) + Penalty(columnPrior, options.IsColumnMixture && mixtures);
        Step(rowPrior, ConjugateGammaStatistics.Read(partial, ConjugateKeys.RowStatistics), !options.LearnsRowPrior, options.IsRowMixture,
            mixtures).Write(state.Arrays, ConjugateKeys.RowPrior);
        if (!first)
        {
            Step(columnPrior, ConjugateGammaStatistics.Read(state.Arrays, ConjugateKeys.ColumnStatistics), !options.LearnsColumnPrior,
                options.IsColumnMixture, mixtures)
                .Write(state.Arrays, ConjugateKeys.ColumnPrior);
        }

        return objective;
    }

    /// <summary>The priors of the state in a scope as results.</summary>
    public static void Results(ArraySet state, string scope, ArraySet results)
    {
        Results(ConjugateGammaPrior.Read(state, ConjugateKeys.RowPrior.In(scope)), "row_prior", results);
        Results(ConjugateGammaPrior.Read(state, ConjugateKeys.ColumnPrior.In(scope)), "column_prior", results);
    }

    private static void Results(ConjugateGammaPrior prior, string name, ArraySet results)
    {
        int[] shape = [prior.Components, prior.Factors];
        results.Set(name + "_weight", prior.Weights).Set(name + "_shape", prior.Shapes, shape).Set(name + "_rate", prior.Rates, shape);
    }

    private static double Penalty(ConjugateGammaPrior prior, bool applies) =>
        applies ? prior.Penalty(ConjugateSettings.Strength, ConjugateSettings.ShapeStrength) : 0;

    private static ConjugateGammaPrior Step(
        ConjugateGammaPrior prior, ConjugateGammaStatistics statistics, bool isFixed, bool isMixture, bool mixtures) =>
        isFixed ? prior
        : !isMixture ? ConjugateGammaStep.Shared(prior, statistics)
        : mixtures ? ConjugateGammaStep.Mixture(prior, statistics, ConjugateSettings.Strength, ConjugateSettings.ShapeStrength)
        : ConjugateGammaStep.Mixture(prior, statistics, 0, 0);
}
