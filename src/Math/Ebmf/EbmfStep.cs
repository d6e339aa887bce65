namespace FitCluster.Math.Ebmf;

/// <summary>
/// A step of the fit: up to <see cref="Done"/> what the shards do in a round, after it what the coordinator decides by itself. The number
/// is part of
/// the broadcast and of checkpoints.
/// </summary>
internal enum EbmfStep
{
    /// <summary>The largest entry, and then counts and sums of squares of the observed data.</summary>
    Describe,

    /// <summary>One pass of block subspace iteration on the residuals.</summary>
    Subspace,

    /// <summary>One alternating least-squares pass for one new factor (missing data or sign constraints).</summary>
    Power,

    /// <summary>Loadings from given factors by projection (start from an SVD).</summary>
    Project,

    /// <summary>The pseudo-data x, s of the active loadings, kept on the shard; their summary goes back.</summary>
    Prepare,

    /// <summary>Log-likelihood and statistics of loadings priors at the kept pseudo-data.</summary>
    Prior,

    /// <summary>Update of the active loadings; X'L, L'L and prior statistics go back.</summary>
    Sweep,

    /// <summary>Expected squared residuals at given factors, where the variance needs them by row or entry.</summary>
    Evaluate,

    /// <summary>Nothing: the shards forget the last factor that was tried.</summary>
    Forget,

    /// <summary>Nothing: the fit is done.</summary>
    Done,

    /// <summary>At the coordinator: what the stage begins with, if with anything.</summary>
    Begin,

    /// <summary>At the coordinator: the residuals are known; what follows from them.</summary>
    Judge,

    /// <summary>At the coordinator: whether the new factor stays.</summary>
    Settle,

    /// <summary>At the coordinator: which factor the nullcheck leaves out next.</summary>
    Next,
}
