using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The search for variances added to known ones, of groups that lie in all shards: Newton rounds, and the best value found counts.
/// </summary>
internal static class NoiseSearch
{
    // Until no group moves by more than this share, or so many rounds.
    private const double Tolerance = 1e-8;
    private const int MostRounds = 30;

    /// <summary>One Newton step for every group's added variance; true when the search is over.</summary>
    public static bool Step(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (objective, gradient) = (partial.Get(PartialKeys.Objective), partial.Get(PartialKeys.Gradient));
        var (weights, counts) = (partial.Get(PartialKeys.SearchWeights), state.ColumnCounts);
        var (curvature, largest) = (partial.Get(PartialKeys.Curvature), partial.Get(PartialKeys.Largest));
        var trial = state.ProposedNoise;
        var isFirst = state.SearchBest.Length == 0;
        var best = (double[])(isFirst ? objective : state.SearchBest).Clone();
        var bestNoise = (double[])(isFirst ? trial : state.SearchNoise).Clone();
        var next = new double[trial.Length];
        var largestMove = 0.0;
        for (var g = 0; g < trial.Length; g++)
        {
            if (objective[g] > best[g])
            {
                // Too far: half-way back, by orders where there are any.
                next[g] = trial[g] > 0 && bestNoise[g] > 0
                    ? double.Sqrt(trial[g]) * double.Sqrt(bestNoise[g])
                    : 0.5 * (trial[g] + bestNoise[g]);
            }
            else
            {
                (best[g], bestNoise[g]) = (objective[g], trial[g]);
                var count = trial.Length == 1 ? state.Observed : counts[g];
                next[g] = double.Clamp(
                    Next(trial[g], gradient[g], curvature[g], weights[g], count), 0, double.Max(0, largest[g]));
            }

            largestMove = double.Max(
                largestMove, double.Abs(next[g] - bestNoise[g]) / double.Max(bestNoise[g], double.Max(1e-12 * largest[g], double.Epsilon)));
        }

        (state.SearchBest, state.SearchNoise, state.ProposedNoise) = (best, bestNoise, next);
        if (largestMove > Tolerance && state.Passes < MostRounds)
        {
            return false;
        }

        state.ProposedNoise = bestNoise;
        state.ProposedDataTerm = NoiseStep.DataTerm(state, best.Sum());
        var total = state.SumKnownVariance;
        for (var j = 0; j < problem.Columns; j++)
        {
            total += state.ColumnCounts[j] * bestNoise[bestNoise.Length == 1 ? 0 : j];
        }

        state.ProposedTotalVariance = total;
        return true;
    }

    // Newton's step near the optimum. Far from it, by orders, the fixed point of the gradient's zero, sum w = sum w^2 r, in which the
    // variance is multiplied by sum w^2 r over sum w (w = 1 / (S^2 + variance)): exact where S is small beside the variance. Where S
    // matters and Newton's step is below 0, 0 itself is tried.
    private static double Next(double trial, double gradient, double curvature, double weights, double count)
    {
        var newton = curvature > 0 ? trial - (gradient / curvature) : double.NaN;
        if (trial == 0)
        {
            return gradient >= 0 ? 0 : newton > 0 ? newton : count / weights;
        }

        if (newton >= 0.5 * trial && newton <= 2 * trial)
        {
            return newton;
        }

        return newton <= 0 && trial * weights < 0.5 * count ? 0 : trial * double.Max(0, weights - gradient) / weights;
    }
}
