using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Expected squared residuals at given loadings and factors, E r_ij^2 = (y_ij - sum_k E l E f)^2 + sum_k ((E l)^2 var f + var l E f^2),
/// summed as the variance structure needs, and the row variances that maximize the ELBO.
/// </summary>
internal sealed class LocalEvaluate
{
    private readonly EbmfBroadcast _order;
    private readonly ShardData _data;
    private readonly EbmfShard _shard;
    private readonly EbmfOptions _options;
    private readonly EbmfNoise _noise;
    private readonly int[] _included;
    private readonly double[][] _l;
    private readonly double[][] _lVariance;
    private readonly double[][] _f;
    private readonly double[][] _fVariance;

    private LocalEvaluate(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        (_order, _data, _shard, _options, _noise) = (order, data, shard, options, noise);
        _included = [.. Enumerable.Range(0, order.Factors).Where(k => k != order.LeftOut)];
        _l = [.. _included.Select(k => order.Proposed.Contains(k) ? shard.Proposed[k] : shard.Mean[k])];
        (_f, _fVariance) = ([.. _included.Select(k => order.Mean[k])], [.. _included.Select(k => order.Variance[k])]);
        _lVariance = [.. _included.Select(k => order.Proposed.Contains(k) ? shard.ProposedVariance[k] : shard.Variance[k])];
    }

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
        var rows = _shard.Rows;
        var residuals = new RowResiduals(_data, _f, _fVariance, _order.Noise);
        var knownErrors = _noise.Known == KnownErrors.Row ? _data.Extras.Get(ExtraKeys.StandardErrors) : null;
        if (_shard.ProposedRowNoise.Length != rows)
        {
            (_shard.ProposedRowNoise, _shard.RowLimits) = (new double[rows], new double[rows]);
        }

        // With columns' precisions in it, an entry's square is of size 1.
        var meanSquare = withSums ? 1 : _order.MeanSquare;
        var totals = new double[5];
        var columns = withSums ? new WeightedColumns(_data.Block.Columns) : null;
        for (var i = 0; i < rows; i++)
        {
            residuals.Read(i, _l, _lVariance);
            var n = residuals.Count;
            var least = LeastVariance.OfGroup(n, residuals.Squares, residuals.Centred, _order.LeastShare, meanSquare);
            var u = n == 0 ? 1 : n / double.Max(residuals.Sum, least);
            if (knownErrors is not null || _noise.Known == KnownErrors.Scalar)
            {
                var known = knownErrors is null ? _options.StandardErrors[0] : knownErrors[i];
                u = double.Min(u, 1 / (known * known));
            }

            (_shard.ProposedRowNoise[i], _shard.RowLimits[i]) = (u, residuals.Squares > 0 ? n / least : 0);
            totals[0] += n * double.Log(u);
            totals[1] += u * residuals.Sum;
            totals[2] += n / u;
            if (residuals.Centred > 0)
            {
                totals[3] += n * double.Log(n / (u * residuals.Centred));
                totals[4] += n;
            }

            if (columns is not null)
            {
                residuals.AddByColumn(u, columns);
            }
        }

        var partial = new ArraySet().Set(PartialKeys.Totals, totals);
        return columns is null ? partial : partial.Set(PartialKeys.Residuals, columns.Residuals)
            .Set(PartialKeys.ResidualSquares, columns.Squares).Set(PartialKeys.ResidualSums, columns.Sums)
            .Set(PartialKeys.ResidualWeights, columns.Weights);
    }

    // sum_i w_ij E r_ij^2 by column, with weights that do not change.
    private ArraySet Columns()
    {
        if (!_noise.ByEntry)
        {
            return new ArraySet().Set(PartialKeys.Residuals, new ColumnResiduals(_data, _l, _lVariance, _f, _fVariance)
                .Run(_noise.HasRowPrecision ? _shard.RowNoise : null));
        }

        var result = new double[_data.Block.Columns];
        var reader = new ObservedRow(_data, _noise.Known, _options.StandardErrors);
        var squares = new double[_data.Block.Columns];
        for (var i = 0; i < _shard.Rows; i++)
        {
            reader.Read(i);
            SquaresOf(reader, i, squares);
            for (var e = 0; e < reader.Count; e++)
            {
                result[reader.Columns[e]] += squares[e] / reader.KnownVariance[e];
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
        var (largest, weights) = (new double[groups], new double[groups]);
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
                weights[g] += w;
                objective[g] += wr - double.Log(w);
                gradient[g] += w * (1 - wr);
                curvature[g] += w * w * ((2 * wr) - 1);
                largest[g] = double.Max(largest[g], squares[e] - reader.KnownVariance[e]);
            }
        }

        return new ArraySet()
            .Set(PartialKeys.Objective, objective)
            .Set(PartialKeys.Gradient, gradient)
            .Set(PartialKeys.SearchWeights, weights)
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
                var (l, lVariance, f, fVariance) = (_l[t][row], _lVariance[t][row], _f[t][j], _fVariance[t][j]);
                fitted += l * f;
                spread += (l * l * fVariance) + (lVariance * ((f * f) + fVariance));
            }

            var r = reader.Values[e] - fitted;
            squares[e] = (r * r) + spread;
        }
    }
}
