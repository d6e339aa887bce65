using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// log Gamma and digamma of positive numbers, and log Gamma of 4 at once. Below 8 the argument is shifted by 8 through the
/// recurrence (a product and its logarithmic derivative, by Horner); from there Stirling's series to y^-13 (y^-14), whose first term left out is
/// below 1e-15 at y = 8. Absolute error below 3e-14 max(1, |value|) for 1e-4 &lt;= x &lt;= 1e6 (tests). NaN and x &lt;= 0 are not handled.
/// </summary>
internal static class ConjugateGammaFunctions
{
    private const int Shift = 8;
    private const double HalfLogTwoPi = 0.91893853320467274178;

    // Bernoulli numbers B_2n / (2n (2n - 1)) and B_2n / (2n): Abramowitz and Stegun 6.1.41 and 6.3.18, highest power first.
    private static readonly double[] LogGammaSeries =
        [1.0 / 156, -691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12];

    private static readonly double[] DigammaSeries =
        [1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12];

    /// <summary>log Gamma(x), x &gt; 0.</summary>
    public static double LogGamma(double x)
    {
        var product = 1.0;
        if (x < Shift)
        {
            for (var i = 0; i < Shift; i++)
            {
                product *= x + i;
            }

            x += Shift;
        }

        var inverse = 1 / x;
        return ((x - 0.5) * double.Log(x)) - x + HalfLogTwoPi + (Horner(LogGammaSeries, inverse * inverse) * inverse) - double.Log(product);
    }

    /// <summary>The derivative of log Gamma at x &gt; 0.</summary>
    public static double Digamma(double x)
    {
        var below = 0.0;
        if (x < Shift)
        {
            for (var i = 0; i < Shift; i++)
            {
                below += 1 / (x + i);
            }

            x += Shift;
        }

        var inverse = 1 / x;
        var square = inverse * inverse;
        return double.Log(x) - (0.5 * inverse) - (Horner(DigammaSeries, square) * square) - below;
    }

    /// <summary>The derivative of digamma at x &gt; 0.</summary>
    public static double Trigamma(double x)
    {
        var below = 0.0;
        while (x < 2 * Shift)
        {
            below += 1 / (x * x);
            x += 1;
        }

        var inverse = 1 / x;
        var square = inverse * inverse;
        return below + inverse + (square / 2)
            + (square * inverse * ((1.0 / 6) - (square * ((1.0 / 30) - (square * ((1.0 / 42) - (square / 30)))))));
    }

    /// <summary>log Gamma of 4 numbers in [1e-4, 1e12], always shifted: as <see cref="LogGamma(double)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LogGamma(Vector256<double> x)
    {
        // x (x + 1) ... (x + 7) with u = x (x + 7), as in ConjugateGammaKernel, over y^8: no overflow of a logarithm's argument.
        var u = x * (x + Vector256.Create(7.0));
        var rising = u * (u + Vector256.Create(6.0)) * ((u + Vector256.Create(10.0)) * (u + Vector256.Create(12.0)));
        var y = x + Vector256.Create((double)Shift);
        var inverse = Vector256<double>.One / y;
        var square = inverse * inverse;
        var series = Vector256.Create(LogGammaSeries[0]);
        for (var i = 1; i < LogGammaSeries.Length; i++)
        {
            series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(LogGammaSeries[i]));
        }

        var logRatio = ConjugateLog.Of(rising * (square * square * (square * square)));
        return ((x - Vector256.Create(0.5)) * ConjugateLog.Of(y)) - y + Vector256.Create(HalfLogTwoPi) + (series * inverse) - logRatio;
    }

    /// <summary>log Gamma of each of some numbers, as of 4 at once; the result may be longer.</summary>
    public static double[] LogGamma(ReadOnlySpan<double> x)
    {
        var padded = Padded(x);
        for (var at = 0; at < padded.Length; at += Vector256<double>.Count)
        {
            LogGamma(Vector256.Create<double>(padded.AsSpan(at))).CopyTo(padded, at);
        }

        return padded;
    }

    /// <summary>The logarithm of each of some positive normal numbers; the result may be longer.</summary>
    public static double[] Log(ReadOnlySpan<double> x)
    {
        var padded = Padded(x);
        ConjugateLog.InPlace(padded);
        return padded;
    }

    /// <summary>
    /// The shape a of a Gamma distribution whose log of the mean exceeds the mean of the log by <paramref name="gap"/> &gt; 0:
    /// log a - digamma(a) = gap, by Newton on the start of Minka (2002), "Estimating a Gamma distribution"; held in [low, high].
    /// </summary>
    public static double ShapeOfGap(double gap, double low, double high)
    {
        if (!(gap > 0))
        {
            return high;
        }

        var a = (3 - gap + double.Sqrt(((gap - 3) * (gap - 3)) + (24 * gap))) / (12 * gap);
        for (var iteration = 0; iteration < 30; iteration++)
        {
            // The function falls and is convex in a: Newton from the left is monotone; a step below 0 is halved instead.
            var next = a - ((double.Log(a) - Digamma(a) - gap) / ((1 / a) - Trigamma(a)));
            next = next > 0 ? next : a / 2;
            var done = double.Abs(next - a) <= 1e-13 * a;
            a = next;
            if (done || a > high)
            {
                break;
            }
        }

        return double.Clamp(a, low, high);
    }

    // With ones up to a full vector.
    private static double[] Padded(ReadOnlySpan<double> x)
    {
        var padded = new double[ConjugateGammaPosterior.Padded(x.Length)];
        x.CopyTo(padded);
        padded.AsSpan(x.Length).Fill(1);
        return padded;
    }

    private static double Horner(double[] coefficients, double x)
    {
        var sum = coefficients[0];
        for (var i = 1; i < coefficients.Length; i++)
        {
            sum = (sum * x) + coefficients[i];
        }

        return sum;
    }
}
