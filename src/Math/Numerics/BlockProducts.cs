using System.Buffers;
using System.Numerics.Tensors;

namespace FitCluster.Math.Numerics;

/// <summary>
/// X F and X'L for chunks of rows of a block, dense or sparse, with one layout for the caller: factors come as columns (each of
/// length p), products of a chunk are factor-major, and the accumulated X'L is handed out column-of-X-major (p x factors).
/// The block's scale is taken to F and to X'L, never to X itself. Scratch comes
/// from the pool and goes back on <see cref="Dispose"/>. Not thread-safe: one per shard and round.
/// </summary>
internal sealed class BlockProducts : IDisposable
{
    // A chunk of dense rows should stay in the second-level cache between the two products.
    private const int ChunkBytes = 384 * 1024;

    private readonly MatrixBlock _block;
    private readonly int _factors;
    private readonly int _pad;
    private readonly double[] _f;
    private readonly double[] _xtl;
    private readonly double[] _row;

    /// <summary>Prepares for products with these columns of F.</summary>
    public BlockProducts(MatrixBlock block, IReadOnlyList<double[]> f, bool transpose)
    {
        _block = block;
        _factors = f.Count;
        var p = block.Columns;
        _pad = block.IsSparse && _factors > 1 ? SparseKernel.Pad(_factors) : _factors;
        _f = ArrayPool<double>.Shared.Rent(int.Max(1, p * _pad));
        _xtl = ArrayPool<double>.Shared.Rent(transpose ? int.Max(1, p * _pad) : 1);
        _row = ArrayPool<double>.Shared.Rent(int.Max(1, _pad));
        if (transpose)
        {
            Array.Clear(_xtl, 0, p * _pad);
        }

        if (block.IsSparse)
        {
            Array.Clear(_f, 0, p * _pad);
            for (var t = 0; t < _factors; t++)
            {
                for (var j = 0; j < p; j++)
                {
                    _f[(j * _pad) + t] = f[t][j] * block.Scale;
                }
            }
        }
        else
        {
            for (var t = 0; t < _factors; t++)
            {
                TensorPrimitives.Multiply(f[t].AsSpan(0, p), block.Scale, _f.AsSpan(t * p, p));
            }
        }

        ChunkRows = block.IsSparse ? 256 : int.Clamp(ChunkBytes / (8 * int.Max(1, p)) / 8 * 8, 8, 256);
    }

    /// <summary>How many rows a caller should take at a time.</summary>
    public int ChunkRows { get; }

    /// <summary>xf[t * count + r] = (X F)[first + r, t].</summary>
    public void Multiply(int first, int count, Span<double> xf)
    {
        if (!_block.IsSparse)
        {
            DenseKernel.Multiply(_block.DenseRows(first, count), count, _block.Columns, _f, _factors, xf);
            return;
        }

        for (var r = 0; _factors == 1 && r < count; r++)
        {
            xf[r] = SparseKernel.Dot(_block.RowColumns(first + r), _block.RowValues(first + r), _f);
        }

        for (var r = 0; _factors > 1 && r < count; r++)
        {
            SparseKernel.Multiply(_block.RowColumns(first + r), _block.RowValues(first + r), _f, _pad, _row);
            for (var t = 0; t < _factors; t++)
            {
                xf[(t * count) + r] = _row[t];
            }
        }
    }

    /// <summary>Adds the chunk's part of X'L, with l[t * count + r].</summary>
    public void AccumulateTranspose(int first, int count, ReadOnlySpan<double> l)
    {
        if (!_block.IsSparse)
        {
            DenseKernel.AccumulateTranspose(_block.DenseRows(first, count), count, _block.Columns, l, _factors, _xtl);
            return;
        }

        for (var r = 0; _factors == 1 && r < count; r++)
        {
            SparseKernel.Add(_block.RowColumns(first + r), _block.RowValues(first + r), l[r], _xtl);
        }

        _row.AsSpan(0, _pad).Clear();
        for (var r = 0; _factors > 1 && r < count; r++)
        {
            for (var t = 0; t < _factors; t++)
            {
                _row[t] = l[(t * count) + r];
            }

            SparseKernel.AccumulateTranspose(_block.RowColumns(first + r), _block.RowValues(first + r), _row, _pad, _xtl);
        }
    }

    /// <summary>The accumulated X'L, factor-major: result[t * columns + j].</summary>
    public double[] Transposed()
    {
        var p = _block.Columns;
        var result = new double[p * _factors];
        if (!_block.IsSparse)
        {
            TensorPrimitives.Multiply(_xtl.AsSpan(0, result.Length), _block.Scale, result);
            return result;
        }

        for (var t = 0; t < _factors; t++)
        {
            for (var j = 0; j < p; j++)
            {
                result[(t * p) + j] = _xtl[(j * _pad) + t] * _block.Scale;
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<double>.Shared.Return(_f);
        ArrayPool<double>.Shared.Return(_xtl);
        ArrayPool<double>.Shared.Return(_row);
    }
}
