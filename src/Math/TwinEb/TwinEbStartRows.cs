using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>A shard's rows as a finished fit has them.</summary>
internal static class TwinEbStartRows
{
    /// <summary>Means and standard deviations, rows x L of the given fit, NaN for new rows; empty where all rows are new.</summary>
    /// <exception cref="ArgumentException">The two differ in length, or are not so many numbers for each row.</exception>
    public static (double[] Means, double[] Sds) Of(ShardData data)
    {
        if (!data.Extras.Contains(TwinEbStart.RowMeans))
        {
            return ([], []);
        }

        var means = data.Extras[TwinEbStart.RowMeans];
        var sds = data.Extras.Contains(TwinEbStart.RowSds) ? data.Extras[TwinEbStart.RowSds] : [];
        return means.Length == sds.Length && (data.Block.Rows == 0 ? means.Length == 0 : means.Length % data.Block.Rows == 0)
            ? (means, sds)
            : throw new ArgumentException(
                $"shard {data.Shard.Value} has {means.Length} means and {sds.Length} standard deviations to start " +
                $"{data.Block.Rows} rows from", nameof(data));
    }
}
