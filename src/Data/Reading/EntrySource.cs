using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>One stored entry, 0-based.</summary>
internal struct Entry
{
    public int Row;
    public int Column;
    public double Value;
}

/// <summary>Takes entries in batches.</summary>
internal interface IEntrySink
{
    void Add(ReadOnlySpan<Entry> entries);
}

/// <summary>What every source of a matrix tells.</summary>
internal abstract class SourceBase : IDisposable
{
    public const int DefaultBatch = 4096;

    /// <summary>The file, as errors name it.</summary>
    public required string Path { get; init; }

    public required MatrixFormat Format { get; init; }

    /// <summary>Whether infinite values are taken (<see cref="MatrixOptions.TakesInfinities"/>).</summary>
    public bool TakesInfinities { get; set; }

    /// <summary>The columns of the file.</summary>
    public int Columns { get; protected set; }

    public IReadOnlyList<string>? ColumnNames { get; protected set; }

    public string Orientation { get; protected set; } = "";

    /// <summary>The transform its values have been through already (a store).</summary>
    public Transform Applied { get; init; }

    /// <summary>How missing entries were told when it was made (a store).</summary>
    public MissingEntries AppliedMissing { get; init; }

    public List<string> Notes { get; } = [];

    public string ColumnName(int column) => ColumnNames?[column] ?? GeneratedNames.Name('c', column);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>A sparse matrix as a sequence of entries, which can be read more than once, always in the same order.</summary>
internal abstract class EntrySource : SourceBase
{
    public int Rows { get; protected set; }

    public IReadOnlyList<string>? RowNames { get; protected set; }

    /// <summary>The number of entries, when known beforehand.</summary>
    public long? EntryCount { get; protected set; }

    /// <summary>The number of entries of each row, when known beforehand.</summary>
    public long[]? RowCounts { get; protected set; }

    /// <summary>Whether entries that are not stored are missing in any case (a store made so).</summary>
    public bool UnstoredIsMissing { get; protected set; }

    /// <summary>Where the entry last handed out stands, for errors; meaningful for batches of one.</summary>
    public abstract string Where { get; }

    public abstract void Read(IEntrySink sink, int batch);

    public string RowName(int row) => RowNames?[row] ?? GeneratedNames.Name('r', row);
}

/// <summary>Collects entries and hands them on in batches.</summary>
internal sealed class Batch(IEntrySink sink, int size)
{
    private readonly Entry[] _entries = new Entry[size];
    private int _count;

    public void Add(long row, long column, double value)
    {
        ref var entry = ref _entries[_count++];
        entry.Row = (int)row;
        entry.Column = (int)column;
        entry.Value = value;
        if (_count == _entries.Length)
        {
            Flush();
        }
    }

    public void Flush()
    {
        sink.Add(_entries.AsSpan(0, _count));
        _count = 0;
    }
}
