using FitCluster.Math.Numerics;

namespace FitCluster.Data.Storage;

/// <summary>
/// A whole matrix in memory or in mapped files: one contiguous CSR, or one dense row-major array with the missing entries listed
/// by row. Any run of rows is one block, without a copy.
/// </summary>
internal sealed unsafe class MatrixStorage(object owner, long rows, int columns, double* values, UnstoredEntries unstored)
{
    public object Owner { get; } = owner;

    public long Rows { get; } = rows;

    public int Columns { get; } = columns;

    public double* Values { get; } = values;

    public UnstoredEntries Unstored { get; } = unstored;

    /// <summary>Null for a dense matrix.</summary>
    public int* ColumnIndices { get; init; }

    /// <summary>Null for a dense matrix.</summary>
    public long* RowStarts { get; init; }

    /// <summary>Null for a sparse matrix, and for a dense one with nothing missing.</summary>
    public long* MissingStarts { get; init; }

    public int* MissingColumns { get; init; }

    /// <summary>Called with a range of rows before they are handed out.</summary>
    public Action<long, long>? BeforeUse { get; init; }

    public bool IsSparse => ColumnIndices != null;

    public long StoredCount => IsSparse ? RowStarts[Rows] - RowStarts[0] : Rows * Columns;

    public long MissingCount => IsSparse
        ? Unstored == UnstoredEntries.Missing ? (Rows * Columns) - StoredCount : 0
        : MissingStarts == null ? 0 : MissingStarts[Rows];

    public long RowStored(long row) => IsSparse ? RowStarts[row + 1] - RowStarts[row] : Columns;

    public ReadOnlySpan<double> RowValues(long row) => IsSparse
        ? new(Values + RowStarts[row], (int)RowStored(row))
        : new(Values + (row * Columns), Columns);

    public ReadOnlySpan<int> RowColumns(long row) => new(ColumnIndices + RowStarts[row], (int)RowStored(row));

    public ReadOnlySpan<int> RowMissing(long row) => MissingStarts == null
        ? []
        : new(MissingColumns + MissingStarts[row], (int)(MissingStarts[row + 1] - MissingStarts[row]));

    public MatrixBlock Block(long first, int count)
    {
        if (first < 0 || count < 0 || first + count > Rows)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"rows {first} to {first + count} of a matrix of {Rows}");
        }

        BeforeUse?.Invoke(first, count);
        if (IsSparse)
        {
            return MatrixBlock.Sparse(Owner, count, Columns, Values, ColumnIndices, RowStarts + first, Unstored);
        }

        var missing = MissingStarts == null ? 0 : MissingStarts[first + count] - MissingStarts[first];
        if (missing == 0)
        {
            return MatrixBlock.Dense(Owner, count, Columns, Values + (first * Columns));
        }

        var starts = new int[count + 1];
        for (var i = 0; i <= count; i++)
        {
            starts[i] = checked((int)(MissingStarts[first + i] - MissingStarts[first]));
        }

        var columns = new ReadOnlySpan<int>(MissingColumns + MissingStarts[first], (int)missing).ToArray();
        return MatrixBlock.Dense(Owner, count, Columns, Values + (first * Columns), starts, columns);
    }
}
