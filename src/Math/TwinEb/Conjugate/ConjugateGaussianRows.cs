using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The rows of a shard under the Gaussian model (docs/twineb-default.md, section 3): A_i = sum_j E v_j v_j' / sd2, h_i = sum_j x_ij E v_j /
/// sd2 over training cells, then the exact posterior of (u_i, component). State: means and variances (rows x factors), for the start of
/// components only. Second moments are packed lower triangles, P = L (L + 1) / 2 numbers; the cost of a cell is P.
/// </summary>
internal sealed class ConjugateGaussianRows : IConjugateRowFitter
{
    private readonly int _factors;
    private readonly int _packed;
    private readonly double _precision;
    private readonly double[] _means;
    private readonly double[] _seconds;
    private readonly ConjugateNormalPosterior _posterior;
    private readonly ConjugateRow _row;
    private readonly double[] _a;
    private readonly double[] _h;

    public ConjugateGaussianRows(ShardData data, ArraySet broadcast, TwinEbOptions options)
    {
        _factors = options.Factors;
        _packed = _factors * (_factors + 1) / 2;
        _precision = 1 / (options.NoiseSd * options.NoiseSd);
        _means = broadcast.Get(ConjugateKeys.ColumnMeans);
        _seconds = broadcast.Get(ConjugateKeys.ColumnSeconds);
        _posterior = new ConjugateNormalPosterior(ConjugateNormalPrior.Read(broadcast, ConjugateKeys.RowPrior));
        _row = new ConjugateRow(data, zerosAreImplied: false);
        (_a, _h) = (new double[_packed], new double[_factors]);
        Sampler = new ConjugateNormalSampler(options, ConjugateDraw.RowScore, data.FirstRow, data.Block.Rows);
    }

    /// <summary>Draws of the rows that <see cref="Fit"/> has fitted.</summary>
    public ConjugateNormalSampler Sampler { get; }

    /// <summary>One update of every training row, and what the coordinator needs for columns, priors and ELBO.</summary>
    /// <param name="shard">The shard's state.</param>
    /// <param name="components">The components of the rows' prior.</param>
    /// <param name="failedRow">
    /// The first row whose posterior is not finite; -1 for none. The sums are then of no use, and such rows keep their state.
    /// </param>
    public ArraySet Sweep(ArraySet shard, int components, out int failedRow)
    {
        failedRow = -1;
        var columns = _means.Length / _factors;
        var statistics = new ConjugateNormalStatistics(components, _factors);
        var (precisions, shifts, elbo) = (new double[columns * _packed], new double[columns * _factors], 0.0);
        for (var i = 0; i < _row.Rows; i++)
        {
            if (_row.Cells.IsHeldOutRow(i))
            {
                continue;
            }

            Begin(i);
            var gain = _posterior.Evaluate(_a, _h);
            if (!double.IsFinite(gain))
            {
                failedRow = failedRow < 0 ? i : failedRow;
                continue;
            }

            elbo += gain;
            var indices = _row.Columns;
            var values = _row.Values;
            for (var e = 0; e < indices.Length; e++)
            {
                FactorKernel.AddScaled(_precision, _posterior.Second, precisions.AsSpan(indices[e] * _packed, _packed));
                FactorKernel.AddScaled(_precision * values[e], _posterior.Mean, shifts.AsSpan(indices[e] * _factors, _factors));
            }

            _posterior.AddTo(statistics);
            Store(shard, i);
        }

        var partial = new ArraySet()
            .Set(ConjugateKeys.Elbo, elbo)
            .Set(ConjugateKeys.ColumnPrecisions, precisions, [columns, _packed])
            .Set(ConjugateKeys.ColumnShifts, shifts, [columns, _factors]);
        statistics.Write(partial, ConjugateKeys.RowStatistics);
        return partial;
    }

    /// <inheritdoc/>
    /// <remarks>One step is the end: the posterior is exact.</remarks>
    public bool Fit(ArraySet shard, int row, int steps, double tolerance)
    {
        Begin(row);
        if (!double.IsFinite(_posterior.Evaluate(_a, _h)))
        {
            return false;
        }

        Store(shard, row);
        Sampler.Add(row, _posterior);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>The posterior depends on no start.</remarks>
    public bool FitNew(ArraySet shard, int row, int steps, double tolerance) => Fit(shard, row, steps, tolerance);

    /// <inheritdoc/>
    public void Moments(Span<double> mean, Span<double> sd)
    {
        for (var l = 0; l < _factors; l++)
        {
            (mean[l], sd[l]) = (_posterior.Mean[l], double.Sqrt(_posterior.Variance[l]));
        }
    }

    private void Begin(int row)
    {
        _row.Read(row);
        Array.Clear(_a);
        Array.Clear(_h);
        var columns = _row.Columns;
        var values = _row.Values;
        for (var e = 0; e < columns.Length; e++)
        {
            FactorKernel.AddScaled(_precision, _seconds.AsSpan(columns[e] * _packed, _packed), _a);
            FactorKernel.AddScaled(_precision * values[e], _means.AsSpan(columns[e] * _factors, _factors), _h);
        }
    }

    private void Store(ArraySet shard, int row)
    {
        _posterior.Mean.CopyTo(shard.Get(ConjugateKeys.RowMeans).AsSpan(row * _factors));
        _posterior.Variance.CopyTo(shard.Get(ConjugateKeys.RowVariances).AsSpan(row * _factors));
    }
}
