namespace FitCluster.Math.TwinEb;

/// <summary>The scalars of the conjugate optimizer's state of a shard.</summary>
internal enum ConjugateShardField
{
    /// <summary>Whether there are rows of a best restart.</summary>
    HasBest,
}
