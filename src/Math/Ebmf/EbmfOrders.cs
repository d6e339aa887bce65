using System.Numerics.Tensors;
using FitCluster.Math.Ebnm;

namespace FitCluster.Math.Ebmf;

/// <summary>What the shards are told for the pending step.</summary>
internal static class EbmfOrders
{
    /// <summary>The broadcast of a state.</summary>
    public static EbmfBroadcast Of(EbmfProblem problem, EbmfState state)
    {
        var (mean, variance) = StartingPoint.Of(problem, state);
        var order = new EbmfBroadcast
        {
            Step = state.Step,
            Unit = state.Unit,
            Factors = state.K,
            Keep = state.Keep,
            Promoted = state.Promoted,
            PromotesNoise = state.PromotesNoise,
            Adopts = state.Adopts,
            Saves = state.Saves,
            GoesBack = state.GoesBack,
            HasBest = state.Best is not null,
            FirstAdopted = state.FirstAdopted,
            Noise = state.Noise,
            IsByColumn = problem.IsByColumn(state),
        };
        return state.Step switch
        {
            EbmfStep.Sweep or EbmfStep.Prepare => ForSweep(problem, state, order, mean, variance),
            EbmfStep.Prior => order with { Active = state.Active, Priors = LoadingsPriors(state) },
            EbmfStep.Evaluate => order with
            {
                Mean = mean,
                Variance = variance,
                Noise = problem.Noise.NeedsSearch ? state.ProposedNoise : state.Noise,
                MeanSquare = state.MeanSquare,
                LeastShare = state.LeastShare,
                Proposed = StartingPoint.Judged(state),
                LeftOut = state.Stage == EbmfStage.Nullcheck ? state.Candidate : null,
            },
            EbmfStep.Subspace or EbmfStep.Power or EbmfStep.Project => ForStart(problem, state, order),
            _ => order,
        };
    }

    private static EbmfBroadcast ForSweep(EbmfProblem problem, EbmfState state, EbmfBroadcast order, double[][] mean, double[][] variance)
    {
        var a = state.Active.Length;
        var gram = new double[state.K * a];
        var denominators = new double[a];
        for (var t = 0; t < a && !problem.Noise.ByEntry; t++)
        {
            var k = state.Active[t];
            var (v, weighted) = (state.Noise, new double[problem.Columns]);
            for (var j = 0; j < weighted.Length; j++)
            {
                weighted[j] = v[j] * mean[k][j];
                denominators[t] += v[j] * ((mean[k][j] * mean[k][j]) + variance[k][j]);
            }

            for (var other = 0; other < state.K; other++)
            {
                gram[(other * a) + t] = TensorPrimitives.Dot<double>(mean[other], weighted);
            }
        }

        var isSweep = state.Step == EbmfStep.Sweep;
        var beta = StartingPoint.Extrapolation(state);
        return order with
        {
            Active = state.Active,
            Beta = beta,
            Extrapolated = beta > 0 ? state.Iterating : [],
            Updated = state.Updated,
            IsFinal = isSweep && state.Stage == EbmfStage.Final,
            Mean = mean,
            Variance = variance,
            Gram = gram,
            Denominators = denominators,
            Priors = isSweep ? LoadingsPriors(state) : [],
        };
    }

    private static EbmfBroadcast ForStart(EbmfProblem problem, EbmfState state, EbmfBroadcast order)
    {
        var weights = StartWeights.Of(problem, state);
        order = order with { Mean = [.. state.Factors.Select(f => f.Mean)], Weights = weights };
        if (state.Step == EbmfStep.Project && state.Subspace.Length > 0)
        {
            return order with
            {
                Active = state.Active,
                Vectors = Vectors(state.Subspace, problem.Columns),
                Denominators = [.. state.Active.Select(_ => 1.0)],
            };
        }

        return state.Step == EbmfStep.Project
            ? order with
            {
                Active = state.Active,
                Vectors = [.. state.Active.Select(k => state.Factors[k].Mean)],
                Denominators = [.. state.Active.Select(k => double.Max(double.Epsilon, Square(state.Factors[k].Mean)))],
            }
            : order with
            {
                Vectors = Vectors(state.Subspace, problem.Columns),
                Sign = state.Step == EbmfStep.Power ? problem.LoadingsSign(state.K) : 0,
            };

        double Square(double[] factor) => weights.Length == 0 ? factor.Sum(f => f * f) : StartWeights.SumOfSquares(weights, factor);
    }

    private static Prior[] LoadingsPriors(EbmfState state) => [.. state.Active.Select(k => state.Factors[k].LoadingsPrior!)];

    private static double[][] Vectors(double[] block, int length) =>
        [.. Enumerable.Range(0, block.Length / length).Select(t => block[(t * length)..((t + 1) * length)])];
}
