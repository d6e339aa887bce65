using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.Ebnm;

/// <summary>A fit of the prior to observations in their own unit.</summary>
internal delegate EbnmFit EbnmSolver(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options);

/// <summary>
/// Fits in a unit of length in which squares of x and s are in the range of doubles: the data's own where that is so, and else a power
/// of two near the least s, by which nothing is rounded. The solvers take logarithms of lengths relative to a power of two near s, and
/// all else in ratios, so that data in another unit, by any power of two, give the same fit bit by bit.
/// </summary>
internal static class EbnmUnits
{
    // Scaled values stay below 2 to this.
    private const int LargestExponent = 1000;

    // Lengths within 2 to the power of plus and minus this are left alone.
    private const int OrdinaryExponent = 200;

    /// <summary>Solves the problem of 2^e x, 2^e s, e = 0 or such that 2^e times the least s is in [1, 2).</summary>
    public static EbnmFit Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options, EbnmSolver solver)
    {
        var (exponent, count) = Exponent(x, s);
        if (exponent == 0)
        {
            return solver(x, s, options);
        }

        var (scaledX, scaledS) = (new double[x.Length], new double[s.Length]);
        Scale(x, exponent, scaledX);
        Scale(s, exponent, scaledS);
        var fit = solver(scaledX, scaledS, options with
        {
            Mode = double.ScaleB(options.Mode, exponent),
            Scale = options.Scale is { } scale ? double.ScaleB(scale, exponent) : null,
            Start = options.Start?.Scaled(exponent),
        });
        return fit with
        {
            Prior = options.FixPrior && options.Start is { } kept ? kept : fit.Prior.Scaled(-exponent),
            LogLikelihood = fit.LogLikelihood + (count * exponent * ObservationSums.LogOfTwo),
        };
    }

    private static (int Exponent, int Count) Exponent(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        // Of numbers without a sign, the bits are in the order of the numbers, and NaN is above infinity; comparing these is much cheaper.
        var infinity = Vector512.Create(double.PositiveInfinity).AsInt64();
        var (shortest, longest) = (infinity, Vector512<long>.Zero);
        for (var i = 0; i < x.Length; i += VectorNormal.Lanes)
        {
            var si = VectorNormal.Load(s, i, double.PositiveInfinity).AsInt64();
            var length = Vector512.Max(Vector512.Abs(VectorNormal.Load(x, i, 0)).AsInt64(), si) & Vector512.LessThan(si, infinity);
            (shortest, longest) = (Vector512.Min(shortest, si), Vector512.Max(longest, length));
        }

        var (shortestBits, longestBits) = (long.MaxValue, 0L);
        for (var lane = 0; lane < VectorNormal.Lanes; lane++)
        {
            (shortestBits, longestBits) = (long.Min(shortestBits, shortest[lane]), long.Max(longestBits, longest[lane]));
        }

        var (least, largest) = (BitConverter.Int64BitsToDouble(shortestBits), BitConverter.Int64BitsToDouble(longestBits));
        if (!(least is > 0 and < double.PositiveInfinity) || !double.IsFinite(largest)
            || (double.ILogB(least) > -OrdinaryExponent && double.ILogB(largest) < OrdinaryExponent))
        {
            return (0, 0);
        }

        var count = 0;
        foreach (var value in s)
        {
            count += double.IsPositiveInfinity(value) ? 0 : 1;
        }

        return (int.Min(-double.ILogB(least), LargestExponent - double.ILogB(largest)), count);
    }

    private static void Scale(ReadOnlySpan<double> values, int exponent, double[] scaled)
    {
        // In two factors: each is a number, even where 2^exponent is not.
        var first = double.ScaleB(1, exponent / 2);
        var second = double.ScaleB(1, exponent - (exponent / 2));
        for (var i = 0; i < scaled.Length; i++)
        {
            scaled[i] = values[i] * first * second;
        }
    }
}
