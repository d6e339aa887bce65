namespace FitCluster.Math.TwinEb;

/// <summary>
/// What of a step or an epoch of the reference optimizer was divergence. The first four are arrays of a shard's partial, in their order
/// there.
/// </summary>
internal enum ReferenceDivergence
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The gradient by the rows' parameters, or the loss, of a shard.</summary>
    Rows,

    /// <summary>The gradient by the columns' parameters, or with local steps the parameters.</summary>
    Columns,

    /// <summary>The same of the rows' prior.</summary>
    RowPrior,

    /// <summary>The same of the columns' prior.</summary>
    ColumnPrior,

    /// <summary>The norm of the whole gradient, whose parts are finite.</summary>
    Norm,

    /// <summary>An epoch's loss, which is not finite or too far above the one before.</summary>
    Loss,
}
