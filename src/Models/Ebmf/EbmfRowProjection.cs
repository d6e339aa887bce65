using FitCluster.Data;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;

namespace FitCluster.Models.Ebmf;

/// <summary>Fits the loadings of new rows under the frozen factors, priors and residual variances of a fit.</summary>
internal sealed class EbmfRowProjection : IRowProjection
{
    private readonly MatrixSource _data;
    private readonly ColumnMap? _map;
    private readonly EbmfProjection _projection;
    private readonly double[] _fixedLoadings;
    private readonly StandardErrors _errors;
    private readonly string? _residualOfRows;
    private readonly string? _residualOfColumns;

    /// <exception cref="ProblemException">The fit has something by row that cannot be known for new ones.</exception>
    public EbmfRowProjection(EbmfFit fit, MatrixSource data, ColumnMap? map)
    {
        (_data, _map, _errors) = (data, map, fit.Errors);
        if (fit.Errors.Kind is KnownErrors.Row or KnownErrors.Matrix)
        {
            var side = fit.Errors.Kind == KnownErrors.Row ? "row" : "entry";
            throw ProblemException.BadInput(
                $"the fit in '{fit.Fit.Folder}' has known standard errors by {side}, which are not known for new rows: project needs a " +
                "fit with standard errors of a number or by column, or without");
        }

        var words = fit.Fit.Spec.Section.Get(EbmfFields.FixedFactors);
        _fixedLoadings = [.. words.SelectMany(word => FixedLoadings(word, fit))];
        _projection = new EbmfProjection(
            fit.Options with { FixedFactorCount = _fixedLoadings.Length },
            fit.Moments("factors_mean"), fit.Moments("factors_sd"), fit.Priors("loadings"), fit.ResidualOfColumns());
        (_residualOfRows, _residualOfColumns) = fit.ResidualFiles();
        Labels = [.. Enumerable.Range(1, fit.Factors).Select(i => $"factor{i}")];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Kept =>
    [
        "factors_mean.npy", "factors_sd.npy", "factors_lfsr.npy", "loadings_prior.json", "factors_prior.json",
        .. _residualOfColumns is null ? Array.Empty<string>() : [_residualOfColumns + ".npy"],
    ];

    /// <inheritdoc/>
    public ShardData Load(ShardId shard, ShardRange range)
    {
        var block = _data.RowBlock(range);
        var extras = new ArraySet();
        if (_fixedLoadings.Length > 0)
        {
            double[] every = [.. Enumerable.Repeat(_fixedLoadings, range.Count).SelectMany(row => row)];
            extras.Set(ExtraKeys.FixedLoadings, every, [range.Count, _fixedLoadings.Length]);
        }

        return new ShardData(shard, range.First, _data.Rows, _errors.Mask(range, _map is null ? block : _map.Apply(block)), null, extras);
    }

    /// <inheritdoc/>
    public ArraySet Project(ShardData data)
    {
        var result = new ArraySet();
        foreach (var array in _projection.Project(data))
        {
            result.Set(array.Name == EbmfOutput.ResidualSd ? new NamedArray(_residualOfRows!, array.Values, array.Shape) : array);
        }

        return result;
    }

    /// <summary>A new row's loadings on the factors of a word of fixedFactors: 1 on an intercept of columns, else free.</summary>
    private static IEnumerable<double> FixedLoadings(string word, EbmfFit fit)
    {
        int? rows = fit.Fit.Status == FinishedFit.Projected ? null : fit.Fit.Rows.Names.Count;
        var (count, hasLoadings) = GivenFactors.Shape(word, rows, fit.Fit.Columns.Names.Count);
        return hasLoadings && Path.IsPathRooted(word)
            ? throw ProblemException.BadInput(
                $"the fit in '{fit.Fit.Folder}' has fixed loadings ('{word}'), which are not known for new rows: project needs a fit " +
                "whose loadings are free")
            : Enumerable.Repeat(hasLoadings ? 1 : double.NaN, count);
    }
}
