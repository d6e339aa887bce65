using System.Numerics.Tensors;

namespace FitCluster.Math.Ebmf;

/// <summary>The start of one new factor, and the factor that comes of it.</summary>
internal static class StartStep
{
    // Singular vectors whose heaviest columns are starts, too.
    private const int SingleColumns = 2;

    /// <summary>
    /// From singular vectors, the leading one first. Missing entries, weights by entry and signs need least squares that heed them:
    /// alternate from there (<see cref="PowerStep"/>).
    /// </summary>
    public static EbmfAnswer Begin(EbmfProblem problem, EbmfState state, double[] start)
    {
        var isSvd = SubspaceStep.IsSvd(problem, state);
        var left = isSvd ? [] : state.Subspace[problem.Columns..];
        var options = problem.Options;
        var hasSign = HasSign(problem, state.K);
        var isByEntry = problem.Noise.ByEntry && state.StartsAreWeighted;
        if (!hasSign && !isByEntry && state.Observed == options.Rows * (double)options.Columns)
        {
            state.Subspace = left;
            return Candidate(problem, state, start);
        }

        if (!isSvd)
        {
            state.Starts = left;
        }

        state.Untried = [];
        var weights = problem.Noise.ByEntry ? [] : StartWeights.Of(problem, state);
        return PowerStep.Begin(
            state, hasSign ? Candidates(problem, state, [.. start, .. StartWeights.Unweighted(weights, left)], weights) : start);
    }

    /// <summary>The next of the starts that were put aside, if there is one.</summary>
    public static EbmfAnswer Retry(EbmfProblem problem, EbmfState state)
    {
        var next = state.Untried[..problem.Columns];
        state.Untried = state.Untried[problem.Columns..];
        if (!SubspaceStep.IsSvd(problem, state))
        {
            state.Starts = state.Subspace;
        }

        return PowerStep.Begin(state, next);
    }

    /// <summary>Adds the factor that is to be tried.</summary>
    public static EbmfAnswer Candidate(EbmfProblem problem, EbmfState state, double[] start)
    {
        EbmfFactors.Add(problem, state, start);
        state.ElboBefore = state.Elbo;
        return Iteration.Begin(state, EbmfStage.Greedy, [state.K - 1], areNew: true);
    }

    /// <summary>Whether factor k has a side with a sign.</summary>
    public static bool HasSign(EbmfProblem problem, int k) => problem.LoadingsSign(k) != 0 || problem.FactorsSign(k) != 0;

    // A singular vector has no sign: either orientation of each, clamped, is a start; and so are the columns that weigh most in them, whose
    // own residuals are then the first loadings. With a sign on one side alone the other orientation is a start as well.
    private static double[] Candidates(EbmfProblem problem, EbmfState state, double[] vectors, double[] weights)
    {
        var (p, sign) = (problem.Columns, problem.FactorsSign(state.K));
        var candidates = new List<double[]>();
        for (var t = 0; t < vectors.Length / p; t++)
        {
            var v = vectors.AsSpan(t * p, p);
            Add(v.ToArray());
            if (t < SingleColumns)
            {
                var column = new double[p];
                var seen = StartWeights.Weighted(weights, v.ToArray());
                column[TensorPrimitives.IndexOfMaxMagnitude<double>(seen)] = TensorPrimitives.Norm(v);
                Add(column);
            }
        }

        return [.. candidates.SelectMany(c => c)];

        void Add(double[] v)
        {
            foreach (var side in new[] { 1.0, -1.0 })
            {
                var c = v.Select(f => f * side * sign < 0 ? 0 : f * side).ToArray();
                if (c.Any(f => f != 0))
                {
                    candidates.Add(c);
                }
            }
        }
    }
}
