namespace FitCluster.Math.Ebmf;

/// <summary>The moments of all factors that a step is about.</summary>
internal static class StartingPoint
{
    // Second moments of an extrapolated point stay this much above the squared means (docs/ebmf.md, "Extrapolation").
    private const double LeastVariance = 1e-10;

    /// <summary>
    /// In a sweep the accepted ones, extrapolated where it is a proposal, and of those it has updated the new ones; in an evaluation the
    /// proposed ones where there are.
    /// </summary>
    public static (double[][] Mean, double[][] Second) Of(EbmfProblem problem, EbmfState state)
    {
        var (mean, second) = (new double[state.K][], new double[state.K][]);
        var isSweep = state.Step is EbmfStep.Sweep or EbmfStep.Prepare;
        var beta = Extrapolation(state);
        var proposed = state.Step == EbmfStep.Evaluate ? Judged(state) : isSweep ? state.Updated : [];
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            (mean[k], second[k]) = (factor.Mean, factor.Second);
            if (proposed.Contains(k))
            {
                (mean[k], second[k]) = (factor.ProposedMean!, factor.ProposedSecond!);
            }
            else if (beta > 0 && state.Iterating.Contains(k) && factor.PreviousMean is not null)
            {
                mean[k] = Extrapolate(factor.Mean, factor.PreviousMean, beta);
                second[k] = Extrapolate(factor.Second, factor.PreviousSecond!, beta);
                for (var j = 0; j < problem.Columns; j++)
                {
                    second[k][j] = double.Max(second[k][j], (mean[k][j] * mean[k][j]) + LeastVariance);
                    if (problem.FixedEntry(k, j) is { } value)
                    {
                        (mean[k][j], second[k][j]) = (value, value * value);
                    }
                }
            }
        }

        return (mean, second);
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
}
