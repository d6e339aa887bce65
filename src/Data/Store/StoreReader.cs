using FitCluster.Data.Storage;
using FitCluster.Math.Numerics;

namespace FitCluster.Data.Store;

/// <summary>
/// Maps a store. The header, the names and the row offsets are checked when it is opened; values and
/// columns, block by block, before their first use.
/// </summary>
internal sealed class StoreReader
{
    private static readonly string[] Names =
        [
            StoreSink.Values, StoreSink.Columns, StoreSink.RowStarts, StoreSink.MissingStarts, StoreSink.MissingColumns, NamesFile.Rows,
            NamesFile.Columns
        ];

    private readonly Dictionary<string, StoreBlocks> _files = [];
    private readonly StorePlace _place;

    public StoreReader(StorePlace place)
    {
        _place = place;
        Header = StoreHeader.Read(place.ReadHeader(), place.Of(MatrixStore.HeaderName));
        foreach (var file in Header.Files)
        {
            // The name comes from the header: it must not lead elsewhere.
            if (!Names.Contains(file.Name) || !_files.TryAdd(file.Name, place.Open(file)))
            {
                throw new DataException(
                    $"{place.Of(MatrixStore.HeaderName)} lists the file {file.Name}, which no store has or has twice; ingest " +
                    "the data again");
            }
        }
    }

    public StoreHeader Header { get; }

    public MatrixSource Open() => new(
        MapStorage(),
        NamesFile.Read(_files.GetValueOrDefault(NamesFile.Rows), 'r', Header.Rows),
        NamesFile.Read(_files.GetValueOrDefault(NamesFile.Columns), 'c', Header.Columns),
        Header.Facts,
        Header.ContentHash);

    public void Verify()
    {
        foreach (var file in _files.Values)
        {
            file.CheckAll();
        }

        var source = Open();
        if (Storage.ContentHash.Of(source.AsStorage(), source.RowNames, source.ColumnNames) != Header.ContentHash)
        {
            throw new DataException($"{_place.Name} does not have the content hash its header states; ingest the data again");
        }
    }

    private unsafe MatrixStorage MapStorage()
    {
        var values = Require(StoreSink.Values, Header.Stored * sizeof(double));
        if (!Header.Sparse)
        {
            return MapDense(values);
        }

        var columns = Require(StoreSink.Columns, Header.Stored * sizeof(int));
        var starts = Require(StoreSink.RowStarts, (Header.Rows + 1) * sizeof(long));
        starts.CheckAll();
        var rowStarts = (long*)starts.Pointer;
        return new MatrixStorage(this, Header.Rows, Header.Columns, (double*)values.Pointer,
            Header.UnstoredMissing ? UnstoredEntries.Missing : UnstoredEntries.Zero)
        {
            ColumnIndices = (int*)columns.Pointer,
            RowStarts = rowStarts,
            BeforeUse = (first, count) =>
            {
                var (from, entries) = (rowStarts[first], rowStarts[first + count] - rowStarts[first]);
                values.Check(from * sizeof(double), entries * sizeof(double));
                columns.Check(from * sizeof(int), entries * sizeof(int));
            },
        };
    }

    private unsafe MatrixStorage MapDense(StoreBlocks values)
    {
        long columns = Header.Columns;
        var starts = Require(StoreSink.MissingStarts, (Header.Rows + 1) * sizeof(long));
        var missing = Require(StoreSink.MissingColumns, Header.Missing * sizeof(int));
        starts.CheckAll();
        if (Header.Missing == 0)
        {
            missing.CheckAll();
        }

        var missingStarts = (long*)starts.Pointer;
        return new MatrixStorage(this, Header.Rows, Header.Columns, (double*)values.Pointer, UnstoredEntries.Zero)
        {
            MissingStarts = Header.Missing > 0 ? missingStarts : null,
            MissingColumns = Header.Missing > 0 ? (int*)missing.Pointer : null,
            BeforeUse = (first, count) =>
            {
                values.Check(first * columns * sizeof(double), count * columns * sizeof(double));
                if (Header.Missing > 0)
                {
                    missing.Check(missingStarts[first] * sizeof(int), (missingStarts[first + count] - missingStarts[first]) * sizeof(int));
                }
            },
        };
    }

    private StoreBlocks Require(string name, long bytes) =>
        _files.TryGetValue(name, out var file) && (file.Length == bytes || bytes == 0)
            ? file
            : throw new DataException(
                $"{_place.Of(name)} does not have the {bytes} bytes the header of the store asks for; ingest the data again");
}
