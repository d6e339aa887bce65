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
    private const int MostRounds = 12;

    /// <summary>One Newton step for every group's added variance; true when the search is over.</summary>
    public static bool Step(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (objective, gradient) = (partial.Get(PartialKeys.Objective), partial.Get(PartialKeys.Gradient));
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
                // Too far: half-way back.
                next[g] = 0.5 * (trial[g] + bestNoise[g]);
            }
            else
            {
                (best[g], bestNoise[g]) = (objective[g], trial[g]);
                var newton = curvature[g] > 0 ? trial[g] - (gradient[g] / curvature[g]) : gradient[g] > 0 ? 0.5 * trial[g] : 2 * trial[g];
                next[g] = double.Clamp(newton, 0, double.Max(0, largest[g]));
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
}
