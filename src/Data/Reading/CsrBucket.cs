using FitCluster.Data.Storage;
using FitCluster.Math.Numerics;

namespace FitCluster.Data.Reading;

/// <summary>An entry that is given twice; rows as selected, columns as in the file.</summary>
internal sealed class DuplicateEntryException(int row, int column) : Exception
{
    public int Row { get; } = row;

    public int Column { get; } = column;
}

/// <summary>
/// A run of rows as CSR in memory, filled entry by entry: in the order of rows, the memory growing; or in any order, when the
/// entries of each row are counted beforehand. 12 bytes an entry and 8 a row.
/// </summary>
internal sealed unsafe class CsrBucket : IDisposable
{
    private readonly int _firstRow;
    private readonly int _rows;
    private readonly NativeBuffer<double> _values;
    private readonly NativeBuffer<int> _columns;
    private readonly NativeBuffer<long> _starts;
    private long _count;
    private int _row;

    /// <summary>For entries in the order of rows.</summary>
    public CsrBucket(int rows, long expected)
    {
        _rows = rows;
        _values = new NativeBuffer<double>(expected);
        _columns = new NativeBuffer<int>(expected);
        _starts = new NativeBuffer<long>(rows + 1L);
        _starts.Pointer[0] = 0;
    }

    /// <summary>For entries in any order, of the rows from <paramref name="firstRow"/> on, as many in each as counted.</summary>
    public CsrBucket(int firstRow, ReadOnlySpan<long> counts)
        : this(counts.Length, Sum(counts))
    {
        _firstRow = firstRow;
        for (var i = 0; i < counts.Length; i++)
        {
            _starts.Pointer[i + 1] = _starts.Pointer[i] + counts[i];
        }
    }

    /// <summary>Adds an entry of the last row or of a later one.</summary>
    public void Append(in Entry entry)
    {
        if (_count == _values.Capacity)
        {
            _values.Reserve(_count + 1);
            _columns.Reserve(_values.Capacity);
        }

        CloseRows(entry.Row);
        _values.Pointer[_count] = entry.Value;
        _columns.Pointer[_count++] = entry.Column;
    }

    /// <summary>Ends appending.</summary>
    public void EndAppending() => CloseRows(_rows);

    /// <summary>Adds an entry of any row. The start of a row serves as its cursor; <see cref="EndScattering"/> puts it back.</summary>
    public void Scatter(in Entry entry)
    {
        var at = _starts.Pointer[entry.Row - _firstRow]++;
        if (at >= _values.Capacity)
        {
            throw new DataException("the file changed while it was read; start again");
        }

        _values.Pointer[at] = entry.Value;
        _columns.Pointer[at] = entry.Column;
    }

    /// <summary>Ends scattering.</summary>
    public void EndScattering()
    {
        for (var i = _rows; i > 0; i--)
        {
            _starts.Pointer[i] = _starts.Pointer[i - 1];
        }

        _starts.Pointer[0] = 0;
    }

    /// <summary>Sorts each row, passes it through the pipeline and on to the sink.</summary>
    public void Finish(RowPipeline pipeline, RowSink sink)
    {
        for (var i = 0; i < _rows; i++)
        {
            var (start, length) = (_starts.Pointer[i], _starts.Pointer[i + 1] - _starts.Pointer[i]);
            var columns = _columns.Span(start, length);
            var values = _values.Span(start, length);
            Sort(i, columns, values);
            var kept = pipeline.Sparse(columns, values);
            sink.AddSparse(columns[..kept], values[..kept]);
        }
    }

    /// <summary>Sorts each row, passes it through the pipeline, and closes the gaps in place; hands over the memory.</summary>
    public MatrixStorage FinishInPlace(RowPipeline pipeline, UnstoredEntries unstored)
    {
        var (to, from) = (0L, 0L);
        for (var i = 0; i < _rows; i++)
        {
            var end = _starts.Pointer[i + 1];
            var columns = _columns.Span(from, end - from);
            var values = _values.Span(from, end - from);
            Sort(i, columns, values);
            var kept = pipeline.Sparse(columns, values);
            if (to != from)
            {
                columns[..kept].CopyTo(_columns.Span(to, kept));
                values[..kept].CopyTo(_values.Span(to, kept));
            }

            (from, to) = (end, to + kept);
            _starts.Pointer[i + 1] = to;
        }

        _values.Trim(to);
        _columns.Trim(to);
        return new MatrixStorage((_values, _columns, _starts), _rows, pipeline.Columns, _values.Pointer, unstored)
        {
            ColumnIndices = _columns.Pointer,
            RowStarts = _starts.Pointer,
        };
    }

    public void Dispose()
    {
        _values.Dispose();
        _columns.Dispose();
        _starts.Dispose();
    }

    private static long Sum(ReadOnlySpan<long> counts)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            sum += count;
        }

        return sum;
    }

    private void CloseRows(int row)
    {
        while (_row < row)
        {
            _starts.Pointer[++_row] = _count;
        }
    }

    private void Sort(int row, Span<int> columns, Span<double> values)
    {
        for (var k = 1; k < columns.Length; k++)
        {
            if (columns[k] < columns[k - 1])
            {
                columns.Sort(values);
                break;
            }
        }

        for (var k = 1; k < columns.Length; k++)
        {
            if (columns[k] == columns[k - 1])
            {
                throw new DuplicateEntryException(row + _firstRow, columns[k]);
            }
        }
    }
}
