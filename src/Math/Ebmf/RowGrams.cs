using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
    private const int Lanes = 8;
    private const int ChunkValues = 1 << 17;

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
    private readonly double[] _loadings;
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
        SumSecondByColumn = new double[p * _a];
        Cross = noise.ByEntry ? new double[p * _a] : [];
        _loadings = new double[_kPad];
    }

    /// <summary>Whether the sums over all entries count too (and the listed entries correct them).</summary>
    public bool HasSharedPart => _sign < 0;

    /// <summary>Sums of w u E l^2 by column, columns x active.</summary>
    public double[] SumSecondByColumn { get; }

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
        _d = new double[rows * _a];
        return rows;
    }

    /// <summary>G_i and D_i of a chunk; with weights by entry also (X W F)_i.</summary>
    public void Fill(int first, int count, Span<double> xf)
    {
        _g.AsSpan(0, count * _a * _kPad).Clear();
        _d.AsSpan(0, count * _a).Clear();
        for (var r = 0; r < count; r++)
        {
            var g = _g.AsSpan(r * _a * _kPad, _a * _kPad);
            var d = _d.AsSpan(r * _a, _a);
            if (_reader is not null)
            {
                _reader.Read(first + r);
                FillByEntry(first + r, r, count, g, d, xf);
                continue;
            }

            if (HasSharedPart)
            {
                var missing = _block.MissingColumns(first + r);
                if (missing.Length == _block.Columns)
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

                foreach (var j in missing)
                {
                    AddEntry(j, -_order.Noise[j], g, d);
                }
            }
            else
            {
                foreach (var j in _block.RowColumns(first + r))
                {
                    AddEntry(j, _order.Noise[j], g, d);
                }
            }
        }
    }

    /// <summary>Turns X F of factor k into pseudo-data x, s for a chunk, with the current means l[k * chunk + r] of all factors.</summary>
    public void Solve(int t, int k, int count, ReadOnlySpan<double> l, int chunk, ReadOnlySpan<double> u, Span<double> x, Span<double> s)
    {
        for (var r = 0; r < count; r++)
        {
            var d = _d[(r * _a) + t];
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
        Span<double> second = stackalloc double[_a <= 256 ? _a : 0];
        if (second.Length == 0)
        {
            second = new double[_a];
        }

        for (var r = 0; r < count; r++)
        {
            for (var k = 0; k < _k; k++)
            {
                _loadings[k] = l[(k * chunk) + r];
            }

            for (var t = 0; t < _a; t++)
            {
                var mean = _loadings[_order.Active[t]];
                second[t] = (mean * mean) + _shard.ProposedVariance[_order.Active[t]][first + r];
            }

            if (_reader is not null)
            {
                _reader.Read(first + r);
                for (var e = 0; e < _reader.Count; e++)
                {
                    var w = Weight(first + r, e);
                    var j = _reader.Columns[e];
                    AddColumn(j, w, second);
                    for (var t = 0; t < _a; t++)
                    {
                        Cross[(t * _block.Columns) + j] += w * _reader.Values[e] * _loadings[_order.Active[t]];
                    }
                }
            }
            else
            {
                foreach (var j in HasSharedPart ? _block.MissingColumns(first + r) : _block.RowColumns(first + r))
                {
                    AddColumn(j, _sign * u[r], second);
                }
            }
        }
    }

    private void FillByEntry(int row, int r, int count, Span<double> g, Span<double> d, Span<double> xf)
    {
        for (var t = 0; t < _a; t++)
        {
            xf[(t * count) + r] = 0;
        }

        for (var e = 0; e < _reader!.Count; e++)
        {
            var w = Weight(row, e);
            var j = _reader.Columns[e];
            AddEntry(j, w, g, d);
            for (var t = 0; t < _a; t++)
            {
                xf[(t * count) + r] += w * _reader.Values[e] * _f[(j * _kPad) + _order.Active[t]];
            }
        }
    }

    private double Weight(int row, int entry) =>
        1 / (_reader!.KnownVariance[entry] + EntryNoise.Added(_noise, _order.Noise, _shard.RowNoise, row, _reader.Columns[entry]));

    private void AddEntry(int j, double w, Span<double> g, Span<double> d)
    {
        ref var f = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_f), j * _kPad);
        for (var t = 0; t < _a; t++)
        {
            d[t] += w * _f2[(j * _aPad) + t];
            AddScaled(ref f, w * Unsafe.Add(ref f, _order.Active[t]), ref g[t * _kPad]);
        }
    }

    private void AddColumn(int j, double w, ReadOnlySpan<double> second)
    {
        ref var l = ref MemoryMarshal.GetArrayDataReference(_loadings);
        for (var t = 0; t < _a; t++)
        {
            SumSecondByColumn[(j * _a) + t] += w * second[t];
            AddScaled(ref l, w * Unsafe.Add(ref l, _order.Active[t]), ref _gramByColumn[((j * _a) + t) * _kPad]);
        }
    }

    // to[0..kPad) += scale * from[0..kPad), 8 lanes at a time; kPad is a multiple of 8.
    private void AddScaled(ref double from, double scale, ref double to)
    {
        var factor = Vector512.Create(scale);
        for (nint k = 0; k < _kPad; k += Lanes)
        {
            ref var at = ref Unsafe.Add(ref to, k);
            Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref Unsafe.Add(ref from, k)), factor, Vector512.LoadUnsafe(ref at))
                .StoreUnsafe(ref at);
        }
    }
}
