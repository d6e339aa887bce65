using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>The entries of a sparse store, for reading it again with a selection or a transform.</summary>
internal sealed class StoredEntrySource : EntrySource
{
    private readonly MatrixStorage _storage;
    private long _row;

    public StoredEntrySource(MatrixStorage storage, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames, string orientation)
    {
        _storage = storage;
        (Rows, Columns, RowNames, ColumnNames) = ((int)storage.Rows, storage.Columns, rowNames, columnNames);
        (EntryCount, Orientation) = (storage.StoredCount, orientation);
        UnstoredIsMissing = storage.Unstored == Math.Numerics.UnstoredEntries.Missing;
    }

    public override string Where => $"row {_row + 1}";

    public override void Read(IEntrySink sink, int batch)
    {
        _storage.BeforeUse?.Invoke(0, _storage.Rows);
        var entries = new Batch(sink, batch);
        for (_row = 0; _row < _storage.Rows; _row++)
        {
            var columns = _storage.RowColumns(_row);
            var values = _storage.RowValues(_row);
            for (var k = 0; k < columns.Length; k++)
            {
                entries.Add(_row, columns[k], values[k]);
            }
        }

        entries.Flush();
        GC.KeepAlive(_storage.Owner);
    }
}

/// <summary>The rows of a dense store, for reading it again with a selection or a transform.</summary>
internal sealed class StoredDenseSource : DenseSource
{
    private readonly MatrixStorage _storage;
    private readonly IReadOnlyList<string> _rowNames;

    public StoredDenseSource(MatrixStorage storage, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames, string orientation)
    {
        (_storage, _rowNames) = (storage, rowNames);
        (RowCount, Columns, ColumnNames, Orientation) = (storage.Rows, storage.Columns, columnNames, orientation);
    }

    public override void Read(DenseRowTaker taker)
    {
        _storage.BeforeUse?.Invoke(0, _storage.Rows);
        var row = new double[Columns];
        for (var i = 0; i < _storage.Rows; i++)
        {
            _storage.RowValues(i).CopyTo(row);
            foreach (var j in _storage.RowMissing(i))
            {
                row[j] = double.NaN;
            }

            taker(_rowNames[i], row);
        }

        GC.KeepAlive(_storage.Owner);
    }
}
