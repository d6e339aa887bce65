namespace FitCluster.Math.Ebmf;

/// <summary>What the shards do in a round of an EBMF fit. The number is part of the broadcast and of checkpoints.</summary>
internal enum EbmfStep
{
    /// <summary>Counts and sums of squares of the observed data.</summary>
    Describe = 0,

    /// <summary>One pass of block subspace iteration on the residuals.</summary>
    Subspace = 1,

    /// <summary>One alternating least-squares pass for one new factor (missing data or sign constraints).</summary>
    Power = 2,

    /// <summary>Loadings from given factors by projection (start from an SVD).</summary>
    Project = 3,

    /// <summary>The pseudo-data x, s of the active loadings, kept on the shard; their summary goes back.</summary>
    Prepare = 4,

    /// <summary>Log-likelihood and statistics of loadings priors at the kept pseudo-data.</summary>
    Prior = 5,

    /// <summary>Update of the active loadings; X'L, L'L and prior statistics go back.</summary>
    Sweep = 6,

    /// <summary>Expected squared residuals at given factors, where the variance needs them by row or entry.</summary>
    Evaluate = 7,

    /// <summary>Nothing: the fit is done.</summary>
    Done = 8,
}

/// <summary>Which part of the fit the coordinator is in.</summary>
internal enum EbmfStage
{
    /// <summary>Describing the data; the model without factors.</summary>
    Null = 0,

    /// <summary>Fitting factor k that has fixed entries.</summary>
    Fixed = 1,

    /// <summary>Trying a new factor.</summary>
    Greedy = 2,

    /// <summary>Refining all factors together.</summary>
    Backfit = 3,

    /// <summary>Trying the fit without each factor.</summary>
    Nullcheck = 4,

    /// <summary>The last sweep, which also yields local false sign rates.</summary>
    Final = 5,

    /// <summary>Done.</summary>
    Done = 6,
}
