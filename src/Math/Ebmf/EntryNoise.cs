namespace FitCluster.Math.Ebmf;

/// <summary>The variance that is added to the known ones, entry by entry.</summary>
internal static class EntryNoise
{
    /// <summary>sigma^2 of the group of (row of the shard, column); 0 where nothing is estimated.</summary>
    public static double Added(EbmfNoise noise, double[] shared, double[] byRow, int row, int column) => noise.Variance switch
    {
        VarianceStructure.Known => 0,
        VarianceStructure.Constant => shared[0],
        VarianceStructure.Column => shared[column],
        _ => byRow[row],
    };
}
