namespace FitCluster.Math.TwinEb;

/// <summary>
/// The streams of random numbers of a reference fit: purpose (8 bits), restart (16 bits), step and particle (40 bits). Within a stream a
/// number is found by row or column, never by shard, so a fit draws the same ones however its rows are divided.
/// </summary>
internal static class ReferenceStreams
{
    private const ulong MostCounts = 1UL << 40;

    /// <summary>What numbers are for.</summary>
    public enum Purpose
    {
        /// <summary>Starting values of rows.</summary>
        RowStart = 1,

        /// <summary>Starting values of columns.</summary>
        ColumnStart = 2,

        /// <summary>Starting values of the rows' prior.</summary>
        RowPriorStart = 3,

        /// <summary>Starting values of the columns' prior.</summary>
        ColumnPriorStart = 4,

        /// <summary>The order of rows in an epoch.</summary>
        Order = 5,

        /// <summary>A step's draws of rows.</summary>
        RowStep = 6,

        /// <summary>A step's draws of columns.</summary>
        ColumnStep = 7,

        /// <summary>A held-out score's draws of rows.</summary>
        RowScore = 8,

        /// <summary>A held-out score's draws of columns.</summary>
        ColumnScore = 9,

        /// <summary>Starting values of held-out rows.</summary>
        HeldOutRowStart = 10,
    }

    /// <summary>The stream of a purpose in a restart, for a count of steps, draws or epochs.</summary>
    public static ulong Of(Purpose purpose, int restart, ulong count) =>
        ((ulong)purpose << 56) | ((ulong)(restart & 0xFFFF) << 40) | (count % MostCounts);
}
