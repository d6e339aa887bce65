using FitCluster.Data.Reading;
using FitCluster.Data.Remote;
using FitCluster.Data.Storage;
using FitCluster.Math.Numerics;

namespace FitCluster.Data;

/// <summary>
/// A data matrix, read: rows x columns with names, facts and a content hash. It is in memory or mapped from a store; blocks of rows
/// point into that memory without a copy and keep it alive. Safe to read from several threads.
/// </summary>
public sealed class MatrixSource
{
    private readonly MatrixStorage _storage;
    private readonly Lazy<string> _hash;

    internal MatrixSource(
        MatrixStorage storage, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames, MatrixFacts facts, string? hash)
    {
        (_storage, RowNames, ColumnNames, Facts) = (storage, rowNames, columnNames, facts);
        _hash = new Lazy<string>(() => hash ?? Storage.ContentHash.Of(storage, rowNames, columnNames));
        RowStoredCounts = new Counts(storage);
    }

    /// <summary>The rows.</summary>
    public long Rows => _storage.Rows;

    /// <summary>The columns.</summary>
    public int Columns => _storage.Columns;

    /// <summary>Whether it is stored as CSR; otherwise as dense rows.</summary>
    public bool IsSparse => _storage.IsSparse;

    /// <summary>What unstored entries of a sparse matrix mean.</summary>
    public UnstoredEntries Unstored => _storage.Unstored;

    /// <summary>The stored entries: rows x columns when dense.</summary>
    public long StoredCount => _storage.StoredCount;

    /// <summary>The missing entries.</summary>
    public long MissingCount => _storage.MissingCount;

    /// <summary>The entries that are not missing; unstored zeros count.</summary>
    public long ObservedCount => (IsSparse && Unstored == UnstoredEntries.Zero ? Rows * Columns : StoredCount) - MissingCount;

    /// <summary>The names of the rows; r1, r2, ... (by position in the file) where it has none.</summary>
    public IReadOnlyList<string> RowNames { get; }

    /// <summary>The names of the columns; c1, c2, ... (by position in the file) where it has none.</summary>
    public IReadOnlyList<string> ColumnNames { get; }

    /// <summary>The stored entries of each row.</summary>
    public IReadOnlyList<long> RowStoredCounts { get; }

    /// <summary>What is worth telling.</summary>
    public MatrixFacts Facts { get; }

    /// <summary>
    /// SHA-256 (hexadecimal) of shape, names, values and missing entries after all options; the same for the same matrix in any format.
    /// Computed when first asked for (about a second for 100 million entries), read from its header for a store.
    /// </summary>
    public string ContentHash => _hash.Value;

    /// <summary>The bytes that values and indices take.</summary>
    public long StoredBytes => IsSparse ? (StoredCount * 12) + ((Rows + 1) * 8) : StoredCount * 8;

    /// <summary>The files that it was joined of (<see cref="MatrixJoin"/>), in the order of rows; empty for one file.</summary>
    public IReadOnlyList<MatrixPart> Parts { get; internal init; } = [];

    /// <summary>Whether names were made here (r1, r2, ...), for data that have none.</summary>
    public static bool AreGenerated(IReadOnlyList<string> names) => names is GeneratedNames;

    /// <summary>
    /// Reads a matrix of any format (<see cref="MatrixFormat"/>) from a path or an http(s) URL; maps it when it is a store and the options
    /// change nothing. Of a store at a URL only header, names and row offsets are read here, and rows when they are asked for
    /// (<see cref="RowBlock(long, int)"/> may then fail too). A file at a URL is downloaded to the cache (<see cref="FetchOptions"/>).
    /// </summary>
    /// <exception cref="DataException">The data cannot be used as they are; the message says why, where, and what to do.</exception>
    public static MatrixSource Open(string path, MatrixOptions? options = null)
    {
        options ??= new MatrixOptions();
        using var found = DataPlace.Find(path, options);
        return found.Use(place =>
        {
            if (place.Store is { } store && MatrixStore.TryMap(store, options) is { } mapped)
            {
                return mapped;
            }

            using var source = place.Open();
            var (storage, plan) = MatrixReader.Load(source, options);
            return new MatrixSource(storage, plan.RowNames, plan.ColumnNames, plan.Facts(), hash: null);
        });
    }

    /// <summary>A matrix of the values of an array, NaN where missing, with its names. Infinities are taken.</summary>
    public static MatrixSource FromArray(DenseArray array)
    {
        var sink = new MemorySink(sparse: false, array.Values.Length);
        var (row, missing) = (new double[array.Columns], new int[array.Columns]);
        for (var i = 0; i < array.Rows; i++)
        {
            var count = 0;
            array.Values.AsSpan(i * array.Columns, array.Columns).CopyTo(row);
            for (var j = 0; j < row.Length; j++)
            {
                if (double.IsNaN(row[j]))
                {
                    (row[j], missing[count++]) = (0, j);
                }
            }

            sink.AddDense(row, missing.AsSpan(0, count));
        }

        return new MatrixSource(
            sink.Finish(array.Columns, UnstoredEntries.Zero), array.RowNames ?? new GeneratedNames('r', null, array.Rows),
            array.ColumnNames ?? new GeneratedNames('c', null, array.Columns),
            new MatrixFacts { Format = MatrixFormat.Dense, Orientation = $"array of {array.Rows} rows x {array.Columns} columns" },
            hash: null);
    }

    /// <summary>
    /// The line of an entry in its file, as in "line 12", by reading the file again; null where the format has no lines of entries (dense
    /// text names its rows, binary formats have none).
    /// </summary>
    /// <param name="path">The path that was read.</param>
    /// <param name="options">The options it was read with.</param>
    /// <param name="entry">The entry.</param>
    public static string? LineOf(string path, MatrixOptions options, MatrixEntry entry)
    {
        using var found = DataPlace.Find(path, options);
        return found.Use(place =>
        {
            if (place.Store is not null)
            {
                return null;
            }

            using var source = place.Open();
            return source is EntrySource { Format: MatrixFormat.Triplets or MatrixFormat.MatrixMarket } entries
                ? new MatrixPlan(source, options).Where(entries, entry.Row, entry.Column)
                : null;
        });
    }

    /// <summary>A run of rows, without a copy.</summary>
    /// <param name="first">The first row, 0-based.</param>
    /// <param name="count">How many.</param>
    public MatrixBlock RowBlock(long first, int count) => _storage.Block(first, count);

    /// <summary>The rows of a shard, without a copy.</summary>
    public MatrixBlock RowBlock(ShardRange shard) => RowBlock(shard.First, shard.Count);

    /// <summary>The shards of this matrix: as many as asked for, or by default as its size asks for.</summary>
    public IReadOnlyList<ShardRange> Shards(int? count = null) =>
        ShardPlan.Create(RowStoredCounts, count ?? ShardPlan.DefaultCount(Rows, StoredCount));

    internal MatrixStorage AsStorage() => _storage;

    private sealed class Counts(MatrixStorage storage) : IReadOnlyList<long>
    {
        public int Count => checked((int)storage.Rows);

        public long this[int index] =>
            (uint)index < (ulong)storage.Rows ? storage.RowStored(index) : throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<long> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
            {
                yield return this[i];
            }
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
