namespace FitCluster.Math.Numerics;

/// <summary>
/// The rejection of Marsaglia and Tsang (2000), "A simple method for generating gamma variables". Where its random numbers come from is the
/// caller's.
/// </summary>
public static class GammaRejection
{
    /// <summary>
    /// One attempt at a Gamma(shape, 1) number; fails with a chance below 0.05. A shape below 1 is drawn as Gamma(shape + 1) u^(1 / shape).
    /// </summary>
    /// <param name="shape">At least 1.</param>
    /// <param name="z">A standard normal number.</param>
    /// <param name="uniform">A uniform number in (0, 1).</param>
    /// <param name="number">The number, where the attempt did not fail.</param>
    public static bool Try(double shape, double z, double uniform, out double number)
    {
        var d = shape - (1.0 / 3);
        var root = 1 + (1 / double.Sqrt(9 * d) * z);
        var v = root * root * root;
        number = d * v;
        return root > 0 && double.Log(uniform) < (0.5 * z * z) + d - (d * v) + (d * double.Log(v));
    }
}
