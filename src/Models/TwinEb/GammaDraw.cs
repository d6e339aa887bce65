using FitCluster.Math.Numerics;

namespace FitCluster.Models.TwinEb;

/// <summary>Gamma numbers that depend on (seed, stream, index) alone.</summary>
internal static class GammaDraw
{
    // Each attempt fails with a chance below 0.05: 2^32 of them are never reached.
    private const int IndexBits = 32;

    /// <summary>
    /// A Gamma(shape, 1) number (<see cref="GammaRejection"/>). At least the smallest positive number: a true factor is not 0.
    /// </summary>
    public static double Next(double shape, ulong seed, ulong stream, uint index)
    {
        var (number, logBoost) = Draw(shape, seed, stream, index);
        return double.Max(double.Epsilon, number * double.Exp(logBoost));
    }

    /// <summary>The logarithm of such a number, of which small shapes have some that are too small for a double.</summary>
    public static double LogNext(double shape, ulong seed, ulong stream, uint index)
    {
        var (number, logBoost) = Draw(shape, seed, stream, index);
        return double.Log(number) + logBoost;
    }

    private static (double Number, double LogBoost) Draw(double shape, ulong seed, ulong stream, uint index)
    {
        var at = (ulong)index << IndexBits;
        var logBoost = 0.0;
        if (shape < 1)
        {
            logBoost = double.Log(Philox.Uniform(seed, stream, at++)) / shape;
            shape++;
        }

        while (true)
        {
            var z = Philox.Normal(seed, stream, at++);
            if (GammaRejection.Try(shape, z, Philox.Uniform(seed, stream, at++), out var number))
            {
                return (number, logBoost);
            }
        }
    }
}
