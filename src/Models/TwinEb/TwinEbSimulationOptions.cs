namespace FitCluster.Models.TwinEb;

/// <summary>What of the twin model is simulated.</summary>
internal sealed record TwinEbSimulationOptions
{
    /// <summary>Rows, N (default 1000).</summary>
    public long Rows { get; init; } = 1000;

    /// <summary>Columns, D (default 200).</summary>
    public int Columns { get; init; } = 200;

    /// <summary>Factors, L (default 5).</summary>
    public int Factors { get; init; } = 5;

    /// <summary>Components of the rows' mixture (default 15).</summary>
    public int RowComponents { get; init; } = 15;

    /// <summary>Components of the columns' mixture (default 20).</summary>
    public int ColumnComponents { get; init; } = 20;

    /// <summary>The mean count (default 1, where no density is given).</summary>
    public double? Rate { get; init; }

    /// <summary>The share of counts that are not zero, instead of a mean.</summary>
    public double? Density { get; init; }

    /// <summary>
    /// a: each cell's rate is multiplied by a Gamma(a, a) number of its own, mean 1 and variance 1 / a (default none: Poisson counts).
    /// </summary>
    public double? Dispersion { get; init; }

    /// <summary>The seed (default 1).</summary>
    public ulong Seed { get; init; } = 1;
}
