namespace FitCluster.Data;

/// <summary>The rows of a shard: contiguous.</summary>
/// <param name="First">The index of its first row.</param>
/// <param name="Count">Its rows, at least one.</param>
/// <param name="StoredCount">The stored entries in them.</param>
public readonly record struct ShardRange(long First, int Count, long StoredCount);

/// <summary>
/// The rows of a matrix cut into contiguous shards of about the same number of stored entries. It depends on the data and on the
/// number of shards only, never on cores or nodes: a fit's result depends on it.
/// </summary>
public static class ShardPlan
{
    private const long EntriesPerShard = 1L << 16;
    private const int FewShards = 16;
    private const long ManyEntries = 1L << 26;
    private const long EntriesPerLargeShard = 1L << 22;
    private const int MostShards = 4096;

    /// <summary>
    /// The number of shards for data of a size: stored / 65,536 rounded half up, within 1 to 16; above 2^26 stored entries,
    /// stored / 2^22 rounded up, at most 4,096; never more than rows.
    /// </summary>
    public static int DefaultCount(long rows, long storedCount)
    {
        var wanted = storedCount > ManyEntries
            ? long.Min((storedCount + EntriesPerLargeShard - 1) / EntriesPerLargeShard, MostShards)
            : long.Clamp((storedCount + (EntriesPerShard / 2)) / EntriesPerShard, 1, FewShards);
        return (int)long.Max(1, long.Min(wanted, rows));
    }

    /// <summary>
    /// Cuts the rows at the boundaries nearest to equal parts of the stored entries; every shard has at least one row, and at most
    /// total / shards + the largest row entries where no shard is one row alone. Rows are counted instead when nothing is stored.
    /// </summary>
    /// <param name="rowStoredCounts">The stored entries of each row.</param>
    /// <param name="shards">The number of shards, 1 to rows.</param>
    public static IReadOnlyList<ShardRange> Create(IReadOnlyList<long> rowStoredCounts, int shards)
    {
        var rows = rowStoredCounts.Count;
        if (shards < 1 || shards > rows)
        {
            throw new DataException($"{shards} shards were asked for {rows} rows; give 1 to {rows}");
        }

        var total = 0L;
        for (var i = 0; i < rows; i++)
        {
            total += rowStoredCounts[i];
        }

        var plan = new ShardRange[shards];
        var row = 0;
        var before = 0L;
        for (var s = 0; s < shards; s++)
        {
            var (first, start) = (row, before);
            // The exact boundary, in 128 bits: (s + 1) total / shards.
            var target = (long)((Int128)total * (s + 1) / shards);
            var lastAllowed = rows - (shards - 1 - s);
            do
            {
                before += rowStoredCounts[row++];
            }
            while (row < lastAllowed && (s == shards - 1 || Continues(rowStoredCounts, row, before, target, total, shards, s)));
            plan[s] = new ShardRange(first, row - first, before - start);
        }

        return plan;
    }

    private static bool Continues(IReadOnlyList<long> counts, int row, long before, long target, long total, int shards, int shard)
    {
        if (total == 0)
        {
            return row < (long)counts.Count * (shard + 1) / shards;
        }

        // The boundary after this row is nearer to the target than the one before it.
        return before + counts[row] - target <= target - before;
    }
}
