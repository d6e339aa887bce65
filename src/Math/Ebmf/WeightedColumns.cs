namespace FitCluster.Math.Ebmf;

/// <summary>Sums by column over observed rows, weighted by the rows' precisions u_i: what columns' precisions follow from.</summary>
/// <param name="columns">The columns.</param>
internal sealed class WeightedColumns(int columns)
{
    /// <summary>u E r^2.</summary>
    public double[] Residuals { get; } = new double[columns];

    /// <summary>u y^2.</summary>
    public double[] Squares { get; } = new double[columns];

    /// <summary>u y.</summary>
    public double[] Sums { get; } = new double[columns];

    /// <summary>u.</summary>
    public double[] Weights { get; } = new double[columns];

    /// <summary>Adds an entry.</summary>
    public void Add(int column, double u, double y, double square)
    {
        Residuals[column] += u * square;
        Squares[column] += u * y * y;
        Sums[column] += u * y;
        Weights[column] += u;
    }
}
