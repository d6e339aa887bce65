namespace FitCluster.Math.Ebmf;

/// <summary>The scalars of a shard's state.</summary>
internal enum ShardField
{
    Rows,
    Factors,

    /// <summary>Factors of the best fit that are kept.</summary>
    Best,

    /// <summary>Factors of which pseudo-data are kept.</summary>
    Prepared,

    /// <summary>The unit of the fit (<see cref="EbmfUnit"/>).</summary>
    Unit,
}
