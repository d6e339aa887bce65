namespace FitCluster.Math.Numerics;

/// <summary>What the entries that a block does not store mean.</summary>
public enum UnstoredEntries
{
    /// <summary>They are zeros, and observed.</summary>
    Zero,

    /// <summary>They are missing: only stored entries are observed.</summary>
    Missing,
}

/// <summary>
/// A block of rows of a data matrix, read-only: dense (row-major) or sparse (CSR, columns ascending within a row). The memory
/// may be a managed array or a mapped file; it belongs to an owner, which the block keeps alive and never disposes.
/// In a dense block missing entries are stored as 0 and listed by row (<see cref="MissingColumns"/>).
/// </summary>
public sealed unsafe class MatrixBlock
{
    private readonly object _owner;
    private readonly double* _values;
    private readonly int* _columns;
    private readonly long* _rowStarts;
    private readonly int[]? _missingColumns;
    private readonly int[]? _missingStarts;

    private MatrixBlock(object owner, int rows, int columns, double* values, int* columnIndices, long* rowStarts,
        UnstoredEntries unstored, int[]? missingStarts, int[]? missingColumns, double scale = 1)
    {
        _owner = owner;
        Rows = rows;
        Columns = columns;
        _values = values;
        _columns = columnIndices;
        _rowStarts = rowStarts;
        Unstored = unstored;
        _missingStarts = missingStarts;
        _missingColumns = missingColumns;
        Scale = scale;
    }

    /// <summary>The rows of the block.</summary>
    public int Rows { get; }

    /// <summary>The columns of the matrix.</summary>
    public int Columns { get; }

    /// <summary>Whether the block is CSR; otherwise it is dense.</summary>
    public bool IsSparse => _columns != null;

    /// <summary>What entries that are not stored mean; <see cref="UnstoredEntries.Zero"/> for a dense block.</summary>
    public UnstoredEntries Unstored { get; }

    /// <summary>The stored entries: rows x columns for a dense block.</summary>
    public long StoredCount => IsSparse ? _rowStarts[Rows] - _rowStarts[0] : (long)Rows * Columns;

    /// <summary>The missing entries.</summary>
    public long MissingCount => IsSparse
        ? Unstored == UnstoredEntries.Missing ? ((long)Rows * Columns) - StoredCount : 0
        : _missingStarts is null ? 0 : _missingStarts[Rows] - _missingStarts[0];

    /// <summary>
    /// What stored values are to be multiplied by; 1 in a block as it is read. <see cref="DenseRows"/> and <see cref="RowValues"/> have the
    /// values as they are stored, <see cref="BlockProducts"/> heeds it.
    /// </summary>
    internal double Scale { get; }

    /// <summary>The same memory, with other values: this multiple of those of the block.</summary>
    internal MatrixBlock ScaledBy(double scale) => new(
        _owner, Rows, Columns, _values, _columns, _rowStarts, Unstored, _missingStarts, _missingColumns, Scale * scale);

    /// <summary>A dense block over memory that <paramref name="owner"/> keeps valid.</summary>
    /// <param name="owner">What keeps the memory valid while it is reachable.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="values">rows x columns values, row-major, 0 where missing.</param>
    /// <param name="missingStarts">rows + 1 offsets into <paramref name="missingColumns"/>, or null when nothing is missing.</param>
    /// <param name="missingColumns">The columns of missing entries, ascending within a row.</param>
    public static MatrixBlock Dense(
        object owner, int rows, int columns, double* values, int[]? missingStarts = null, int[]? missingColumns = null) =>
        new(owner, rows, columns, values, null, null, UnstoredEntries.Zero, missingStarts, missingColumns);

    /// <summary>A sparse block over memory that <paramref name="owner"/> keeps valid; offsets are relative to the pointers given.</summary>
    /// <param name="owner">What keeps the memory valid while it is reachable.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="values">The stored values.</param>
    /// <param name="columnIndices">The columns of the stored values, 0-based, ascending within a row.</param>
    /// <param name="rowStarts">rows + 1 offsets into both.</param>
    /// <param name="unstored">What an entry that is not stored means.</param>
    public static MatrixBlock Sparse(
        object owner, int rows, int columns, double* values, int* columnIndices, long* rowStarts, UnstoredEntries unstored) =>
        new(owner, rows, columns, values, columnIndices, rowStarts, unstored, null, null);

    /// <summary>A dense block that owns a pinned copy of an array; NaN means missing.</summary>
    public static MatrixBlock FromDense(int rows, int columns, ReadOnlySpan<double> values)
    {
        var pinned = GC.AllocateUninitializedArray<double>(int.Max(values.Length, 1), pinned: true);
        values.CopyTo(pinned);
        var starts = new int[rows + 1];
        var missing = new List<int>();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                ref var value = ref pinned[((long)i * columns) + j];
                if (double.IsNaN(value))
                {
                    value = 0;
                    missing.Add(j);
                }
            }

            starts[i + 1] = missing.Count;
        }

        fixed (double* pointer = pinned)
        {
            // Pinned for as long as the array lives: the block holds it as its owner.
            return missing.Count == 0
                ? Dense(pinned, rows, columns, pointer)
                : Dense(pinned, rows, columns, pointer, starts, [.. missing]);
        }
    }

    /// <summary>A sparse block that owns pinned copies of CSR arrays.</summary>
    public static MatrixBlock FromCsr(int rows, int columns, ReadOnlySpan<double> values, ReadOnlySpan<int> columnIndices,
        ReadOnlySpan<long> rowStarts, UnstoredEntries unstored = UnstoredEntries.Zero)
    {
        var pinnedValues = GC.AllocateUninitializedArray<double>(int.Max(values.Length, 1), pinned: true);
        var pinnedColumns = GC.AllocateUninitializedArray<int>(int.Max(columnIndices.Length, 1), pinned: true);
        var pinnedStarts = GC.AllocateUninitializedArray<long>(rowStarts.Length, pinned: true);
        values.CopyTo(pinnedValues);
        columnIndices.CopyTo(pinnedColumns);
        rowStarts.CopyTo(pinnedStarts);
        fixed (double* v = pinnedValues)
        fixed (int* c = pinnedColumns)
        fixed (long* r = pinnedStarts)
        {
            return Sparse((pinnedValues, pinnedColumns, pinnedStarts), rows, columns, v, c, r, unstored);
        }
    }

    /// <summary>The values of <paramref name="count"/> rows of a dense block from row <paramref name="first"/>, row-major.</summary>
    public ReadOnlySpan<double> DenseRows(int first, int count)
    {
        CheckRows(first, count);
        return IsSparse
            ? throw new InvalidOperationException("a sparse block has no dense rows")
            : new ReadOnlySpan<double>(_values + ((long)first * Columns), checked(count * Columns));
    }

    /// <summary>The columns of the stored entries of a row of a sparse block, ascending.</summary>
    public ReadOnlySpan<int> RowColumns(int row)
    {
        CheckRows(row, 1);
        return new ReadOnlySpan<int>(_columns + _rowStarts[row], checked((int)(_rowStarts[row + 1] - _rowStarts[row])));
    }

    /// <summary>The values of the stored entries of a row of a sparse block.</summary>
    public ReadOnlySpan<double> RowValues(int row)
    {
        CheckRows(row, 1);
        return new ReadOnlySpan<double>(_values + _rowStarts[row], checked((int)(_rowStarts[row + 1] - _rowStarts[row])));
    }

    /// <summary>The columns of the missing entries of a row of a dense block, ascending; empty for a sparse block.</summary>
    public ReadOnlySpan<int> MissingColumns(int row)
    {
        CheckRows(row, 1);
        return _missingStarts is null ? [] : _missingColumns.AsSpan(_missingStarts[row], _missingStarts[row + 1] - _missingStarts[row]);
    }

    /// <summary>Keeps the owner of the memory reachable up to this call.</summary>
    public void KeepAlive() => GC.KeepAlive(_owner);

    private void CheckRows(int first, int count)
    {
        if ((uint)first > (uint)Rows || (uint)count > (uint)(Rows - first))
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"rows {first} to {first + count} of a block of {Rows}");
        }
    }
}
