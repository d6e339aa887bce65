using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The steps of <see cref="LocalStart"/> over observed entries alone, residual by residual: where entries are missing, or weighted one by
/// one. The residuals are already in: nothing is left to be taken out by way of L'Z.
/// </summary>
internal sealed class LocalStartOfObserved
{
    private readonly EbmfBroadcast _order;
    private readonly EbmfShard _shard;
    private readonly EbmfNoise _noise;
    private readonly ObservedRow _row;
    private readonly double[] _residual;
    private readonly double[]? _rowWeights;

    // By observed entry of the row: what a sum over the row, and what one over a column is weighted by; not used where nothing is weighted.
    private readonly double[] _weight;
    private readonly double[] _columnWeight;

    private LocalStartOfObserved(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        (_order, _shard, _noise) = (order, shard, noise);
        var p = data.Block.Columns;
        var isByEntry = order.Weights.Length > 0 && noise.ByEntry;
        _row = isByEntry ? new ObservedRow(data, noise.Known, options.StandardErrors) : new ObservedRow(data, KnownErrors.None, []);
        (_residual, _weight, _columnWeight) = (new double[p], new double[p], new double[p]);
        _rowWeights = LocalStart.RowWeights(order, shard, noise);
        _weight.AsSpan().Fill(1);
        _columnWeight.AsSpan().Fill(1);
    }

    /// <summary>See <see cref="LocalStart.Subspace"/>; weights by entry are sent back as their sums by column.</summary>
    public static ArraySet Subspace(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise) =>
        new LocalStartOfObserved(order, data, shard, options, noise).Subspace();

    /// <summary>See <see cref="LocalStart.Power"/>.</summary>
    public static ArraySet Power(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise) =>
        new LocalStartOfObserved(order, data, shard, options, noise).Power();

    private ArraySet Subspace()
    {
        var (b, p) = (_order.Vectors.Length, _residual.Length);
        var (cross, z, z2, sumWeights) = (new double[b * p], new double[b], new double[b * b], new double[p]);
        var (isWeighted, isByEntry) = (_order.Weights.Length > 0, _order.Weights.Length > 0 && _noise.ByEntry);
        double[][] vectors = isWeighted && !isByEntry
            ? [.. _order.Vectors.Select(q => StartWeights.Weighted(_order.Weights, q))] : _order.Vectors;
        for (var i = 0; i < _shard.Rows; i++)
        {
            Read(i);

            // The residual that is seen, but for the columns' roots, with which the coordinator multiplies the sums.
            for (var e = 0; isWeighted && e < _row.Count; e++)
            {
                _residual[e] *= double.Sqrt(_columnWeight[e]);
                sumWeights[_row.Columns[e]] += _columnWeight[e];
            }

            for (var t = 0; t < b; t++)
            {
                z[t] = 0;
                for (var e = 0; e < _row.Count; e++)
                {
                    z[t] += _residual[e] * vectors[t][_row.Columns[e]];
                }

                for (var e = 0; e < _row.Count; e++)
                {
                    cross[(t * p) + _row.Columns[e]] += _residual[e] * z[t];
                }

                for (var other = 0; other <= t; other++)
                {
                    z2[(t * b) + other] += z[other] * z[t];
                }
            }
        }

        var partial = Nothing(cross, b).Set(PartialKeys.Gram, z2);
        return isByEntry ? partial.Set(PartialKeys.Denominator, sumWeights) : partial;
    }

    private ArraySet Power()
    {
        var (b, p) = (_order.Vectors.Length, _residual.Length);
        var (cross, denominator, sums) = (new double[b * p], new double[b * p], new double[2 * b]);
        for (var i = 0; i < _shard.Rows; i++)
        {
            Read(i);
            for (var t = 0; t < b; t++)
            {
                var f = _order.Vectors[t];
                var (rf, ff) = (0.0, 0.0);
                for (var e = 0; e < _row.Count; e++)
                {
                    var fj = f[_row.Columns[e]];
                    rf += _weight[e] * _residual[e] * fj;
                    ff += _weight[e] * fj * fj;
                }

                var l = LocalStart.Clamped(ff > 0 ? rf / ff : 0, _order.Sign, _rowWeights?[i] ?? 1, sums.AsSpan(2 * t, 2));
                for (var e = 0; l != 0 && e < _row.Count; e++)
                {
                    var at = (t * p) + _row.Columns[e];
                    cross[at] += _columnWeight[e] * _residual[e] * l;
                    denominator[at] += _columnWeight[e] * l * l;
                }
            }
        }

        return Nothing(cross, b).Set(PartialKeys.Signs, sums).Set(PartialKeys.Denominator, denominator);
    }

    private ArraySet Nothing(double[] cross, int b) =>
        new ArraySet().Set(PartialKeys.Cross, cross).Set(PartialKeys.LoadingsCross, new double[_order.Factors * b]);

    // The residuals of a row, and the weights.
    private void Read(int row)
    {
        _row.Read(row);
        for (var e = 0; e < _row.Count; e++)
        {
            _residual[e] = _row.Values[e];
        }

        for (var k = 0; k < _order.Factors; k++)
        {
            var l = _shard.Mean[k][row];
            for (var e = 0; l != 0 && e < _row.Count; e++)
            {
                _residual[e] -= l * _order.Mean[k][_row.Columns[e]];
            }
        }

        for (var e = 0; _order.Weights.Length > 0 && e < _row.Count; e++)
        {
            var j = _row.Columns[e];
            (_weight[e], _columnWeight[e]) = (_order.Weights[j], _rowWeights?[row] ?? 1);
            if (_noise.ByEntry)
            {
                _weight[e] /= _row.KnownVariance[e] + AddedVariance(row, j);
                _columnWeight[e] = _weight[e];
            }
        }
    }

    private double AddedVariance(int row, int column) => _noise.Variance switch
    {
        VarianceStructure.Known => 0,
        VarianceStructure.Row => _shard.RowNoise[row],
        _ => _order.Noise[_order.Noise.Length == 1 ? 0 : column],
    };
}
