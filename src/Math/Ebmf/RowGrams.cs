using System.Numerics.Tensors;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// The parts of a sweep that differ by row and by column when entries are missing or weighted one by one: for row i the matrix
/// G_i = sum over observed j of w_ij E f_j E f_j' (K x active) and D_i = sum of w_ij E f_j^2; for column j the sums over observed rows of
/// w_ij u_i E l_i E l_i', w_ij u_i E l_i^2. With few missing entries in a dense block these are the shared sums minus the missing entries'
/// part;
/// with a sparse block whose unstored entries are missing, the sum over stored entries; with weights by entry, over all
/// observed entries. Cost: K x active for each listed entry. The working memory is one chunk of rows, and columns x K x active.
/// </summary>
internal sealed class RowGrams
{
    private const int ChunkValues = 1 << 17;

    // So many listed entries are sorted by column at a time, or those of one row.
    private const int BatchEntries = 1 << 16;

    private readonly EbmfBroadcast _order;
    private readonly MatrixBlock _block;
    private readonly ObservedRow? _reader;
    private readonly EbmfNoise _noise;
    private readonly EbmfShard _shard;
    private readonly double _sign;
    private readonly int _k;
    private readonly int _a;
    private readonly int _kPad;
    private readonly int _aPad;
    private readonly double[] _f;
    private readonly double[] _f2;
    private readonly double[] _gramByColumn;
    private readonly double[] _secondByColumn;
    private readonly double[] _weights;
    private readonly double[] _sum;
    private readonly ColumnBatch _batch = new();
    private double[] _g = [];
    private double[] _d = [];

    private RowGrams(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise)
    {
        _order = order;
        _block = data.Block;
        _noise = noise;
        _shard = shard;
        _reader = noise.ByEntry ? new ObservedRow(data, noise.Known, options.StandardErrors) : null;
        _sign = !noise.ByEntry && !_block.IsSparse ? -1 : 1;
        (_k, _a) = (order.Factors, order.Active.Length);
        (_kPad, _aPad) = (SparseKernel.Pad(int.Max(1, _k)), SparseKernel.Pad(int.Max(1, _a)));
        var p = _block.Columns;
        _f = new double[p * _kPad];
        _f2 = new double[p * _aPad];
        for (var k = 0; k < _k; k++)
        {
            for (var j = 0; j < p; j++)
            {
                _f[(j * _kPad) + k] = order.Mean[k][j];
            }
        }

        for (var t = 0; t < _a; t++)
        {
            for (var j = 0; j < p; j++)
            {
                var (f, variance) = (order.Mean[order.Active[t]][j], order.Variance[order.Active[t]][j]);
                _f2[(j * _aPad) + t] = (f * f) + variance;
            }
        }

        _gramByColumn = new double[checked(p * _a * _kPad)];
        _secondByColumn = new double[p * _aPad];
        Cross = noise.ByEntry ? new double[p * _a] : [];
        _weights = new double[p];
        _sum = new double[_kPad];
    }

    /// <summary>Whether the sums over all entries count too (and the listed entries correct them).</summary>
    public bool HasSharedPart => _sign < 0;

    /// <summary>Sums of w u E l^2 by column, columns x active.</summary>
    public double[] SumSecondByColumn
    {
        get
        {
            var result = new double[_block.Columns * _a];
            for (var j = 0; j < _block.Columns; j++)
            {
                _secondByColumn.AsSpan(j * _aPad, _a).CopyTo(result.AsSpan(j * _a));
            }

            return result;
        }
    }

    /// <summary>With weights by entry: X'WL, factor-major (active x columns).</summary>
    public double[] Cross { get; }

    /// <summary>Sums of w u E l_t E l_k by column, columns x active x K.</summary>
    public double[] GramByColumn
    {
        get
        {
            var p = _block.Columns;
            var result = new double[p * _a * _k];
            for (var at = 0; at < p * _a; at++)
            {
                _gramByColumn.AsSpan(at * _kPad, _k).CopyTo(result.AsSpan(at * _k));
            }

            return result;
        }
    }

    /// <summary>Null where every entry of the shard is observed with rank-one weights.</summary>
    public static RowGrams? For(EbmfBroadcast order, ShardData data, EbmfShard shard, EbmfOptions options, EbmfNoise noise) =>
        noise.ByEntry || data.Block.MissingCount > 0 ? new RowGrams(order, data, shard, options, noise) : null;

    /// <summary>How many rows fit the working memory.</summary>
    public int ChunkRows(int most)
    {
        var rows = int.Clamp(ChunkValues / int.Max(1, _a * _kPad), 1, most);
        _g = new double[rows * _a * _kPad];
        _d = new double[rows * _aPad];
        return rows;
    }

    /// <summary>G_i and D_i of a chunk; with weights by entry also (X W F)_i.</summary>
    public void Fill(int first, int count, Span<double> xf)
    {
        _g.AsSpan(0, count * _a * _kPad).Clear();
        _d.AsSpan(0, count * _aPad).Clear();
        for (var r = 0; r < count; r++)
        {
            var g = _g.AsSpan(r * _a * _kPad, _a * _kPad);
            var d = _d.AsSpan(r * _aPad, _aPad);
            if (HasSharedPart)
            {
                if (_block.MissingColumns(first + r).Length == _block.Columns)
                {
                    continue;
                }

                for (var t = 0; t < _a; t++)
                {
                    d[t] = _order.Denominators[t];
                    for (var k = 0; k < _k; k++)
                    {
                        g[(t * _kPad) + k] = _order.Gram[(k * _a) + t];
                    }
                }
            }

            var entries = ReadWeights(first + r);
            var weights = _weights.AsSpan(0, entries.Length);
            GramKernel.Add(entries, weights, _f, _kPad, _order.Active, g);
            GramKernel.AddVectors(entries, weights, _f2, _aPad, d);
            if (_reader is not null)
            {
                TensorPrimitives.Multiply(weights, _reader.Values.AsSpan(0, entries.Length), weights);
                _sum.AsSpan().Clear();
                GramKernel.AddVectors(entries, weights, _f, _kPad, _sum);
                for (var t = 0; t < _a; t++)
                {
                    xf[(t * count) + r] = _sum[_order.Active[t]];
                }
            }
        }
    }

    /// <summary>Turns X F of factor k into pseudo-data x, s for a chunk, with the current means l[k * chunk + r] of all factors.</summary>
    public void Solve(int t, int k, int count, ReadOnlySpan<double> l, int chunk, ReadOnlySpan<double> u, Span<double> x, Span<double> s)
    {
        for (var r = 0; r < count; r++)
        {
            var d = _d[(r * _aPad) + t];
            if (!(d > Uninformed.LeastInformation))
            {
                x[r] = 0;
                s[r] = double.PositiveInfinity;
                continue;
            }

            var g = _g.AsSpan(((r * _a) + t) * _kPad, _k);
            var sum = x[r];
            for (var other = 0; other < _k; other++)
            {
                if (other != k)
                {
                    sum -= l[(other * chunk) + r] * g[other];
                }
            }

            x[r] = sum / d;
            s[r] = 1 / double.Sqrt(u[r] * d);
        }
    }

    /// <summary>Adds a chunk's sums by column, with the updated means l[k * chunk + r].</summary>
    public void Accumulate(int first, int count, ReadOnlySpan<double> l, int chunk, ReadOnlySpan<double> u)
    {
        var (from, entries) = (0, 0);
        for (var r = 0; r < count; r++)
        {
            entries += Listed(first + r);
            if (r == count - 1 || entries + Listed(first + r + 1) > BatchEntries)
            {
                AddColumns(first, from, r + 1, entries, l, chunk, u);
                (from, entries) = (r + 1, 0);
            }
        }
    }

    // How many entries of a row are listed one by one.
    private int Listed(int row) => _reader is not null && _block.Unstored != UnstoredEntries.Missing ? _block.Columns
        : ListedColumns(row).Length;

    // The listed entries of a row, with their weights in _weights.
    private ReadOnlySpan<int> ReadWeights(int row)
    {
        if (_reader is not null)
        {
            _reader.Read(row);
            for (var e = 0; e < _reader.Count; e++)
            {
                var added = EntryNoise.Added(_noise, _order.Noise, _shard.RowNoise, row, _reader.Columns[e]);
                _weights[e] = 1 / (_reader.KnownVariance[e] + added);
            }

            return _reader.Columns.AsSpan(0, _reader.Count);
        }

        var entries = ListedColumns(row);
        for (var e = 0; e < entries.Length; e++)
        {
            _weights[e] = _sign * _order.Noise[entries[e]];
        }

        return entries;
    }

    // The rows [from, to) of a chunk: their listed entries are sorted by column, so that a column's sums are added to once.
    private void AddColumns(int first, int from, int to, int entries, ReadOnlySpan<double> l, int chunk, ReadOnlySpan<double> u)
    {
        var p = _block.Columns;
        _batch.Reset(to - from, entries, _kPad, _aPad, p);
        for (var r = from; r < to; r++)
        {
            for (var k = 0; k < _k; k++)
            {
                _batch.Means[((r - from) * _kPad) + k] = l[(k * chunk) + r];
            }

            for (var t = 0; t < _a; t++)
            {
                var mean = l[(_order.Active[t] * chunk) + r];
                _batch.Seconds[((r - from) * _aPad) + t] = (mean * mean) + _shard.ProposedVariance[_order.Active[t]][first + r];
            }

            _batch.Count(_reader is null ? ListedColumns(first + r) : ReadWeights(first + r));
        }

        _batch.Place();
        for (var r = from; r < to; r++)
        {
            var columns = _reader is null ? ListedColumns(first + r) : ReadWeights(first + r);
            for (var e = 0; e < columns.Length; e++)
            {
                var w = _reader is null ? _sign * u[r] : _weights[e];
                _batch.Put(columns[e], r - from, w, _reader is null ? 0 : w * _reader.Values[e]);
            }
        }

        for (var j = 0; j < p; j++)
        {
            var rows = _batch.Rows(j);
            var weights = _batch.Weights(j);
            if (rows.Length == 0)
            {
                continue;
            }

            GramKernel.Add(rows, weights, _batch.Means, _kPad, _order.Active, _gramByColumn.AsSpan(j * _a * _kPad, _a * _kPad));
            GramKernel.AddVectors(rows, weights, _batch.Seconds, _aPad, _secondByColumn.AsSpan(j * _aPad, _aPad));
            if (_reader is not null)
            {
                _sum.AsSpan().Clear();
                GramKernel.AddVectors(rows, _batch.Values(j), _batch.Means, _kPad, _sum);
                for (var t = 0; t < _a; t++)
                {
                    Cross[(t * p) + j] += _sum[_order.Active[t]];
                }
            }
        }
    }

    private ReadOnlySpan<int> ListedColumns(int row) => HasSharedPart ? _block.MissingColumns(row) : _block.RowColumns(row);
}
