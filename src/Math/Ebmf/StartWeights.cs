using System.Numerics.Tensors;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// What the starts of factors see (docs/ebmf.md, "Starts"): the residuals as they are, or weighted by the precisions of the present fit,
/// which are those of the data where there are no factors yet. Weights are c tau_ij, with c the mean of 1 / tau over the observed entries,
/// so that they are 1 where all precisions are the same.
/// </summary>
internal static class StartWeights
{
    // The mean variance of an entry over the typical (geometric mean) one from which on few groups hold most of the matrix. Gene expression
    // has about 2 (by gene or by tissue); one column at a level of 50 among 20 of size 1 has 40.
    private const double UnevenRatio = 4;

    private static readonly double LogTwoPi = double.Log(2 * double.Pi);

    /// <summary>Whether precisions differ, so that there are two ways to look for a start.</summary>
    public static bool Matter(EbmfProblem problem) => problem.Noise.Variance switch
    {
        VarianceStructure.Constant => problem.Noise.ByEntry,
        VarianceStructure.Known => problem.Noise.Known is not (KnownErrors.None or KnownErrors.Scalar),
        _ => true,
    };

    /// <summary>
    /// Whether the variances of the data, as the model without factors has them, are so uneven that residuals as they are show little but
    /// the groups of the largest ones.
    /// </summary>
    public static bool AreUneven(EbmfProblem problem, EbmfState state)
    {
        if (!Matter(problem) || !(state.Observed > 0))
        {
            return false;
        }

        // Where precisions are estimated, weighted residuals are one for each entry, so that the data term says what their logarithms are.
        var sumLog = problem.Noise.Variance == VarianceStructure.Known
            ? state.SumLogWeight + state.Noise.Zip(state.ColumnCounts, (v, n) => n * double.Log(v)).Sum()
            : problem.Noise.ByEntry ? -state.Observed * double.Log(double.Max(double.Epsilon, state.TotalVariance / state.Observed))
            : (2 * state.ProposedDataTerm) + (state.Observed * (LogTwoPi + 1));
        return state.TotalVariance / state.Observed * double.Exp(sumLog / state.Observed) > UnevenRatio;
    }

    /// <summary>
    /// The columns' part of the weights, c v_j (by entry: c); the shards know the rest. Empty where the residuals are seen as they are.
    /// </summary>
    public static double[] Of(EbmfProblem problem, EbmfState state)
    {
        if (!state.StartsAreWeighted)
        {
            return [];
        }

        var mean = state.TotalVariance / double.Max(1, state.Observed);
        var scale = mean > 0 && double.IsFinite(mean) ? mean : 1;
        return [.. Enumerable.Range(0, problem.Columns).Select(j => problem.Noise.ByEntry ? scale : scale * state.Noise[j])];
    }

    /// <summary>
    /// Vectors of the weighted residuals as factors, or the other way round: divided or multiplied by the roots of the weights.
    /// </summary>
    public static double[] Unweighted(double[] weights, double[] vectors) => Times(weights, vectors, w => w > 0 ? 1 / double.Sqrt(w) : 0);

    /// <summary>See <see cref="Unweighted"/>.</summary>
    public static double[] Weighted(double[] weights, double[] vectors) => Times(weights, vectors, double.Sqrt);

    /// <summary>The sum of squares of a factor, weighted.</summary>
    public static double SumOfSquares(double[] weights, ReadOnlySpan<double> factor)
    {
        if (weights.Length == 0)
        {
            return TensorPrimitives.SumOfSquares(factor);
        }

        var sum = 0.0;
        for (var j = 0; j < factor.Length; j++)
        {
            sum += weights[j] * factor[j] * factor[j];
        }

        return sum;
    }

    private static double[] Times(double[] weights, double[] vectors, Func<double, double> by)
    {
        if (weights.Length == 0)
        {
            return vectors;
        }

        double[] factors = [.. weights.Select(by)];
        return [.. vectors.Select((v, at) => v * factors[at % factors.Length])];
    }
}
