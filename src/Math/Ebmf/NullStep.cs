using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>The model without factors: the data's sums, the variances to start from, and its ELBO.</summary>
internal static class NullStep
{
    /// <summary>Takes the largest entry, of which the unit is made, and then the description of the data.</summary>
    public static EbmfAnswer Describe(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        if (state.Unit == 0)
        {
            state.Unit = EbmfUnit.Of(partial.Get(PartialKeys.LargestEntry)[0]);
            return EbmfAnswer.Again;
        }

        var description = partial.Get(PartialKeys.Description);
        (state.ColumnCounts, state.ColumnSquares) = (partial.Get(PartialKeys.Counts), partial.Get(PartialKeys.Squares));
        state.Observed = state.ColumnCounts.Sum();
        state.FarEntry = FarEntry.Of(partial, problem.Columns);
        state.ColumnCentred =
        [
            .. state.ColumnSquares.Zip(partial.Get(PartialKeys.Sums), state.ColumnCounts)
                .Select(c => LeastVariance.Centred(c.First, c.Second, c.Third)),
        ];
        (state.LeastShare, state.ProposedLeastShare) = (LeastVariance.ShareOfTypical, LeastVariance.ShareOfTypical);
        (state.SumLogWeight, state.SumKnownVariance) = (description[0], description[2]);
        state.MeanSquare = description[1] / double.Max(1, description[3]);
        state.Noise = InitialNoise(problem, state.MeanSquare, description[2] / double.Max(1, description[3]));
        if (problem.Noise.NeedsEvaluation)
        {
            return NoiseStep.Begin(state);
        }

        NoiseStep.Take(problem, state, state.ColumnSquares);
        return EbmfAnswer.HasResiduals;
    }

    /// <summary>The ELBO of the model without factors.</summary>
    public static EbmfAnswer Judge(EbmfProblem problem, EbmfState state)
    {
        NoiseStep.Accept(problem, state);
        state.Elbo = state.ProposedDataTerm;
        (state.HasNewElbo, state.ElboIsValid) = (true, true);
        state.ElboBefore = state.Elbo;
        state.IsUneven = StartWeights.AreUneven(problem, state);
        state.StartsAreWeighted = state.IsUneven;
        return EbmfAnswer.Ended;
    }

    private static double[] InitialNoise(EbmfProblem problem, double meanSquare, double meanKnown)
    {
        var (options, noise) = (problem.Options, problem.Noise);
        if (noise.NeedsSearch)
        {
            var start = double.Max(meanSquare - meanKnown, 0.01 * meanSquare);
            var groups = noise.Variance == VarianceStructure.Constant ? 1 : problem.Columns;
            return [.. Enumerable.Repeat(start, groups)];
        }

        var v = new double[problem.Columns];
        v.AsSpan().Fill(noise.Variance == VarianceStructure.Kronecker ? 1 / double.Max(meanSquare, double.Epsilon) : 1);
        if (noise.Variance == VarianceStructure.Known && noise.Known is KnownErrors.Scalar or KnownErrors.Column)
        {
            for (var j = 0; j < v.Length; j++)
            {
                var s = options.StandardErrors[noise.Known == KnownErrors.Scalar ? 0 : j];
                v[j] = 1 / (s * s);
            }
        }

        return v;
    }
}
