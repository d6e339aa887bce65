using FitCluster.Math.Numerics;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.TwinEb;

/// <summary>
/// The observed entries of one row after another, whatever the block, binarized where that is asked for. Owns its buffers.
/// </summary>
/// <param name="block">The block.</param>
/// <param name="isCounts">Whether zeros need not be stored; of a dense Gaussian block zeros are entries like others.</param>
/// <param name="threshold">Entries above it become 1, others 0; null: as they are.</param>
/// <param name="map">Where the block's columns are among those of a fit; null: they are the same.</param>
internal sealed class TwinEbRow(MatrixBlock block, bool isCounts, double? threshold, ColumnMap? map = null)
{
    private int[] _columns = [];
    private double[] _values = [];
    private int[] _missing = [];
    private int _count;

    /// <summary>Whether entries that are not stored, and not missing, are zeros.</summary>
    public bool ZerosAreObserved { get; } = isCounts && block.Unstored == UnstoredEntries.Zero;

    /// <summary>The columns of the matrix.</summary>
    public int ColumnCount => map?.Count ?? block.Columns;

    /// <summary>The columns of the stored entries, ascending.</summary>
    public ReadOnlySpan<int> Columns => _columns.AsSpan(0, _count);

    /// <summary>Their values; zeros only where zeros are not observed otherwise.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, _count);

    /// <summary>The columns of missing entries of a block in which zeros are observed, ascending.</summary>
    public ReadOnlySpan<int> Missing => ZerosAreObserved ? _missing : [];

    /// <summary>The entries that are not missing.</summary>
    public int ObservedCount => ZerosAreObserved ? ColumnCount - _missing.Length : _count;

    /// <summary>Moves to a row of the block.</summary>
    public void Read(int row)
    {
        _missing = block.MissingColumns(row).ToArray();
        var values = block.IsSparse ? block.RowValues(row) : block.DenseRows(row, 1);
        var columns = block.IsSparse ? block.RowColumns(row) : [];
        if (_columns.Length < values.Length)
        {
            (_columns, _values) = (new int[values.Length], new double[values.Length]);
        }

        _count = 0;
        var missing = 0;
        for (var t = 0; t < values.Length; t++)
        {
            var column = columns.IsEmpty ? t : columns[t];
            if (missing < _missing.Length && _missing[missing] == column)
            {
                missing++;
                continue;
            }

            var value = threshold is { } least ? (values[t] > least ? 1 : 0) : values[t];
            if (value != 0 || !ZerosAreObserved)
            {
                _columns[_count] = column;
                _values[_count++] = value;
            }
        }

        if (map is not null)
        {
            _count = map.Apply(_columns.AsSpan(0, _count), _values);
            _missing = [.. _missing[..map.Apply(_missing, [])], .. map.Absent];
            Array.Sort(_missing);
        }

        block.KeepAlive();
    }

    /// <summary>Whether an entry is not missing.</summary>
    public bool IsObserved(int column) => ZerosAreObserved ? Missing.BinarySearch(column) < 0 : Columns.BinarySearch(column) >= 0;
}
