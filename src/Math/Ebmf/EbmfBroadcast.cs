using FitCluster.Math.Ebnm;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>What the shards are told in a round. Read once a round on each shard.</summary>
internal sealed record EbmfBroadcast
{
    public required EbmfStep Step { get; init; }

    /// <summary>The number K of factors, after dropping and adding.</summary>
    public required int Factors { get; init; }

    public int[]? Keep { get; init; }

    public int[] Promote { get; init; } = [];

    public bool PromoteNoise { get; init; }

    /// <summary>1 + the index of the first factor whose loadings start from the given ones; 0: new loadings start from 0.</summary>
    public int Adopt { get; init; }

    /// <summary>The extrapolation of this sweep's starting point; 0 in a plain one.</summary>
    public double Beta { get; init; }

    /// <summary>Whether local false sign rates are wanted.</summary>
    public bool IsFinal { get; init; }

    /// <summary>Whether some entry of the whole matrix is missing or weighted on its own, so that sums by column are needed.</summary>
    public bool ByColumn { get; init; }

    public int[] Active { get; init; } = [];

    /// <summary>The factors whose accepted loadings are extrapolated by <see cref="Beta"/> before the sweep.</summary>
    public int[] Extrapolated { get; init; } = [];

    /// <summary>In a sequential sweep: the factors whose proposals this sweep has made already.</summary>
    public int[] Updated { get; init; } = [];

    /// <summary>The factors whose proposals (and not accepted states) an evaluation is about.</summary>
    public int[] Proposed { get; init; } = [];

    /// <summary>The factor that an evaluation leaves out, or -1.</summary>
    public int LeftOut { get; init; } = -1;

    /// <summary>E f of every factor (or, in subspace steps, the block).</summary>
    public double[][] Mean { get; init; } = [];

    /// <summary>E f^2 of every factor.</summary>
    public double[][] Second { get; init; } = [];

    /// <summary>The vectors of a subspace, power or projection step.</summary>
    public double[][] Vectors { get; init; } = [];

    /// <summary>v_j, or the added variances by column (or one for all).</summary>
    public double[] Noise { get; init; } = [];

    /// <summary>K x active: sum_j v_j E f_k E f_t.</summary>
    public double[] Gram { get; init; } = [];

    /// <summary>Active: sum_j v_j E f_t^2.</summary>
    public double[] Denominators { get; init; } = [];

    /// <summary>The loadings priors of the active factors.</summary>
    public Prior[] Priors { get; init; } = [];

    /// <summary>The sign that loadings of a power step must have: -1, 0 (any) or 1.</summary>
    public int Sign { get; init; }

    public ArraySet Write()
    {
        var to = new ArraySet();
        to.Set("scalars", [(int)Step, Factors, Keep is null ? 0 : 1, PromoteNoise ? 1 : 0, Adopt, Beta, IsFinal ? 1 : 0, ByColumn ? 1 : 0, LeftOut, Sign, Mean.Length, Second.Length, Vectors.Length, Priors.Length]);
        Indices(to, "keep", Keep ?? []);
        Indices(to, "promote", Promote);
        Indices(to, "active", Active);
        Indices(to, "extrapolated", Extrapolated);
        Indices(to, "updated", Updated);
        Indices(to, "proposed", Proposed);
        to.Set("noise", Noise);
        to.Set("gram", Gram);
        to.Set("denominators", Denominators);
        List(to, "mean", Mean);
        List(to, "second", Second);
        List(to, "vector", Vectors);
        List(to, "prior", [.. Priors.Select(PriorCodec.Encode)]);
        return to;
    }

    public static EbmfBroadcast Read(ArraySet from)
    {
        var scalars = from["scalars"];
        return new EbmfBroadcast
        {
            Step = (EbmfStep)(int)scalars[0],
            Factors = (int)scalars[1],
            Keep = scalars[2] != 0 ? EbmfState.ToInts(from["keep"]) : null,
            PromoteNoise = scalars[3] != 0,
            Adopt = (int)scalars[4],
            Beta = scalars[5],
            IsFinal = scalars[6] != 0,
            ByColumn = scalars[7] != 0,
            LeftOut = (int)scalars[8],
            Sign = (int)scalars[9],
            Promote = EbmfState.ToInts(from["promote"]),
            Active = EbmfState.ToInts(from["active"]),
            Extrapolated = EbmfState.ToInts(from["extrapolated"]),
            Updated = EbmfState.ToInts(from["updated"]),
            Proposed = EbmfState.ToInts(from["proposed"]),
            Noise = from["noise"],
            Gram = from["gram"],
            Denominators = from["denominators"],
            Mean = List(from, "mean", (int)scalars[10]),
            Second = List(from, "second", (int)scalars[11]),
            Vectors = List(from, "vector", (int)scalars[12]),
            Priors = [.. List(from, "prior", (int)scalars[13]).Select(v => PriorCodec.Decode(v))],
        };
    }

    private static void Indices(ArraySet to, string name, int[] values) => to.Set(name, [.. values.Select(v => (double)v)]);

    private static void List(ArraySet to, string name, double[][] arrays)
    {
        for (var k = 0; k < arrays.Length; k++)
        {
            to.Set($"{name}.{k}", arrays[k]);
        }
    }

    private static double[][] List(ArraySet from, string name, int count) =>
        [.. Enumerable.Range(0, count).Select(k => from[$"{name}.{k}"])];
}
