namespace FitCluster.Models.Ebmf;

/// <summary>What is simulated.</summary>
internal sealed record SimulationOptions
{
    /// <summary>Rows, n (default 1000).</summary>
    public long Rows { get; init; } = 1000;

    /// <summary>Columns, p (default 200).</summary>
    public int Columns { get; init; } = 200;

    /// <summary>Factors, K (default 5).</summary>
    public int Factors { get; init; } = 5;

    /// <summary>The standard deviation of the noise of dense data (default 1).</summary>
    public double Noise { get; init; } = 1;

    /// <summary>The share of loadings that are not zero (default 0.3).</summary>
    public double LoadingsDensity { get; init; } = 0.3;

    /// <summary>The share of factor entries that are not zero (default 0.5).</summary>
    public double FactorsDensity { get; init; } = 0.5;

    /// <summary>The share of entries that are missing (default 0).</summary>
    public double Missing { get; init; }

    /// <summary>Whether counts are drawn, most of them zero, instead of dense Gaussian data.</summary>
    public bool Sparse { get; init; }

    /// <summary>The share of counts that are not zero (default 0.1).</summary>
    public double Density { get; init; } = 0.1;

    /// <summary>The seed (default 1).</summary>
    public ulong Seed { get; init; } = 1;
}
