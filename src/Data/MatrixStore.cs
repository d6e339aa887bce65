using FitCluster.Data.Reading;
using FitCluster.Data.Remote;
using FitCluster.Data.Store;
using FitCluster.Math.Numerics;

namespace FitCluster.Data;

/// <summary>
/// The chunked store: a folder with a matrix as it lies in memory, which every worker of a machine maps, so that it is there once and only
/// the rows asked for are read. A versioned JSON header has shape, options, content hash and a SHA-256 for each 4 MiB of each file;
/// what is handed out has been checked. A store appears whole or not at all.
/// </summary>
public static class MatrixStore
{
    /// <summary>The name of the header in the folder of a store.</summary>
    public const string HeaderName = "store.json";

    /// <summary>The memory that ingestion uses for entries at most, by default: 1 GiB.</summary>
    public const long DefaultMemoryBytes = 1L << 30;

    /// <summary>Whether a path is the folder of a store.</summary>
    public static bool IsStore(string path) => File.Exists(Path.Combine(path, HeaderName));

    /// <summary>
    /// Writes a matrix of any format as a store and opens it. The matrix may be larger than memory: rows in order are written as they come,
    /// entries in another order are sorted through files in the same place (16 bytes an entry).
    /// </summary>
    /// <param name="path">The matrix.</param>
    /// <param name="store">The folder to be made.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="memoryBytes">The memory for entries, at least 1 MiB; a single row may need more.
    /// Row counts and names come on top.</param>
    /// <param name="overwrite">Whether a store that is there is replaced.</param>
    public static MatrixSource Ingest(
        string path, string store, MatrixOptions? options = null, long memoryBytes = DefaultMemoryBytes, bool overwrite = false)
    {
        options ??= new MatrixOptions();
        if (memoryBytes < 1 << 20)
        {
            throw new DataException($"a memory limit of {memoryBytes} bytes is too small; give at least 1 MiB (1048576)");
        }

        using var found = DataPlace.Find(path, options);
        return found.Use(place =>
        {
            using (var source = place.Open())
            {
                Ingest(source, store, options, memoryBytes, overwrite);
            }

            return new StoreReader(new LocalStore(store)).Open();
        });
    }

    /// <summary>Reads every byte of a store and compares all checksums and the content hash.</summary>
    /// <exception cref="DataException">It is damaged; the message names the file.</exception>
    public static void Verify(string store) => new StoreReader(new LocalStore(store)).Verify();

    private static void Ingest(SourceBase source, string store, MatrixOptions options, long memoryBytes, bool overwrite)
    {
        using var folder = new StoreFolder(store, overwrite);
        var plan = new MatrixPlan(source, options);
        try
        {
            using (var sink = new StoreSink(folder.Partial, plan.IsSparse))
            {
                Write(source, plan, sink, folder.Partial, memoryBytes);
                plan.CheckShape();
                WriteHeader(plan, options, sink, folder.Partial);
            }

            // The matrix may have been read from the very store that is replaced: its files stay mapped until then.
            folder.Commit();
        }
        catch (IOException e)
        {
            throw new DataException($"{store} could not be written ({e.Message}); make room or give another path", e);
        }
    }

    /// <summary>Maps a store when the options change nothing; otherwise null.</summary>
    internal static MatrixSource? TryMap(StorePlace place, MatrixOptions options)
    {
        var asked = options.Format is MatrixFormat.Store or MatrixFormat.Auto;
        if (!asked || options.Rows is not null || options.Columns is not null)
        {
            return null;
        }

        var reader = new StoreReader(place);
        CheckOptions(place.Name, reader.Header, options);
        var same = options.Transform == Transform.None &&
            (options.Missing == MissingEntries.None || options.Missing == reader.Header.MissingOption);
        return same ? reader.Open() : null;
    }

    /// <summary>A store as a source, to be read again with other options.</summary>
    internal static SourceBase OpenSource(string path, MatrixOptions options)
    {
        if (!IsStore(path))
        {
            throw new DataException($"{path} is not a store: it has no {HeaderName}; give a folder written by fitcluster ingest");
        }

        return OpenSource(new LocalStore(path), options);
    }

    /// <inheritdoc cref="OpenSource(string, MatrixOptions)"/>
    internal static SourceBase OpenSource(StorePlace place, MatrixOptions options)
    {
        var reader = new StoreReader(place);
        CheckOptions(place.Name, reader.Header, options);
        var matrix = reader.Open();
        var orientation = reader.Header.Facts.Orientation;
        var (transform, missing) = (reader.Header.Transform, reader.Header.MissingOption);
        return matrix.IsSparse
            ? new StoredEntrySource(matrix.AsStorage(), matrix.RowNames, matrix.ColumnNames, orientation)
            {
                Path = place.Name, Format = MatrixFormat.Store, Applied = transform, AppliedMissing = missing,
            }
            : new StoredDenseSource(matrix.AsStorage(), matrix.RowNames, matrix.ColumnNames, orientation)
            {
                Path = place.Name, Format = MatrixFormat.Store, Applied = transform, AppliedMissing = missing,
            };
    }

    private static void CheckOptions(string path, StoreHeader header, MatrixOptions options)
    {
        if (options.FeatureTypes is not null)
        {
            throw new DataException($"data.featureTypes has no effect, as {path} is a store and no 10x folder: remove it");
        }

        if (header.Transform != Transform.None && options.Transform != Transform.None)
        {
            throw new DataException(
                $"{path} was ingested with the transform {MatrixOptions.NameOf(header.Transform)}; leave the transform out, or ingest " +
                "the data without one");
        }
    }

    private static void Write(SourceBase source, MatrixPlan plan, StoreSink sink, string folder, long memoryBytes)
    {
        if (source is not EntrySource entries)
        {
            plan.ReadDense((DenseSource)source, sink);
            return;
        }

        try
        {
            new ExternalSort(entries, plan, sink, folder, memoryBytes).Run();
        }
        catch (DuplicateEntryException duplicate)
        {
            throw plan.Explain(duplicate, entries);
        }
    }

    private static void WriteHeader(MatrixPlan plan, MatrixOptions options, StoreSink sink, string folder)
    {
        var (rowNames, columnNames) = (plan.RowNames, plan.ColumnNames);
        var files = new List<StoreFile?>(sink.Finish())
        {
            NamesFile.Write(folder, NamesFile.Rows, rowNames),
            NamesFile.Write(folder, NamesFile.Columns, columnNames),
        };
        var unstoredMissing = plan.Unstored == UnstoredEntries.Missing;
        var header = new StoreHeader
        {
            Format = StoreHeader.Kind,
            Version = StoreHeader.CurrentVersion,
            Rows = plan.Pipeline.Rows,
            Columns = plan.Pipeline.Columns,
            Sparse = plan.IsSparse,
            UnstoredMissing = unstoredMissing,
            Stored = sink.Stored,
            Missing = !plan.IsSparse
                ? plan.Pipeline.Missing
                : unstoredMissing ? (plan.Pipeline.Rows * plan.Pipeline.Columns) - sink.Stored : 0,
            ContentHash = sink.Hash.Finish(rowNames, columnNames, unstoredMissing),
            Transform = plan.Transform,
            MissingOption = plan.Missing,
            RowsSelected = options.Rows is not null,
            ColumnsSelected = options.Columns is not null,
            Facts = plan.Facts(),
            Files = [.. files.OfType<StoreFile>()],
            Sha256 = "",
        };
        using var file = new FileStream(Path.Combine(folder, HeaderName), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        file.Write(header.ToBytes());
        file.Flush(flushToDisk: true);
    }
}
