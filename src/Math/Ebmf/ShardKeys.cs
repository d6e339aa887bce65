using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The arrays of a shard's state; what they hold is said at the properties of <see cref="EbmfShard"/>. Those of loadings are
/// <see cref="StateKey.At"/> the factor.
/// </summary>
internal static class ShardKeys
{
    public static readonly StateKey Mean = new("mean");
    public static readonly StateKey Variance = new("variance");
    public static readonly StateKey Previous = new("previous");
    public static readonly StateKey Proposed = new("proposed");
    public static readonly StateKey ProposedVariance = new("proposedVariance");
    public static readonly StateKey FalseSignRate = new("falseSignRate");
    public static readonly StateKey BestMean = Mean.In("best");
    public static readonly StateKey BestVariance = Variance.In("best");
    public static readonly StateKey BestRowNoise = new("best.rowNoise");
    public static readonly StateKey X = new("x");
    public static readonly StateKey S = new("s");
    public static readonly StateKey RowNoise = new("rowNoise");
    public static readonly StateKey ProposedRowNoise = new("proposedRowNoise");
    public static readonly StateKey RowLimits = new("rowLimits");
}
