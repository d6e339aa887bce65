using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Expected squared residuals at given loadings and factors, E r_ij^2 = (y_ij - sum_k E l E f)^2 + sum_k (E l^2 E f^2 - (E l)^2 (E f)^2),
/// summed as the variance structure needs, and the row variances that maximize the ELBO.
/// </summary>
internal sealed class LocalEvaluate
{
    // R^2 never goes below this (docs/ebmf.md, "Residual variances"), nor below this share of the sum of squares of its
    // group: the sums that it comes from have lost all digits there, and a perfect fit must have a finite precision.
    private const double LeastSquares = 2.2e-16;
    private const double LeastShare = 1e-13;

    private readonly EbmfBroadcast _order;
    private readonly ShardData _data;
    private readonly EbmfShard _shard;
    private readonly EbmfOptions _options;
    private readonly EbmfNoise _noise;
    private readonly int[] _included;
    private readonly double[][] _l;
    private readonly double[][] _l2;

    private LocalEvaluate(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        (_order, _data, _shard, _options, _noise) = (order, data, shard, options, noise);
        _included = [.. Enumerable.Range(0, order.Factors).Where(k => k != order.LeftOut)];
        _l = [.. _included.Select(k => order.Proposed.Contains(k) ? shard.Proposed[k] : shard.Mean[k])];
        _l2 = [.. _included.Select(k => order.Proposed.Contains(k) ? shard.ProposedSecond[k] : shard.Second[k])];
    }

    /// <summary>The precision N / R^2 of a group with so many observed entries, and this sum of their squares.</summary>
    public static double Precision(double count, double residual, double squares) =>
        count / double.Max(residual, double.Max(LeastSquares, LeastShare * squares));

    /// <summary>Runs the evaluation that the variance structure needs.</summary>
    public static ArraySet Run(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        var evaluation = new LocalEvaluate(order, data, shard, options, noise);
        if (!noise.NeedsEvaluation)
        {
            return evaluation.Columns();
        }

        return (noise.ByEntry, noise.Variance) switch
        {
            (false, VarianceStructure.Row) => evaluation.Rows(withSums: false),
            (false, _) => evaluation.Rows(withSums: true),
            (true, VarianceStructure.Row) => evaluation.AddedByRow(),
            _ => evaluation.AddedByGroup(),
        };
    }

    // Row precisions u_i = N_i / sum_j v_j E r_ij^2 (with a known row error, at most its precision); for the Kronecker structure also the
    // sums by column under the new u.
    private ArraySet Rows(bool withSums)
    {
        var p = _data.Block.Columns;
        var rows = _shard.Rows;
        var residuals = new RowResiduals(
            _data, _included.Select(k => _order.Mean[k]).ToArray(), _included.Select(k => _order.Second[k]).ToArray(), _order.Noise);
        var knownErrors = _noise.Known == KnownErrors.Row ? _data.Extras.Get(ExtraKeys.StandardErrors) : null;
        if (_shard.ProposedRowNoise.Length != rows)
        {
            _shard.ProposedRowNoise = new double[rows];
        }

        var (sumLog, sumSquares, sumVariance) = (0.0, 0.0, 0.0);
        var columnResiduals = new double[withSums ? p : 0];
        var columnSquares = new double[withSums ? p : 0];
        for (var i = 0; i < rows; i++)
        {
            residuals.Read(i, _l, _l2);
            var n = residuals.Count;
            var u = n == 0 ? 1 : Precision(n, residuals.Sum, residuals.Squares);
            if (knownErrors is not null || _noise.Known == KnownErrors.Scalar)
            {
                var known = knownErrors is null ? _options.StandardErrors[0] : knownErrors[i];
                u = double.Min(u, 1 / (known * known));
            }

            _shard.ProposedRowNoise[i] = u;
            sumLog += n * double.Log(u);
            sumSquares += u * residuals.Sum;
            sumVariance += n / u;
            if (withSums)
            {
                residuals.AddByColumn(u, columnResiduals, columnSquares);
            }
        }

        return new ArraySet().Set(PartialKeys.Totals, [sumLog, sumSquares, sumVariance])
            .Set(PartialKeys.Residuals, columnResiduals).Set(PartialKeys.ResidualSquares, columnSquares);
    }

    // sum_i w_ij E r_ij^2 by column, with weights that do not change.
    private ArraySet Columns()
    {
        var result = new double[_data.Block.Columns];
        var reader = new ObservedRow(_data, _noise.Known, _options.StandardErrors);
        var squares = new double[_data.Block.Columns];
        for (var i = 0; i < _shard.Rows; i++)
        {
            reader.Read(i);
            SquaresOf(reader, i, squares);
            var u = _noise.HasRowPrecision ? _shard.RowNoise[i] : 1;
            for (var e = 0; e < reader.Count; e++)
            {
                result[reader.Columns[e]] += (_noise.ByEntry ? 1 / reader.KnownVariance[e] : u) * squares[e];
            }
        }

        return new ArraySet().Set(PartialKeys.Residuals, result);
    }

    // A variance sigma_i^2 added to the known ones in each row: a minimization in one dimension that stays on the shard.
    private ArraySet AddedByRow()
    {
        if (_shard.ProposedRowNoise.Length != _shard.Rows)
        {
            _shard.ProposedRowNoise = new double[_shard.Rows];
        }

        var reader = new ObservedRow(_data, _noise.Known, _options.StandardErrors);
        var squares = new double[_data.Block.Columns];
        var (objective, sumVariance) = (0.0, 0.0);
        for (var i = 0; i < _shard.Rows; i++)
        {
            reader.Read(i);
            SquaresOf(reader, i, squares);
            var known = reader.KnownVariance.AsSpan(0, reader.Count);
            var added = AddedVariance.Minimize(known, squares.AsSpan(0, reader.Count));
            _shard.ProposedRowNoise[i] = added;
            for (var e = 0; e < known.Length; e++)
            {
                var variance = known[e] + added;
                objective += double.Log(variance) + (squares[e] / variance);
                sumVariance += variance;
            }
        }

        return new ArraySet().Set(PartialKeys.Totals, [objective, sumVariance]);
    }

    // Objective, gradient and curvature in sigma_g^2 at the trial values, by group (one, or one for each column).
    private ArraySet AddedByGroup()
    {
        var groups = _order.Noise.Length;
        var (objective, gradient, curvature) = (new double[groups], new double[groups], new double[groups]);
        var largest = new double[groups];
        var reader = new ObservedRow(_data, _noise.Known, _options.StandardErrors);
        var squares = new double[_data.Block.Columns];
        for (var i = 0; i < _shard.Rows; i++)
        {
            reader.Read(i);
            SquaresOf(reader, i, squares);
            for (var e = 0; e < reader.Count; e++)
            {
                var g = groups == 1 ? 0 : reader.Columns[e];
                var w = 1 / (reader.KnownVariance[e] + _order.Noise[g]);
                var wr = w * squares[e];
                objective[g] += wr - double.Log(w);
                gradient[g] += w * (1 - wr);
                curvature[g] += w * w * ((2 * wr) - 1);
                largest[g] = double.Max(largest[g], squares[e] - reader.KnownVariance[e]);
            }
        }

        return new ArraySet()
            .Set(PartialKeys.Objective, objective)
            .Set(PartialKeys.Gradient, gradient)
            .Set(PartialKeys.Curvature, curvature)
            .Set(PartialKeys.Largest, largest);
    }

    private void SquaresOf(ObservedRow reader, int row, double[] squares)
    {
        for (var e = 0; e < reader.Count; e++)
        {
            var j = reader.Columns[e];
            var (fitted, spread) = (0.0, 0.0);
            for (var t = 0; t < _included.Length; t++)
            {
                var f = _order.Mean[_included[t]][j];
                var (l, l2) = (_l[t][row], _l2[t][row]);
                fitted += l * f;
                spread += (l2 * _order.Second[_included[t]][j]) - (l * l * f * f);
            }

            var r = reader.Values[e] - fitted;
            squares[e] = (r * r) + spread;
        }
    }
}
