using FitCluster.Math.Numerics;

namespace FitCluster.Cli.Simulation;

/// <summary>Gamma numbers that depend on (seed, stream, index) alone.</summary>
internal static class GammaDraw
{
    // Each attempt fails with a chance below 0.05: 2^32 of them are never reached.
    private const int IndexBits = 32;

    /// <summary>
    /// A Gamma(shape, 1) number by the rejection of Marsaglia and Tsang (2000), "A simple method for generating gamma variables"; a shape below 1 as
    /// Gamma(shape + 1) u^(1 / shape). At least the smallest positive number: a true factor is not 0.
    /// </summary>
    public static double Next(double shape, ulong seed, ulong stream, uint index)
    {
        var at = (ulong)index << IndexBits;
        var logBoost = 0.0;
        if (shape < 1)
        {
            logBoost = double.Log(Philox.Uniform(seed, stream, at++)) / shape;
            shape++;
        }

        var d = shape - (1.0 / 3);
        var c = 1 / double.Sqrt(9 * d);
        while (true)
        {
            var z = Philox.Normal(seed, stream, at++);
            var uniform = Philox.Uniform(seed, stream, at++);
            var root = 1 + (c * z);
            var v = root * root * root;
            if (root > 0 && double.Log(uniform) < (0.5 * z * z) + d - (d * v) + (d * double.Log(v)))
            {
                return double.Max(double.Epsilon, d * v * double.Exp(logBoost));
            }
        }
    }
}
