using FitCluster.Math.Numerics;

namespace FitCluster.Models.TwinEb;

/// <summary>Poisson numbers that depend on (seed, stream, index) alone.</summary>
internal static class PoissonDraw
{
    // Below it by inversion, which takes as many steps as the mean.
    private const double LeastRejected = 10;

    // Some 1.3 attempts are needed on average: 2^31 of two numbers each are never reached.
    private const int IndexBits = 32;

    /// <summary>A number of a mean of at least 0, exact for any mean (transformed rejection, PTRS: Hörmann, 1993).</summary>
    public static double Next(double mean, ulong seed, ulong stream, uint index)
    {
        var at = (ulong)index << IndexBits;
        return mean < LeastRejected ? Inverted(mean, Philox.Uniform(seed, stream, at)) : Rejected(mean, seed, stream, at);
    }

    private static double Inverted(double mean, double uniform)
    {
        var (x, p) = (0, double.Exp(-mean));
        for (var sum = p; sum < uniform && p > 0; sum += p)
        {
            x++;
            p *= mean / x;
        }

        return x;
    }

    private static double Rejected(double mean, ulong seed, ulong stream, ulong at)
    {
        var b = 0.931 + (2.53 * double.Sqrt(mean));
        var a = -0.059 + (0.02483 * b);
        var (inverseAlpha, inside) = (1.1239 + (1.1328 / (b - 3.4)), 0.9277 - (3.6224 / (b - 2)));
        while (true)
        {
            var (u, v) = (Philox.Uniform(seed, stream, at++) - 0.5, Philox.Uniform(seed, stream, at++));
            var distance = 0.5 - double.Abs(u);
            var x = double.Floor((((2 * a / distance) + b) * u) + mean + 0.43);
            if (distance >= 0.07 && v <= inside)
            {
                return x;
            }

            if (x >= 0 && (distance >= 0.013 || v <= distance) &&
                double.Log(v * inverseAlpha / ((a / (distance * distance)) + b)) <=
                    (x * double.Log(mean)) - mean - GammaFunctions.LogGamma(x + 1))
            {
                return x;
            }
        }
    }
}
