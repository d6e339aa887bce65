namespace FitCluster.Math.Ebmf;

/// <summary>The moments of all factors that a step is about.</summary>
internal static class StartingPoint
{
    // Variances of an extrapolated point stay above this share of the accepted ones (docs/ebmf.md, "Extrapolation").
    private const double LeastShare = 1e-3;

    /// <summary>
    /// In a sweep the accepted ones, extrapolated where it is a proposal, and of those it has updated the new ones; in an evaluation the
    /// proposed ones where there are.
    /// </summary>
    public static (double[][] Mean, double[][] Variance) Of(EbmfProblem problem, EbmfState state)
    {
        var (mean, variance) = (new double[state.K][], new double[state.K][]);
        var isSweep = state.Step is EbmfStep.Sweep or EbmfStep.Prepare;
        var beta = Extrapolation(state);
        var proposed = state.Step == EbmfStep.Evaluate ? Judged(state) : isSweep ? state.Updated : [];
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            (mean[k], variance[k]) = (factor.Mean, factor.Variance);
            if (proposed.Contains(k))
            {
                (mean[k], variance[k]) = (factor.ProposedMean!, factor.ProposedVariance!);
            }
            else if (beta > 0 && state.Iterating.Contains(k) && factor.PreviousMean is not null)
            {
                mean[k] = Extrapolate(factor.Mean, factor.PreviousMean, beta);
                variance[k] = ExtrapolateVariance(factor, beta);
                for (var j = 0; j < problem.Columns; j++)
                {
                    if (problem.FixedEntry(k, j) is { } value)
                    {
                        (mean[k][j], variance[k][j]) = (value, 0);
                    }
                }
            }
        }

        return (mean, variance);
    }

    /// <summary>The extrapolation of the pending sweep; 0 in a plain one, and in other steps.</summary>
    public static double Extrapolation(EbmfState state) =>
        state.Step is EbmfStep.Sweep or EbmfStep.Prepare && state.IsProposal ? state.Beta : 0;

    /// <summary>The factors whose proposals an evaluation at this stage is about.</summary>
    public static int[] Judged(EbmfState state) =>
        state.Stage is EbmfStage.Null or EbmfStage.Together or EbmfStage.Restore or EbmfStage.Nullcheck ? [] : state.Iterating;

    private static double[] Extrapolate(double[] now, double[] before, double beta)
    {
        var result = new double[now.Length];
        for (var j = 0; j < result.Length; j++)
        {
            result[j] = now[j] + (beta * (now[j] - before[j]));
        }

        return result;
    }

    // What is extrapolated are second moments. With m + b (m - m') for the means they leave the variance (1 + b) v - b v' - b (1 + b)
    // (m - m')^2, in which nothing large cancels.
    private static double[] ExtrapolateVariance(EbmfFactor factor, double beta)
    {
        var result = new double[factor.Variance.Length];
        for (var j = 0; j < result.Length; j++)
        {
            var (now, move) = (factor.Variance[j], factor.Mean[j] - factor.PreviousMean![j]);
            var value = now + (beta * (now - factor.PreviousVariance![j])) - (beta * (1 + beta) * move * move);
            result[j] = double.Max(value, LeastShare * now);
        }

        return result;
    }
}
