using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Loadings of new rows under the factors, loadings priors and residual variances of a finished fit, all held: coordinate ascent of each
/// row's ELBO over its K loadings,
/// which are EBNM posteriors with a fixed prior (docs/ebmf.md, "Using a fit"). A row's result depends on its own entries alone, so that it
/// does not matter how rows are
/// cut into blocks. A variance that belongs to a row (row, kronecker) is estimated with the row's loadings; one by column is the fit's.
/// Thread-safe.
/// </summary>
public sealed class EbmfProjection
{
    private readonly EbmfOptions _options;
    private readonly EbmfNoise _noise;
    private readonly double[][] _mean;
    private readonly double[][] _variance;
    private readonly Prior[] _priors;
    private readonly double[] _shared;
    private readonly EbmfUnit _unit;

    /// <summary>Takes a fit's results.</summary>
    /// <param name="options">Of the fit's options the columns p, the variance structure, known errors, and the number of fixed
    /// factors.</param>
    /// <param name="factorsMean"><see cref="EbmfResults.FactorsMean"/>, p x K.</param>
    /// <param name="factorsSd"><see cref="EbmfResults.FactorsSd"/>, p x K.</param>
    /// <param name="loadingsPriors">The loadings prior of each factor, K.</param>
    /// <param name="residualSd">The coordinator's <see cref="EbmfResults.ResidualSd"/>: one number, one for each column, or none where it
    /// has none.</param>
    /// <exception cref="ArgumentException">The arrays do not belong together.</exception>
    public EbmfProjection(
        EbmfOptions options, double[] factorsMean, double[] factorsSd, IReadOnlyList<Prior> loadingsPriors, double[] residualSd)
    {
        var (p, k) = (options.Columns, loadingsPriors.Count);
        if (factorsMean.Length != p * k || factorsSd.Length != p * k || (residualSd.Length is not (0 or 1) && residualSd.Length != p))
        {
            throw new ArgumentException(
                $"a projection on {k} factors of {p} columns needs {p * k} means and as many standard deviations, " +
                $"and 0, 1 or {p} residual standard deviations: " +
                $"there are {factorsMean.Length}, {factorsSd.Length} and {residualSd.Length}");
        }

        // Every factor in a unit of its own, and the data in the largest that a factor and its loadings' prior make together.
        double[] units = [.. Enumerable.Range(0, k).Select(t => EbmfUnit.Of(EbmfProblem.Column(factorsMean, k, t).Max(double.Abs)))];
        var unit = EbmfUnit.Of(loadingsPriors.Select((prior, t) => units[t] * Size(prior)).DefaultIfEmpty(0).Max());
        _unit = new EbmfUnit(unit, units);
        (_options, _noise) = (_unit.In(options), new EbmfNoise(options));
        _priors = [.. loadingsPriors.Select((prior, t) => EbmfUnit.Times(prior, 1 / _unit.Loadings(t)))];
        residualSd = [.. residualSd.Select(s => s / unit)];
        _mean = [.. units.Select((scale, t) => EbmfProblem.Column(factorsMean, k, t).Select(f => f / scale).ToArray())];
        _variance = [.. Enumerable.Range(0, k)
            .Select(t => EbmfProblem.Column(factorsSd, k, t).Select(s => s / units[t] * (s / units[t])).ToArray())];

        // By entry the variances added to the known ones; else the columns' precisions, 1 where all of it is the rows'.
        _shared = _noise.ByEntry
            ? [.. residualSd.Select(s => s * s)]
            : [.. Enumerable.Range(0, p).Select(j => residualSd.Length == 0 ? 1 : residualSd.Length == 1 ? residualSd[0] : residualSd[j])
                .Select(s => 1 / (s * s))];
    }

    /// <summary>
    /// Projects the rows of a block. Missing entries count for nothing; a row without any has the priors' moments. Known standard errors by
    /// row or entry, and fixed loadings,
    /// come with the block as in a fit.
    /// </summary>
    /// <returns>
    /// <see cref="EbmfResults.LoadingsMean"/>, <see cref="EbmfResults.LoadingsSd"/> and <see cref="EbmfResults.LoadingsLfsr"/>, rows x K
    /// each; where rows have a variance of
    /// their own, <see cref="EbmfResults.ResidualSd"/>, rows.
    /// </returns>
    /// <exception cref="ArgumentException">The rows have other columns than the fit's data, or lack the standard errors that it
    /// had.</exception>
    public ArraySet Project(ShardData data)
    {
        var (rows, k) = (data.Block.Rows, _priors.Length);
        if (data.Block.Columns != _options.Columns || (_noise.Known == KnownErrors.Matrix && data.StandardErrors is null))
        {
            throw new ArgumentException(data.Block.Columns != _options.Columns
                ? $"the new rows have {data.Block.Columns} columns, the fit's data {_options.Columns}"
                : "the fit has known standard errors by entry: give those of the new rows, too");
        }

        var whole = data;
        data = _unit.In(data, withGivenLoadings: false);
        int[] shape = [rows, k];
        var (mean, sd, lfsr, residual) = (new double[rows * k], new double[rows * k], new double[rows * k], new double[rows]);
        var row = new RowProjection(_noise, _options.Columns, _mean, _variance, _priors, _shared);
        var reader = new ObservedRow(data, _noise.Known, _options.StandardErrors);
        var fixedLoadings = Enumerable.Range(0, k).Select(t => FixedLoadings.Column(whole, _options, t)).ToArray();
        var given = Enumerable.Range(0, k).Select(t => FixedLoadings.Column(data, _options, t)).ToArray();
        for (var i = 0; i < rows; i++)
        {
            reader.Read(i);
            row.Run(reader, [.. given.Select(g => g is null ? double.NaN : g[i])]);
            row.Lfsr.CopyTo(lfsr.AsSpan(i * k));
            residual[i] = _noise.Variance == VarianceStructure.Kronecker ? row.ResidualSd : _unit.Residual(row.ResidualSd);
            for (var t = 0; t < k; t++)
            {
                mean[(i * k) + t] = fixedLoadings[t] is { } of && !double.IsNaN(of[i]) ? of[i] : row.Mean[t] * _unit.Loadings(t);
                sd[(i * k) + t] = double.Sqrt(row.Variance[t]) * _unit.Loadings(t);
            }
        }

        data.Block.KeepAlive();
        var result = new ArraySet().Set(EbmfResults.LoadingsMean, mean, shape).Set(EbmfResults.LoadingsSd, sd, shape)
            .Set(EbmfResults.LoadingsLfsr, lfsr, shape);
        return _noise.HasRowPrecision || (_noise.ByEntry && _noise.Variance == VarianceStructure.Row)
            ? result.Set(EbmfResults.ResidualSd, residual, [rows]) : result;
    }

    // The largest finite size that a prior speaks of.
    private static double Size(Prior prior) => prior.Components
        .SelectMany(c => new[] { double.Abs(c.Location), c.Scale, double.Abs(c.Low), double.Abs(c.High) })
        .Where(double.IsFinite).DefaultIfEmpty(0).Max();
}
