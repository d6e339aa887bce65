using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// How a shard learns the ranks of its rows among all training rows and all held-out rows, without a message whose size grows with rows or
/// shards: each shard adds its two counts to the slot of its first row, in a table of at most 4,096 slots, and later sums the slots before
/// its own. Two shards that begin in the same slot cannot tell who is first; the third row of the table counts shards, so that this is
/// found out.
/// </summary>
internal static class ReferenceSlots
{
    private const long Most = 4096;

    /// <summary>The number of slots for a matrix of so many rows.</summary>
    public static int Count(long rows) => (int)long.Min(rows, Most);

    /// <summary>A shard's contribution: training rows, held-out rows, shards, by slot [3, slots].</summary>
    public static double[] Of(ShardData data, int trainingRows)
    {
        var slots = Count(data.TotalRows);
        var table = new double[3 * slots];
        var slot = Slot(data, slots);
        table[slot] = trainingRows;
        table[slots + slot] = data.Block.Rows - trainingRows;
        table[(2 * slots) + slot] = data.Block.Rows > 0 ? 1 : 0;
        return table;
    }

    /// <summary>The ranks of a shard's first training row and first held-out row.</summary>
    public static (long Training, long HeldOut) Ranks(ShardData data, ReadOnlySpan<double> table)
    {
        var slots = Count(data.TotalRows);
        var (training, heldOut) = (0L, 0L);
        for (var s = 0; s < Slot(data, slots); s++)
        {
            training += (long)table[s];
            heldOut += (long)table[slots + s];
        }

        return (training, heldOut);
    }

    /// <summary>Whether two shards begin in the same slot.</summary>
    public static bool IsAmbiguous(ReadOnlySpan<double> table)
    {
        foreach (var shards in table[(2 * table.Length / 3)..])
        {
            if (shards > 1)
            {
                return true;
            }
        }

        return false;
    }

    private static int Slot(ShardData data, int slots) => (int)long.Min(slots - 1, (long)((Int128)data.FirstRow * slots / data.TotalRows));
}
