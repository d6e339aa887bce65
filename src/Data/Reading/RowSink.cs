using FitCluster.Data.Storage;
using FitCluster.Math.Numerics;

namespace FitCluster.Data.Reading;

/// <summary>Takes finished rows, in order: all sparse or all dense.</summary>
internal abstract class RowSink
{
    public abstract void AddSparse(ReadOnlySpan<int> columns, ReadOnlySpan<double> values);

    public abstract void AddDense(ReadOnlySpan<double> values, ReadOnlySpan<int> missing);
}

/// <summary>Rows gathered in memory. The buffers pass to the storage, which is why the sink does not dispose them.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA1001", Justification = "The buffers pass to the storage.")]
internal sealed unsafe class MemorySink(bool sparse, long expectedValues) : RowSink
{
    private readonly NativeBuffer<double> _values = new(long.Max(expectedValues, 1 << 12));
    private readonly NativeBuffer<int> _columns = new(sparse ? long.Max(expectedValues, 1 << 12) : 1);
    private readonly NativeBuffer<long> _starts = new(1 << 10);
    private long _count;
    private long _missing;
    private long _rows;

    public override void AddSparse(ReadOnlySpan<int> columns, ReadOnlySpan<double> values)
    {
        _values.Reserve(_count + values.Length);
        _columns.Reserve(_count + values.Length);
        values.CopyTo(_values.Span(_count, values.Length));
        columns.CopyTo(_columns.Span(_count, columns.Length));
        _count += values.Length;
        EndRow(_count);
    }

    public override void AddDense(ReadOnlySpan<double> values, ReadOnlySpan<int> missing)
    {
        _values.Reserve(_count + values.Length);
        _columns.Reserve(_missing + missing.Length);
        values.CopyTo(_values.Span(_count, values.Length));
        missing.CopyTo(_columns.Span(_missing, missing.Length));
        _count += values.Length;
        _missing += missing.Length;
        EndRow(_missing);
    }

    /// <summary>Hands over the memory; the sink is not used after.</summary>
    public MatrixStorage Finish(int columns, UnstoredEntries unstored)
    {
        _values.Trim(_count);
        _columns.Trim(sparse ? _count : _missing);
        _starts.Reserve(1);
        _starts.Pointer[0] = 0;
        var owner = (_values, _columns, _starts);
        return sparse
            ? new MatrixStorage(
                owner, _rows, columns, _values.Pointer, unstored)
            { ColumnIndices = _columns.Pointer, RowStarts = _starts.Pointer }
            : new MatrixStorage(owner, _rows, columns, _values.Pointer, UnstoredEntries.Zero)
            {
                MissingStarts = _missing > 0 ? _starts.Pointer : null,
                MissingColumns = _missing > 0 ? _columns.Pointer : null,
            };
    }

    private void EndRow(long end)
    {
        _starts.Reserve(_rows + 2);
        _starts.Pointer[++_rows] = end;
    }
}
