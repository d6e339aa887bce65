namespace FitCluster.Math.Ebnm;

/// <summary>
/// Sums over the nodes of a horseshoe, weighted by one observation: of c = s^2 / (s^2 + T^2 lambda^2), t = 1 - c, their squares, the
/// first and the second derivative of the log-marginal in log T, and E[theta^2 | lambda] / (T lambda)^2 = c + c t z^2.
/// </summary>
internal record struct HorseshoeSums(
    double Total, double Slab, double SlabSquare, double Noise, double NoiseSquare, double Score, double Curvature, double Scaled)
{
    /// <summary>E t.</summary>
    public readonly double Shrinkage => Slab / Total;

    /// <summary>
    /// The variance of t. What is near 0, t or c, is spread about as wide as it is high: the difference loses no digits there.
    /// </summary>
    public readonly double Spread => Slab < Noise
        ? double.Max((SlabSquare / Total) - (Slab / Total * (Slab / Total)), 0)
        : double.Max((NoiseSquare / Total) - (Noise / Total * (Noise / Total)), 0);
}
