using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// Loadings with fixed entries: the shard's extra array "fixedLoadings" [rows x fixed factors], NaN where an entry is free.
/// </summary>
internal static class FixedLoadings
{
    /// <summary>Factor k's column of fixed entries; null where it has none. Fixed factors come first.</summary>
    public static double[]? Column(ShardData data, EbmfOptions options, int k)
    {
        if (k >= options.FixedFactorCount || !data.Extras.Has(ExtraKeys.FixedLoadings))
        {
            return null;
        }

        var all = data.Extras.Get(ExtraKeys.FixedLoadings);
        var column = new double[data.Block.Rows];
        var any = false;
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = all[(i * options.FixedFactorCount) + k];
            any |= !double.IsNaN(column[i]);
        }

        return any ? column : null;
    }

    /// <summary>A fixed entry's sign is certain: 0, or 1 where the entry is fixed at zero.</summary>
    public static void FalseSignRates(double[]? given, int first, Span<double> rates)
    {
        for (var r = 0; given is not null && r < rates.Length; r++)
        {
            if (!double.IsNaN(given[first + r]))
            {
                rates[r] = given[first + r] == 0 ? 1 : 0;
            }
        }
    }
}
