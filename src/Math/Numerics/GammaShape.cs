using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// The shape a of a Gamma distribution from the gap between the log of its mean and the mean of its log, log a - digamma(a) = gap: all that
/// a maximum of the likelihood needs to solve. One at a time, and 4 equations side by side.
/// </summary>
public static class GammaShape
{
    private const int Lanes = 4;
    private const int Shift = 8;
    private const int MostIterations = 30;

    // A step of this share of the shape ends the iteration, as in the scalar twin.
    private const double Settled = 1e-13;

    /// <summary>
    /// The shape a of a Gamma distribution whose log of the mean exceeds the mean of the log by <paramref name="gap"/> &gt; 0:
    /// log a - digamma(a) = gap, by Newton on the start of Minka (2002), "Estimating a Gamma distribution"; held in [low, high].
    /// </summary>
    public static double OfGap(double gap, double low, double high)
    {
        if (!(gap > 0))
        {
            return high;
        }

        var a = (3 - gap + double.Sqrt(((gap - 3) * (gap - 3)) + (24 * gap))) / (12 * gap);
        for (var iteration = 0; iteration < 30; iteration++)
        {
            // The function falls and is convex in a: Newton from the left is monotone; a step below 0 is halved instead.
            var next = a - ((double.Log(a) - GammaFunctions.Digamma(a) - gap) / ((1 / a) - GammaFunctions.Trigamma(a)));
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

    /// <summary>
    /// The vector twin of <see cref="OfGap"/>, to 1e-12 of a: the shapes of gaps, held in [low, high]; gaps has memory for a whole number
    /// of vectors, of any content past the shapes.
    /// </summary>
    public static void OfGaps(ReadOnlySpan<double> gaps, Span<double> shapes, double low, double high)
    {
        for (var i = 0; i < shapes.Length; i += Lanes)
        {
            var a = Of(Vector256.Create(gaps[i..]), Vector256.Create(low), Vector256.Create(high));
            for (var lane = 0; lane < int.Min(Lanes, shapes.Length - i); lane++)
            {
                shapes[i + lane] = a[lane];
            }
        }
    }

    private static Vector256<double> Of(Vector256<double> gap, Vector256<double> low, Vector256<double> high)
    {
        var (zero, one) = (Vector256<double>.Zero, Vector256<double>.One);
        var positive = Vector256.GreaterThan(gap, zero);
        gap = Vector256.ConditionalSelect(positive, gap, one);
        var three = Vector256.Create(3.0) - gap;
        var a = (three + Vector256.Sqrt((three * three) + (Vector256.Create(24.0) * gap))) / (Vector256.Create(12.0) * gap);
        var moving = positive;
        for (var iteration = 0; iteration < MostIterations && moving != zero; iteration++)
        {
            var (value, slope) = GapAndSlope(a);
            var next = a - ((value - gap) / slope);
            next = Vector256.ConditionalSelect(Vector256.GreaterThan(next, zero), next, a * Vector256.Create(0.5));
            var step = Vector256.Abs(next - a);
            var goesOn = Vector256.GreaterThan(step, Vector256.Create(Settled) * a) & Vector256.LessThanOrEqual(next, high);

            // A lane that has ended stays as it is, whatever the others need.
            a = Vector256.ConditionalSelect(moving, next, a);
            moving &= goesOn;
        }

        return Vector256.Min(Vector256.Max(Vector256.ConditionalSelect(positive, a, high), low), high);
    }

    // log a - digamma(a) and its derivative, 1 / a - trigamma(a). Below 8 the argument is moved up by 8: with P = a (a + 1) ... (a + 7),
    // digamma falls by P' / P and trigamma by P'' / P - (P' / P) squared. The series of trigamma is good to 1e-11, enough for a direction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Gap, Vector256<double> Slope) GapAndSlope(Vector256<double> a)
    {
        var (zero, one) = (Vector256<double>.Zero, Vector256<double>.One);
        var small = Vector256.LessThan(a, Vector256.Create((double)Shift));
        var (rising, first, halfSecond) = (a, one, zero);
        for (var i = 1; i < Shift; i++)
        {
            var term = a + Vector256.Create((double)i);
            halfSecond = Vector256.FusedMultiplyAdd(halfSecond, term, first);
            first = Vector256.FusedMultiplyAdd(first, term, rising);
            rising *= term;
        }

        rising = Vector256.ConditionalSelect(small, rising, one);
        var y = a + (Vector256.Create((double)Shift) & small);
        var inverse = one / (y * rising);
        var (inverseY, inverseRising) = (inverse * rising, inverse * y);
        var below = (first & small) * inverseRising;
        var belowSlope = (below * below) - (((halfSecond + halfSecond) & small) * inverseRising);
        var square = inverseY * inverseY;
        var series = Vector256.FusedMultiplyAdd(square, Vector256.Create(1.0 / 12), Vector256.Create(-691.0 / 32760));
        series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(1.0 / 132));
        series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(-1.0 / 240));
        series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(1.0 / 252));
        series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(-1.0 / 120));
        series = Vector256.FusedMultiplyAdd(series, square, Vector256.Create(1.0 / 12));
        var slopeSeries = Vector256.FusedMultiplyAdd(square, Vector256.Create(-1.0 / 30), Vector256.Create(1.0 / 42));
        slopeSeries = Vector256.FusedMultiplyAdd(slopeSeries, square, Vector256.Create(-1.0 / 30));
        slopeSeries = Vector256.FusedMultiplyAdd(slopeSeries, square, Vector256.Create(1.0 / 6));
        var trigamma = belowSlope + inverseY + (Vector256.Create(0.5) * square) + (square * inverseY * slopeSeries);
        var gap = VectorLog.Of(a / y) + (Vector256.Create(0.5) * inverseY) + (series * square) + below;
        return (gap, (one / a) - trigamma);
    }
}
