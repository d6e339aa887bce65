using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>The arrays by row that a shard's data may bring along (<see cref="ShardData.Extras"/>).</summary>
public static class ExtraKeys
{
    /// <summary>Fixed entries of the loadings, rows x <see cref="EbmfOptions.FixedFactorCount"/>; NaN where an entry is free.</summary>
    public static readonly StateKey FixedLoadings = new("fixedLoadings");

    /// <summary>
    /// Loadings to start from, rows x <see cref="EbmfOptions.InitialFactorCount"/>; with <see cref="EbmfInit.Fit"/> a row of NaN is a new
    /// one.
    /// </summary>
    public static readonly StateKey InitialLoadings = new("initialLoadings");

    /// <summary>With <see cref="EbmfInit.Fit"/>: their standard deviations, in the same shape; absent: 0.</summary>
    public static readonly StateKey InitialLoadingsSd = new("initialLoadingsSd");

    /// <summary>Known standard errors of rows.</summary>
    public static readonly StateKey StandardErrors = new("standardErrors");
}
