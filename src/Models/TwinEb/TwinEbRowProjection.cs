using FitCluster.Data;
using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.TwinEb;

/// <summary>Fits new rows under the frozen columns and row prior of a fit.</summary>
internal sealed class TwinEbRowProjection(TwinEbFit fit, MatrixSource data, ColumnMap? map) : IRowProjection
{
    private readonly TwinEbProjection _projection = fit.Projection();
    private readonly ColumnScale? _scale = fit.Scale;
    private readonly double? _threshold = fit.Fit.Spec.Section.Get(TwinEbFields.Binarize);

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels => [.. Enumerable.Range(1, fit.Options.Factors).Select(i => $"factor{i}")];

    /// <inheritdoc/>
    public IReadOnlyList<string> Kept =>
    [
        "columns_mean.npy", "columns_sd.npy", "columns_log_mean.npy", "columns_harmonic_mean.npy", "columns_second.npy",
        "columns_center.npy", "columns_scale.npy", "columns_dispersion.npy", "row_prior.json", "column_prior.json",
    ];

    /// <inheritdoc/>
    public ShardData Load(ShardId shard, ShardRange range) =>
        TwinEbShard.Load(data, shard, range, fit.IsCounts, _threshold, _scale, split: null, map);

    /// <inheritdoc/>
    public ArraySet Project(ShardData data) => _projection.Project(data);
}
