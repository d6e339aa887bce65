using FitCluster.Math.Models;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// The training cells of one row after another, whatever the block: the stored ones (Poisson: of a dense block those that are not zero),
/// and the columns that are not training cells. Owns its buffers; the spans hold until the next <see cref="Read"/>.
/// </summary>
internal sealed class ConjugateRow
{
    private readonly MatrixBlock _block;
    private readonly bool _zerosAreImplied;
    private int[] _columns = [];
    private double[] _values = [];
    private int[] _excluded = [];
    private int _count;
    private int _excludedCount;
    private int _row;

    /// <summary>A reader of a shard; Poisson blocks imply their zeros, Gaussian ones store them.</summary>
    public ConjugateRow(ShardData data, bool zerosAreImplied)
    {
        _block = data.Block;
        Cells = new HeldOutCells(data);
        _zerosAreImplied = zerosAreImplied;
    }

    public HeldOutCells Cells { get; }

    public int Rows => _block.Rows;

    public ReadOnlySpan<int> Columns => _block.IsSparse ? _block.RowColumns(_row) : _columns.AsSpan(0, _count);

    public ReadOnlySpan<double> Values => _block.IsSparse ? _block.RowValues(_row) : _values.AsSpan(0, _count);

    /// <summary>Columns of cells that are held out, ignored or missing.</summary>
    public ReadOnlySpan<int> Excluded => _excluded.AsSpan(0, _excludedCount);

    /// <summary>Moves to a row.</summary>
    public void Read(int row)
    {
        _row = row;
        _excludedCount = 0;
        var cells = Cells.RowColumns(row);
        var missing = _block.MissingColumns(row);
        if (_excluded.Length < cells.Length + missing.Length)
        {
            _excluded = new int[2 * (cells.Length + missing.Length)];
        }

        for (var c = 0; c < cells.Length; c++)
        {
            _excluded[_excludedCount++] = (int)cells[c];
        }

        foreach (var column in missing)
        {
            if (cells.BinarySearch((double)column) < 0)
            {
                _excluded[_excludedCount++] = column;
            }
        }

        if (!_block.IsSparse)
        {
            ReadDense(row);
        }
    }

    private void ReadDense(int row)
    {
        if (_columns.Length == 0)
        {
            (_columns, _values) = (new int[_block.Columns], new double[_block.Columns]);
        }

        var values = _block.DenseRows(row, 1);
        var excluded = _excluded.AsSpan(0, _excludedCount);
        excluded.Sort();
        _count = 0;
        for (int j = 0, at = 0; j < values.Length; j++)
        {
            if (at < excluded.Length && excluded[at] == j)
            {
                at++;
            }
            else if (values[j] != 0 || !_zerosAreImplied)
            {
                _columns[_count] = j;
                _values[_count++] = values[j];
            }
        }
    }
}
