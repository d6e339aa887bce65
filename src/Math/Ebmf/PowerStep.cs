using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Alternating least squares over the observed entries, clamped by sign: the start of a new factor where a singular vector is not enough.
/// A start of the wrong sign is clamped to nothing, and clamped starts end in different optima: several go side by side for a few passes,
/// and the one that explains most is refined. The others are kept for the case that the factor comes to nothing.
/// </summary>
internal static class PowerStep
{
    private const int MostPasses = 100;

    // A pass that explains no more than this share more is the last: the fit itself refines the start.
    private const double Tolerance = 1e-3;

    // Passes after which candidates are told apart: by then a clamped start has found its rows and columns.
    private const int ScreeningPasses = 4;

    // Candidates that are tried, the first included.
    private const int MostTries = 3;

    // Two candidates with this cosine between them are one.
    private const double SameCosine = 0.99;

    /// <summary>Starts from candidates that are there.</summary>
    public static EbmfAnswer Begin(EbmfState state, double[] candidates)
    {
        state.Subspace = candidates;
        (state.Passes, state.InnerValue) = (0, 0);
        return EbmfAnswer.NeedsLeastSquares;
    }

    /// <summary>
    /// The sum of squares of what is not clamped on one side of start t, from the sums of squares of its positive and its negative entries.
    /// </summary>
    public static double Kept(int sign, double[] sums, int t) =>
        sign == 0 ? sums[2 * t] + sums[(2 * t) + 1] : sums[(2 * t) + (sign > 0 ? 0 : 1)];

    /// <summary>One pass; at the end the factor is there.</summary>
    public static EbmfAnswer Run(EbmfProblem problem, EbmfState state, ArraySet partial)
    {
        var (p, b) = (problem.Columns, state.Subspace.Length / problem.Columns);
        var values = new double[b];
        var next = new double[b][];
        var weights = problem.Noise.ByEntry ? [] : StartWeights.Of(problem, state);
        var cross = SubspaceStep.TakeOutFactors(problem, state, partial, b);
        for (var t = 0; t < b; t++)
        {
            var f = state.Subspace.AsSpan(t * p, p);
            (next[t], values[t]) = Next(problem, state, partial, t, cross.AsSpan(t * p, p), weights);
            if (!(values[t] > 0))
            {
                next[t] = f.ToArray();
            }
        }

        state.Passes++;
        if (b == 1)
        {
            state.Subspace = next[0];
            var isDone = !(values[0] - state.InnerValue > Tolerance * values[0]) || state.Passes >= MostPasses || state.EndedEarly;
            state.InnerValue = values[0];
            return isDone ? End(problem, state) : EbmfAnswer.Again;
        }

        if (state.Passes < ScreeningPasses && !state.EndedEarly)
        {
            state.Subspace = [.. next.SelectMany(f => f)];
            return EbmfAnswer.Again;
        }

        var ranked = Ranked(next, values);
        state.Subspace = ranked[0];
        state.Untried = [.. ranked.Skip(1).SelectMany(f => f)];
        state.InnerValue = values.Max();
        return state.EndedEarly ? End(problem, state) : EbmfAnswer.Again;
    }

    private static EbmfAnswer End(EbmfProblem problem, EbmfState state)
    {
        var (start, isSvd) = (state.Subspace, SubspaceStep.IsSvd(problem, state));
        state.Subspace = isSvd ? [] : state.Starts;
        state.Starts = isSvd ? state.Starts : [];
        return StartStep.Candidate(problem, state, start);
    }

    // The least squares of the factor on its loadings, clamped, and the sum of squares that both explain. Both sides have the same norm.
    private static (double[] Next, double Value) Next(
        EbmfProblem problem, EbmfState state, ArraySet partial, int t, ReadOnlySpan<double> cross, double[] weights)
    {
        var (lSign, fSign) = (problem.LoadingsSign(state.K), problem.FactorsSign(state.K));
        var kept = Kept(lSign, partial.Get(PartialKeys.Signs), t);
        var byColumn = problem.IsByColumn(state) ? partial.Get(PartialKeys.Denominator).AsSpan(t * cross.Length, cross.Length) : [];
        var next = new double[cross.Length];
        var value = 0.0;
        for (var j = 0; j < next.Length; j++)
        {
            var denominator = byColumn.Length > 0 ? byColumn[j] : kept;
            next[j] = denominator > 0 && !(cross[j] * fSign < 0) ? cross[j] / denominator : 0;
            value += weights.Length > 0 ? weights[j] * next[j] * cross[j] : next[j] * cross[j];
        }

        var norm = weights.Length > 0 ? double.Sqrt(StartWeights.SumOfSquares(weights, next)) : TensorPrimitives.Norm<double>(next);
        if (norm > 0 && kept > 0)
        {
            TensorPrimitives.Multiply(next, double.Sqrt(double.Sqrt(kept) / norm), next);
        }

        return (next, value);
    }

    // The candidates that explain something, each once, the best first: as many as are tried.
    private static List<double[]> Ranked(double[][] candidates, double[] values)
    {
        var ranked = new List<double[]>();
        foreach (var t in Enumerable.Range(0, values.Length).OrderByDescending(t => values[t]).ThenBy(t => t))
        {
            if (ranked.Count == 0
                || (values[t] > 0 && ranked.Count < MostTries && !ranked.Any(f => Cosine(f, candidates[t]) > SameCosine)))
            {
                ranked.Add(candidates[t]);
            }
        }

        return ranked;
    }

    private static double Cosine(double[] a, double[] b) => double.Abs(TensorPrimitives.CosineSimilarity<double>(a, b));
}
