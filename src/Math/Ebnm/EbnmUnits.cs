namespace FitCluster.Math.Ebnm;

/// <summary>A fit of the prior to observations in their own unit.</summary>
internal delegate EbnmFit EbnmSolver(ReadOnlySpan<double> x, ReadOnlySpan<double> s, EbnmOptions options);

/// <summary>
/// Fits in a unit of length that comes from the data: a power of two, so that nothing is rounded, and data in another unit, by any power of
/// two, give the same fit bit by bit; and squares of s and of x / s are in the range of doubles wherever x / s is.
/// </summary>
internal static class EbnmUnits
{
    private const double LogOfTwo = 0.69314718055994530942;

    // Scaled values stay below 2 to this.
    private const int LargestExponent = 1000;

    /// <summary>Solves the problem of 2^e x, 2^e s, where 2^e times the least s is in [1, 2).</summary>
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
            LogLikelihood = fit.LogLikelihood + (count * exponent * LogOfTwo),
        };
    }

    private static (int Exponent, int Count) Exponent(ReadOnlySpan<double> x, ReadOnlySpan<double> s)
    {
        var (least, largest, count) = (double.PositiveInfinity, 0.0, 0);
        for (var i = 0; i < x.Length; i++)
        {
            if (s[i] < double.PositiveInfinity)
            {
                count++;
                least = double.Min(least, s[i]);
                largest = double.Max(largest, double.Max(double.Abs(x[i]), s[i]));
            }
        }

        return count > 0 && least > 0 && double.IsFinite(largest)
            ? (int.Min(-double.ILogB(least), LargestExponent - double.ILogB(largest)), count)
            : (0, count);
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
