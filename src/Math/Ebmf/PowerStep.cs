using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Alternating least squares over the observed entries, clamped by sign: the start of a new factor where a singular vector is not enough.
/// </summary>
internal static class PowerStep
{
    private const int MostPasses = 100;

    /// <summary>One pass; at the end the factor is there.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (numerator, denominator, sums) =
            (partial.Get(PartialKeys.Numerator), partial.Get(PartialKeys.Denominator), partial.Get(PartialKeys.Signs));
        var f = state.Subspace;
        state.Passes++;
        var (lSign, fSign) = (problem.LoadingsSign(state.K), problem.FactorsSign(state.K));
        if (state.Passes == 1 && lSign != 0 && fSign == 0 && sums[lSign > 0 ? 1 : 0] > sums[lSign > 0 ? 0 : 1])
        {
            // The other sign of the start keeps more of it.
            state.Subspace = [.. f.Select(v => -v)];
            return EbmfAnswer.Again;
        }

        var next = new double[problem.Columns];
        for (var j = 0; j < next.Length; j++)
        {
            next[j] = denominator[j] > 0 ? numerator[j] / denominator[j] : 0;
            next[j] = next[j] * fSign < 0 ? 0 : next[j];
        }

        var norm = double.Sqrt(next.Sum(v => v * v));
        var change = Change(next, norm, f);

        // Both sides get the same norm: that of l is the root of the sum of squares that kept its sign.
        var l = double.Sqrt(lSign == 0 ? sums[0] + sums[1] : sums[lSign > 0 ? 0 : 1]);
        var scale = norm > 0 && l > 0 ? double.Sqrt(l / norm) : 1;
        state.Subspace = norm > 0 ? [.. next.Select(v => v * scale)] : f;
        var tolerance = 1.0 / long.Max(problem.Columns, problem.Options.Rows);
        if (change > tolerance && norm > 0 && state.Passes < MostPasses && !state.EndedEarly)
        {
            return EbmfAnswer.Again;
        }

        var (start, isSvd) = (state.Subspace, SubspaceStep.IsSvd(problem));
        state.Subspace = isSvd ? [] : state.Starts;
        state.Starts = isSvd ? state.Starts : [];
        return StartStep.Candidate(problem, state, start);
    }

    // The largest change of an entry of the normalized vector.
    private static double Change(double[] next, double norm, double[] f)
    {
        var before = double.Sqrt(f.Sum(v => v * v));
        if (!(norm > 0 && before > 0))
        {
            return double.PositiveInfinity;
        }

        var change = 0.0;
        for (var j = 0; j < next.Length; j++)
        {
            change = double.Max(change, double.Abs((next[j] / norm) - (f[j] / before)));
        }

        return change;
    }
}
