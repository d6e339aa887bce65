using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What one component of a Gamma mixture says of one vector, all factors at once: the part of its logit that depends on the vector, and its moments. With
/// a = shape + s, b = rate + t: sum_l log Gamma(a_l) - a_l log b_l, E x_l = a_l / b_l, E log x_l = digamma(a_l) - log b_l. 4 factors side by side; one division and one
/// logarithm for each, since log Gamma and digamma share theirs: y = a, moved up by 8 below 8, has Stirling's series with 7 terms, log (y / b) serves both, and what is left of the
/// logarithms is that of a product over factors, taken once. About 3e-14 of max(1, |result|).
/// </summary>
internal static class ConjugateGammaKernel
{
    /// <summary>Lanes: all spans have a multiple of it, padded so that shape + s and rate + t are 1.</summary>
    public const int Lanes = 4;

    private const double Shift = 8;
    private const double HalfLogTwoPi = 0.91893853320467274178;

    // A factor's part of the product is in [1e-10, 1e12] for 0.01 <= a <= 1e12: so many stay far from the ends of the exponent.
    private const int FactorsOfProduct = 16 * Lanes;

    /// <summary>Returns the logit's part (padding adds 0 but for rounding); writes E x and E log x.</summary>
    public static double Evaluate(
        ReadOnlySpan<double> shapes, ReadOnlySpan<double> rates, ReadOnlySpan<double> s, ReadOnlySpan<double> t, Span<double> means, Span<double> logs)
    {
        nint length = shapes.Length;
        ref var shape0 = ref MemoryMarshal.GetReference(shapes);
        ref var rate0 = ref MemoryMarshal.GetReference(rates[..shapes.Length]);
        ref var s0 = ref MemoryMarshal.GetReference(s[..shapes.Length]);
        ref var t0 = ref MemoryMarshal.GetReference(t[..shapes.Length]);
        ref var mean0 = ref MemoryMarshal.GetReference(means[..shapes.Length]);
        ref var log0 = ref MemoryMarshal.GetReference(logs[..shapes.Length]);
        var (sum, product) = (Vector256<double>.Zero, Vector256<double>.One);
        for (nint l = 0; l < length; l += Lanes)
        {
            var shape = Vector256.LoadUnsafe(ref shape0, (nuint)l) + Vector256.LoadUnsafe(ref s0, (nuint)l);
            var rate = Vector256.LoadUnsafe(ref rate0, (nuint)l) + Vector256.LoadUnsafe(ref t0, (nuint)l);
            sum += Factor(shape, rate, ref product, out var mean, out var log);
            mean.StoreUnsafe(ref mean0, (nuint)l);
            log.StoreUnsafe(ref log0, (nuint)l);
            if ((l + Lanes) % FactorsOfProduct == 0)
            {
                sum -= Vector256.Create(0.5) * ConjugateLog.Of(product);
                product = Vector256<double>.One;
            }
        }

        return Vector256.Sum(sum - (Vector256.Create(0.5) * ConjugateLog.Of(product)));
    }

    /// <summary>The scalar twin of <see cref="Evaluate"/>.</summary>
    public static double EvaluateScalar(
        ReadOnlySpan<double> shapes, ReadOnlySpan<double> rates, ReadOnlySpan<double> s, ReadOnlySpan<double> t, Span<double> means, Span<double> logs)
    {
        var sum = 0.0;
        for (var l = 0; l < shapes.Length; l++)
        {
            var (shape, rate) = (shapes[l] + s[l], rates[l] + t[l]);
            sum += ConjugateGammaFunctions.LogGamma(shape) - (shape * double.Log(rate));
            means[l] = shape / rate;
            logs[l] = ConjugateGammaFunctions.Digamma(shape) - double.Log(rate);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Factor(
        Vector256<double> shape, Vector256<double> rate, ref Vector256<double> product, out Vector256<double> mean, out Vector256<double> log)
    {
        var one = Vector256<double>.One;
        var small = Vector256.LessThan(shape, Vector256.Create(Shift));

        // a (a + 1) ... (a + 7) and its derivative: with u = a (a + 7) the product is u (u + 6) (u + 10) (u + 12), of positive terms all.
        var u = shape * (shape + Vector256.Create(7.0));
        var twice = u + u;
        var (outer, inner) = (u * (u + Vector256.Create(6.0)), (u + Vector256.Create(10.0)) * (u + Vector256.Create(12.0)));
        var rising = outer * inner;
        var slope = Vector256.FusedMultiplyAdd(twice + Vector256.Create(6.0), inner, (twice + Vector256.Create(22.0)) * outer) * (shape + shape + Vector256.Create(7.0));
        rising = Vector256.ConditionalSelect(small, rising, one);
        slope = Vector256.ConditionalSelect(small, slope, Vector256<double>.Zero);
        var y = shape + Vector256.ConditionalSelect(small, Vector256.Create(Shift), Vector256<double>.Zero);
        var both = y * rate;
        var inverse = one / (both * rising);
        var inverseRate = inverse * (y * rising);
        var inverseY = inverse * (rate * rising);
        var below = slope * (inverse * both);
        var square = inverseY * inverseY;
        var logRatio = ConjugateLog.Of(y * inverseRate);
        mean = shape * inverseRate;
        log = logRatio - Vector256.FusedMultiplyAdd(Digamma(square), square, Vector256.FusedMultiplyAdd(Vector256.Create(0.5), inverseY, below));

        // log Gamma(a) = (y - 1/2) log y - y + ... - log rising, and y is a or a + 8: a log y, and the logarithms of y^(8 or 0) / rising and y^(-1/2).
        var fourth = square * square;
        var ratio = Vector256.ConditionalSelect(small, rising * (fourth * fourth), one);
        product *= ratio * ratio * y;
        return Vector256.FusedMultiplyAdd(shape, logRatio, Vector256.FusedMultiplyAdd(LogGamma(square), inverseY, Vector256.Create(HalfLogTwoPi) - y));
    }

    // The series of ConjugateGammaFunctions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LogGamma(Vector256<double> square) => Series(square, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Digamma(Vector256<double> square) => Series(square, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12);

    // c0 + c1 x + ... + c6 x^6, by Horner.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Series(Vector256<double> x, double c0, double c1, double c2, double c3, double c4, double c5, double c6)
    {
        var sum = Vector256.FusedMultiplyAdd(Vector256.Create(c6), x, Vector256.Create(c5));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c4));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c3));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c2));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c1));
        return Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c0));
    }
}
