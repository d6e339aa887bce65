namespace FitCluster.Math.TwinEb;

/// <summary>The scalars of a reference fit's state of a shard.</summary>
internal enum ReferenceShardField
{
    /// <summary>The rank of the shard's first training row among all training rows.</summary>
    TrainingRank,

    /// <summary>The rank of its first held-out row among all held-out rows.</summary>
    HeldOutRank,
}
