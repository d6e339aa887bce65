using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>What the shards are told in a round. Read once a round on each shard.</summary>
internal sealed record EbmfBroadcast
{
    private static readonly StateFormat<BroadcastField> Format = new("ebmf-broadcast", 4);

    /// <summary>What is to be done.</summary>
    public required EbmfStep Step { get; init; }

    /// <summary>The power of two that all of this is measured in (<see cref="EbmfUnit"/>); 0 while the largest entry is wanted.</summary>
    public required double Unit { get; init; }

    /// <summary>The number K of factors, after dropping and adding.</summary>
    public required int Factors { get; init; }

    /// <summary>Old indices of the factors to keep, before the round; null: all.</summary>
    public int[]? Keep { get; init; }

    /// <summary>The factors whose proposals become their accepted states before the round.</summary>
    public int[] Promoted { get; init; } = [];

    /// <summary>Whether the same happens to the proposed row variances.</summary>
    public bool PromotesNoise { get; init; }

    /// <summary>Whether the accepted state is to be copied, before factors are dropped.</summary>
    public bool Saves { get; init; }

    /// <summary>Whether that copy becomes the accepted state again, before factors are dropped.</summary>
    public bool GoesBack { get; init; }

    /// <summary>Whether the copy is still needed.</summary>
    public bool HasBest { get; init; }

    /// <summary>Whether the loadings of new factors start from the given ones; else from 0.</summary>
    public bool Adopts { get; init; }

    /// <summary>With <see cref="Adopts"/>: the factor whose loadings are the first of the given ones.</summary>
    public int FirstAdopted { get; init; }

    /// <summary>The extrapolation of this sweep's starting point; 0 in a plain one.</summary>
    public double Beta { get; init; }

    /// <summary>Whether local false sign rates are wanted.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Whether some entry of the whole matrix is missing or weighted on its own, so that sums by column are needed.</summary>
    public bool IsByColumn { get; init; }

    /// <summary>The factors that the round is about.</summary>
    public int[] Active { get; init; } = [];

    /// <summary>The factors whose accepted loadings are extrapolated by <see cref="Beta"/> before the sweep.</summary>
    public int[] Extrapolated { get; init; } = [];

    /// <summary>In a sequential sweep: the factors whose proposals this sweep has made already.</summary>
    public int[] Updated { get; init; } = [];

    /// <summary>The factors whose proposals (and not accepted states) an evaluation is about.</summary>
    public int[] Proposed { get; init; } = [];

    /// <summary>The factor that an evaluation leaves out; null: none.</summary>
    public int? LeftOut { get; init; }

    /// <summary>E f of every factor (or, in subspace steps, the block).</summary>
    public double[][] Mean { get; init; } = [];

    /// <summary>Posterior variances of every factor.</summary>
    public double[][] Variance { get; init; } = [];

    /// <summary>The vectors of a subspace, power or projection step.</summary>
    public double[][] Vectors { get; init; } = [];

    /// <summary>
    /// The columns' part of the weights of a subspace, power or projection step (<see cref="StartWeights"/>); empty: none are wanted.
    /// </summary>
    public double[] Weights { get; init; } = [];

    /// <summary>v_j, or the added variances by column (or one for all).</summary>
    public double[] Noise { get; init; } = [];

    /// <summary>K x active: sum_j v_j E f_k E f_t.</summary>
    public double[] Gram { get; init; } = [];

    /// <summary>Active: sum_j v_j E f_t^2.</summary>
    public double[] Denominators { get; init; } = [];

    /// <summary>Evaluate: the mean square of the observed entries.</summary>
    public double MeanSquare { get; init; }

    /// <summary>Evaluate: the share of its own variance that a row's residual variance is kept above.</summary>
    public double LeastShare { get; init; }

    /// <summary>The loadings priors of the active factors.</summary>
    public Prior[] Priors { get; init; } = [];

    /// <summary>The sign that loadings of a power step must have: -1, 0 (any) or 1.</summary>
    public int Sign { get; init; }

    /// <summary>The broadcast as it travels; arrays are shared.</summary>
    public ArraySet Write()
    {
        var to = Format.New();
        to[BroadcastField.Step] = (int)Step;
        to[BroadcastField.Factors] = Factors;
        to[BroadcastField.Unit] = Unit;
        to[BroadcastField.MeanSquare] = MeanSquare;
        to[BroadcastField.LeastShare] = LeastShare;
        to[BroadcastField.FirstAdopted] = FirstAdopted;
        to[BroadcastField.Beta] = Beta;
        to[BroadcastField.LeftOut] = LeftOut ?? 0;
        to[BroadcastField.Sign] = Sign;
        to[BroadcastField.Means] = Mean.Length;
        to[BroadcastField.Variances] = Variance.Length;
        to[BroadcastField.Vectors] = Vectors.Length;
        to[BroadcastField.Priors] = Priors.Length;
        to.Put(BroadcastField.Keeps, Keep is not null);
        to.Put(BroadcastField.PromotesNoise, PromotesNoise);
        to.Put(BroadcastField.Adopts, Adopts);
        to.Put(BroadcastField.Saves, Saves);
        to.Put(BroadcastField.GoesBack, GoesBack);
        to.Put(BroadcastField.HasBest, HasBest);
        to.Put(BroadcastField.IsFinal, IsFinal);
        to.Put(BroadcastField.IsByColumn, IsByColumn);
        to.Put(BroadcastField.LeavesOut, LeftOut is not null);
        to[BroadcastKeys.Keep] = EbmfState.ToDoubles(Keep ?? []);
        to[BroadcastKeys.Promoted] = EbmfState.ToDoubles(Promoted);
        to[BroadcastKeys.Active] = EbmfState.ToDoubles(Active);
        to[BroadcastKeys.Extrapolated] = EbmfState.ToDoubles(Extrapolated);
        to[BroadcastKeys.Updated] = EbmfState.ToDoubles(Updated);
        to[BroadcastKeys.Proposed] = EbmfState.ToDoubles(Proposed);
        to[BroadcastKeys.Noise] = Noise;
        to[BroadcastKeys.Weights] = Weights;
        to[BroadcastKeys.Gram] = Gram;
        to[BroadcastKeys.Denominators] = Denominators;
        Write(to, BroadcastKeys.Mean, Mean);
        Write(to, BroadcastKeys.Variance, Variance);
        Write(to, BroadcastKeys.Vector, Vectors);
        Write(to, BroadcastKeys.Prior, [.. Priors.Select(PriorCodec.Encode)]);
        return to.Arrays;
    }

    /// <summary>The broadcast in a set of arrays; they are shared.</summary>
    public static EbmfBroadcast Read(ArraySet set)
    {
        var from = Format.View(set);
        return new EbmfBroadcast
        {
            Step = (EbmfStep)from.Whole(BroadcastField.Step),
            Factors = from.Whole(BroadcastField.Factors),
            Unit = from[BroadcastField.Unit],
            MeanSquare = from[BroadcastField.MeanSquare],
            LeastShare = from[BroadcastField.LeastShare],
            Keep = from.Is(BroadcastField.Keeps) ? EbmfState.ToInts(from[BroadcastKeys.Keep]) : null,
            PromotesNoise = from.Is(BroadcastField.PromotesNoise),
            Adopts = from.Is(BroadcastField.Adopts),
            Saves = from.Is(BroadcastField.Saves),
            GoesBack = from.Is(BroadcastField.GoesBack),
            HasBest = from.Is(BroadcastField.HasBest),
            FirstAdopted = from.Whole(BroadcastField.FirstAdopted),
            Beta = from[BroadcastField.Beta],
            IsFinal = from.Is(BroadcastField.IsFinal),
            IsByColumn = from.Is(BroadcastField.IsByColumn),
            LeftOut = from.Is(BroadcastField.LeavesOut) ? from.Whole(BroadcastField.LeftOut) : null,
            Sign = from.Whole(BroadcastField.Sign),
            Promoted = EbmfState.ToInts(from[BroadcastKeys.Promoted]),
            Active = EbmfState.ToInts(from[BroadcastKeys.Active]),
            Extrapolated = EbmfState.ToInts(from[BroadcastKeys.Extrapolated]),
            Updated = EbmfState.ToInts(from[BroadcastKeys.Updated]),
            Proposed = EbmfState.ToInts(from[BroadcastKeys.Proposed]),
            Noise = from[BroadcastKeys.Noise],
            Weights = from[BroadcastKeys.Weights],
            Gram = from[BroadcastKeys.Gram],
            Denominators = from[BroadcastKeys.Denominators],
            Mean = Read(from, BroadcastKeys.Mean, BroadcastField.Means),
            Variance = Read(from, BroadcastKeys.Variance, BroadcastField.Variances),
            Vectors = Read(from, BroadcastKeys.Vector, BroadcastField.Vectors),
            Priors = [.. Read(from, BroadcastKeys.Prior, BroadcastField.Priors).Select(v => PriorCodec.Decode(v))],
        };
    }

    private static void Write(StateSet<BroadcastField> to, StateKey key, double[][] arrays)
    {
        for (var k = 0; k < arrays.Length; k++)
        {
            to[key.At(k)] = arrays[k];
        }
    }

    private static double[][] Read(StateSet<BroadcastField> from, StateKey key, BroadcastField count) =>
        [.. Enumerable.Range(0, from.Whole(count)).Select(k => from[key.At(k)])];
}
