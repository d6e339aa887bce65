using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

internal sealed partial class EbmfUpdate
{
    // Second moments of an extrapolated point stay this much above the squared means (docs/ebmf.md, "Extrapolation").
    private const double LeastVariance = 1e-10;

    /// <summary>What the shards are told for the pending step.</summary>
    public EbmfBroadcast Broadcast()
    {
        var (mean, second) = StartingPoint();
        var order = new EbmfBroadcast
        {
            Step = state.Step,
            Factors = state.K,
            Keep = state.Keep,
            Promote = state.Promote ? state.Pending : [],
            PromoteNoise = state.PromoteNoise,
            Adopt = state.Adopt,
            Noise = state.Noise,
            ByColumn = ByColumn,
        };
        return state.Step switch
        {
            EbmfStep.Sweep or EbmfStep.Prepare => ForSweep(order, mean, second),
            EbmfStep.Prior => order with { Active = state.Active, Priors = LoadingsPriors() },
            EbmfStep.Evaluate => order with
            {
                Mean = mean,
                Second = second,
                Noise = noise.NeedsSearch ? state.ProposedNoise : state.Noise,
                Proposed = state.Purpose == EvaluationPurpose.Judge ? state.Iterating : [],
                LeftOut = state.Purpose == EvaluationPurpose.Nullcheck ? state.Candidate : -1,
            },
            EbmfStep.Subspace or EbmfStep.Power or EbmfStep.Project => ForStart(order),
            _ => order,
        };
    }

    /// <summary>
    /// The factors that the pending step is about: in a sweep the accepted ones, extrapolated where it is a proposal; in an
    /// evaluation the proposed ones where there are.
    /// </summary>
    private (double[][] Mean, double[][] Second) StartingPoint()
    {
        var (mean, second) = (new double[state.K][], new double[state.K][]);
        for (var k = 0; k < state.K; k++)
        {
            var factor = state.Factors[k];
            (mean[k], second[k]) = (factor.Mean, factor.Second);
            if (state.Step == EbmfStep.Evaluate ? IsJudged(k) : state.Step is EbmfStep.Sweep or EbmfStep.Prepare && state.Updated.Contains(k))
            {
                (mean[k], second[k]) = (factor.ProposedMean!, factor.ProposedSecond!);
            }
            else if (Extrapolation > 0 && state.Iterating.Contains(k) && factor.PreviousMean is not null)
            {
                mean[k] = Extrapolate(factor.Mean, factor.PreviousMean);
                second[k] = Extrapolate(factor.Second, factor.PreviousSecond!);
                for (var j = 0; j < Columns; j++)
                {
                    second[k][j] = double.Max(second[k][j], (mean[k][j] * mean[k][j]) + LeastVariance);
                    KeepFixed(factor, j, ref mean[k][j], ref second[k][j]);
                }
            }
        }

        return (mean, second);
    }

    private bool IsJudged(int k) => state.Purpose == EvaluationPurpose.Judge && state.Iterating.Contains(k);

    private double Extrapolation => state.Step is EbmfStep.Sweep or EbmfStep.Prepare && state.IsProposal ? state.Beta : 0;

    private double[] Extrapolate(double[] now, double[] before)
    {
        var result = new double[now.Length];
        for (var j = 0; j < result.Length; j++)
        {
            result[j] = now[j] + (state.Beta * (now[j] - before[j]));
        }

        return result;
    }

    private void KeepFixed(EbmfFactor factor, int column, ref double mean, ref double second)
    {
        if (FixedEntry(factor, column) is { } value)
        {
            (mean, second) = (value, value * value);
        }
    }

    private double? FixedEntry(EbmfFactor factor, int column)
    {
        if (factor.FixedIndex < 0 || options.FixedFactors.Length == 0)
        {
            return null;
        }

        var value = options.FixedFactors[(column * options.FixedFactorCount) + factor.FixedIndex];
        return double.IsNaN(value) ? null : value;
    }

    private EbmfBroadcast ForSweep(EbmfBroadcast order, double[][] mean, double[][] second)
    {
        var a = state.Active.Length;
        var gram = new double[state.K * a];
        var denominators = new double[a];
        for (var t = 0; t < a && !noise.ByEntry; t++)
        {
            var k = state.Active[t];
            var weighted = new double[Columns];
            for (var j = 0; j < Columns; j++)
            {
                weighted[j] = state.Noise[j] * mean[k][j];
                denominators[t] += state.Noise[j] * second[k][j];
            }

            for (var other = 0; other < state.K; other++)
            {
                gram[(other * a) + t] = System.Numerics.Tensors.TensorPrimitives.Dot<double>(mean[other], weighted);
            }
        }

        var isSweep = state.Step == EbmfStep.Sweep;
        return order with
        {
            Active = state.Active,
            Beta = Extrapolation,
            Extrapolated = Extrapolation > 0 ? state.Iterating : [],
            Updated = state.Updated,
            IsFinal = isSweep && state.Stage == EbmfStage.Final,
            Mean = mean,
            Second = second,
            Gram = gram,
            Denominators = denominators,
            Priors = isSweep ? LoadingsPriors() : [],
        };
    }

    private Prior[] LoadingsPriors() => [.. state.Active.Select(k => state.Factors[k].LoadingsPrior!)];

    private EbmfBroadcast ForStart(EbmfBroadcast order)
    {
        order = order with { Mean = [.. state.Factors.Select(f => f.Mean)] };
        return state.Step == EbmfStep.Project
            ? order with
            {
                Active = state.Active,
                Vectors = [.. state.Active.Select(k => state.Factors[k].Mean)],
                Denominators = [.. state.Active.Select(k => double.Max(double.Epsilon, state.Factors[k].Mean.Sum(f => f * f)))],
            }
            : order with { Vectors = Vectors(state.Subspace), Sign = state.Step == EbmfStep.Power ? LoadingsSign(state.K) : 0 };
    }

    private double[][] Vectors(double[] block) =>
        [.. Enumerable.Range(0, block.Length / Columns).Select(t => block[(t * Columns)..((t + 1) * Columns)])];
}
