namespace FitCluster.Data.Reading;

/// <summary>Keeps the entries of selected rows and renumbers them.</summary>
internal sealed class RowMappingSink(int[] map, IEntrySink next) : IEntrySink
{
    private readonly Entry[] _kept = new Entry[SourceBase.DefaultBatch];

    public void Add(ReadOnlySpan<Entry> entries)
    {
        var count = 0;
        foreach (ref readonly var entry in entries)
        {
            if (map[entry.Row] >= 0)
            {
                _kept[count] = entry;
                _kept[count++].Row = map[entry.Row];
            }
        }

        next.Add(_kept.AsSpan(0, count));
    }
}

/// <summary>Counts the entries of each row and whether rows ascend.</summary>
internal sealed class CountingSink(int rows) : IEntrySink
{
    private int _last;

    public long[] Counts { get; } = new long[rows];

    public bool IsSorted { get; private set; } = true;

    public void Add(ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            Counts[entry.Row]++;
            IsSorted &= entry.Row >= _last;
            _last = entry.Row;
        }
    }
}

/// <summary>
/// Appends the entries to a bucket as long as rows ascend, and counts on when they do not, so that a second pass can follow.
/// </summary>
internal sealed class AppendingSink(int rows, long expected) : IEntrySink
{
    /// <summary>A header that is wrong must not take all memory; a bucket grows without copies beyond this.</summary>
    private const long MostReserved = 1L << 27;

    private int _last;

    public long[] Counts { get; } = new long[rows];

    /// <summary>All entries, or null when rows did not ascend.</summary>
    public CsrBucket? Bucket { get; private set; } = new(rows, long.Min(expected, MostReserved));

    public void Add(ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            Counts[entry.Row]++;
            if (entry.Row < _last)
            {
                Bucket?.Dispose();
                Bucket = null;
            }

            Bucket?.Append(entry);
            _last = entry.Row;
        }
    }
}

/// <summary>Scatters the entries into a bucket whose rows are counted.</summary>
internal sealed class ScatteringSink(CsrBucket bucket) : IEntrySink
{
    public void Add(ReadOnlySpan<Entry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            bucket.Scatter(entry);
        }
    }
}
