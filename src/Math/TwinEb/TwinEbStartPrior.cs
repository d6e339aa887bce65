namespace FitCluster.Math.TwinEb;

/// <summary>One side's prior as a finished fit's results have it; components of weight 0 may have any parameters.</summary>
/// <param name="Weights">w, K of them.</param>
/// <param name="First">Poisson: shapes; Gaussian: means; K x L.</param>
/// <param name="Second">Poisson: rates; Gaussian: standard deviations; K x L.</param>
public sealed record TwinEbStartPrior(double[] Weights, double[] First, double[] Second)
{
    /// <summary>K.</summary>
    public int Components => Weights.Length;
}
