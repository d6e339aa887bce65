using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// What components of a Gamma mixture say of one vector, all factors at once: the part of their logits that depends on the vector, and its
/// moments. With a = shape + s, b = rate + t: sum_l log Gamma(a_l) - a_l log b_l, E x_l = a_l / b_l, E log x_l = digamma(a_l) - log b_l. 4
/// factors side by side; two divisions and one logarithm for each, since log Gamma and digamma share theirs: y = a + 8 has Stirling's
/// series with 5 terms, log (y / b) serves both, and what is left of the logarithms is that of a product over factors. About 3e-14 of
/// max(1, |result|). A component is a chain of some 35 dependent operations, longer than a processor looks ahead; so a block of components
/// goes through in three passes (up to the divisions, logarithms, series), each short enough that many vectors are in hand at once: half
/// the time of one pass. Not thread-safe: it owns its buffers.
/// </summary>
internal sealed class ConjugateGammaKernel
{
    /// <summary>Lanes: the stride is a multiple of it, padded so that shape + s and rate + t are 1.</summary>
    public const int Lanes = 4;

    private const double Shift = 8;
    private const double HalfLogTwoPi = 0.91893853320467274178;

    // Vectors of a block: its buffers are 8 kB.
    private const int BlockVectors = 64;

    // A factor's part of the product is in [5e-11, 1e12] for 0.01 <= a <= 1e12: so many stay far from the ends of the exponent.
    private const int FactorsOfProduct = 16;

    private readonly int _stride;
    private readonly int _block;
    private readonly int _products;
    private readonly double[] _ratios;
    private readonly double[] _inverses;
    private readonly double[] _below;

    /// <summary>A kernel for vectors of a padded length.</summary>
    public ConjugateGammaKernel(int stride)
    {
        _stride = stride;
        _block = int.Max(1, BlockVectors * Lanes / stride);
        _products = (stride + FactorsOfProduct - 1) / FactorsOfProduct;
        (_inverses, _below) = (new double[_block * stride], new double[_block * stride]);
        _ratios = new double[Padding.To(_block * (stride + _products))];
    }

    /// <summary>The parts of the logits (padding adds 0 but for rounding), E x and E log x of some components.</summary>
    /// <param name="components">The components to evaluate.</param>
    /// <param name="shapes">Shapes of all components, components x stride.</param>
    /// <param name="rates">Rates, likewise.</param>
    /// <param name="s">What is added to the shapes.</param>
    /// <param name="t">What is added to the rates.</param>
    /// <param name="means">E x, components x stride.</param>
    /// <param name="logs">E log x, likewise.</param>
    /// <param name="logits">One for each component.</param>
    public void Evaluate(
        ReadOnlySpan<int> components, double[] shapes, double[] rates, ReadOnlySpan<double> s, ReadOnlySpan<double> t, double[] means,
        double[] logs, double[] logits)
    {
        s = s[.._stride];
        t = t[.._stride];
        while (components.Length > 0)
        {
            var block = components[..int.Min(_block, components.Length)];
            components = components[block.Length..];
            var products = _ratios.AsSpan(block.Length * _stride);
            for (var e = 0; e < block.Length; e++)
            {
                var (at, own) = (block[e] * _stride, e * _stride);
                Divide(
                    shapes.AsSpan(at, _stride), rates.AsSpan(at, _stride), s, t,
                    means.AsSpan(at, _stride), _ratios.AsSpan(own, _stride), _inverses.AsSpan(own, _stride), _below.AsSpan(own, _stride),
                    products[(e * _products)..]);
            }

            var used = block.Length * (_stride + _products);
            var whole = Padding.To(used);
            _ratios.AsSpan(used, whole - used).Fill(1);
            VectorLog.InPlace(_ratios.AsSpan(0, whole));
            for (var e = 0; e < block.Length; e++)
            {
                var (at, own) = (block[e] * _stride, e * _stride);
                var sum = Sum(shapes.AsSpan(at, _stride), s, _ratios.AsSpan(own, _stride), _inverses.AsSpan(own, _stride),
                    _below.AsSpan(own, _stride), logs.AsSpan(at, _stride));
                foreach (var product in products.Slice(e * _products, _products))
                {
                    sum -= 0.5 * product;
                }

                logits[block[e]] = sum;
            }
        }
    }

    /// <summary>The scalar twin of <see cref="Evaluate"/>, for one component.</summary>
    public static double EvaluateScalar(
        ReadOnlySpan<double> shapes, ReadOnlySpan<double> rates, ReadOnlySpan<double> s, ReadOnlySpan<double> t, Span<double> means,
        Span<double> logs)
    {
        var sum = 0.0;
        for (var l = 0; l < shapes.Length; l++)
        {
            var (shape, rate) = (shapes[l] + s[l], rates[l] + t[l]);
            sum += GammaFunctions.LogGamma(shape) - (shape * double.Log(rate));
            means[l] = shape / rate;
            logs[l] = GammaFunctions.Digamma(shape) - double.Log(rate);
        }

        return sum;
    }

    // All that needs a + 8 or the rising product a (a + 1) ... (a + 7) and its derivative: with u = a (a + 7) the product is u (u + 6) (u +
    // 10) (u + 12), of positive terms all. Ratios: y / b. Inverses: 1 / y. Below: 1 / (2 y) and what the shift takes from digamma.
    // Products, over 16 factors: (rising / y^8)^2 y.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Divide(
        ReadOnlySpan<double> shapes, ReadOnlySpan<double> rates, ReadOnlySpan<double> s, ReadOnlySpan<double> t,
        Span<double> means, Span<double> ratios, Span<double> inverses, Span<double> below, Span<double> products)
    {
        ref var shape0 = ref MemoryMarshal.GetReference(shapes);
        ref var rate0 = ref MemoryMarshal.GetReference(rates);
        ref var s0 = ref MemoryMarshal.GetReference(s);
        ref var t0 = ref MemoryMarshal.GetReference(t);
        ref var mean0 = ref MemoryMarshal.GetReference(means);
        ref var ratio0 = ref MemoryMarshal.GetReference(ratios);
        ref var inverse0 = ref MemoryMarshal.GetReference(inverses);
        ref var below0 = ref MemoryMarshal.GetReference(below);
        var product = Vector256<double>.One;
        for (nint l = 0; l < shapes.Length; l += Lanes)
        {
            var shape = Vector256.LoadUnsafe(ref shape0, (nuint)l) + Vector256.LoadUnsafe(ref s0, (nuint)l);
            var rate = Vector256.LoadUnsafe(ref rate0, (nuint)l) + Vector256.LoadUnsafe(ref t0, (nuint)l);
            var u = shape * (shape + Vector256.Create(7.0));
            var twice = u + u;
            var (outer, inner) = (u * (u + Vector256.Create(6.0)), (u + Vector256.Create(10.0)) * (u + Vector256.Create(12.0)));
            var rising = outer * inner;
            var slope = Vector256.FusedMultiplyAdd(
                twice + Vector256.Create(6.0), inner, (twice + Vector256.Create(22.0)) * outer) * (shape + shape + Vector256.Create(7.0));
            var y = shape + Vector256.Create(Shift);
            var above = y * rising;
            var inverseRate = Vector256<double>.One / rate;
            var inverseAbove = Vector256<double>.One / above;
            var inverseY = inverseAbove * rising;
            (shape * inverseRate).StoreUnsafe(ref mean0, (nuint)l);
            (y * inverseRate).StoreUnsafe(ref ratio0, (nuint)l);
            inverseY.StoreUnsafe(ref inverse0, (nuint)l);
            Vector256.FusedMultiplyAdd(slope, inverseAbove * y, Vector256.Create(0.5) * inverseY).StoreUnsafe(ref below0, (nuint)l);
            var square = inverseY * inverseY;
            var ratio = rising * (square * square * (square * square));
            product *= ratio * ratio * y;
            var next = l + Lanes;
            if (next % FactorsOfProduct == 0 || next >= shapes.Length)
            {
                var half = product.GetLower() * product.GetUpper();
                products[(int)(l / FactorsOfProduct)] = half[0] * half[1];
                product = Vector256<double>.One;
            }
        }
    }

    // log Gamma(a) = (y - 1/2) log y - y + ... - log rising, with y = a + 8: a log y, and the logarithm of y^8 / rising and of y^(-1/2),
    // which is the products'.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Sum(
        ReadOnlySpan<double> shapes, ReadOnlySpan<double> s, ReadOnlySpan<double> logRatios, ReadOnlySpan<double> inverses,
        ReadOnlySpan<double> below, Span<double> logs)
    {
        ref var shape0 = ref MemoryMarshal.GetReference(shapes);
        ref var s0 = ref MemoryMarshal.GetReference(s);
        ref var ratio0 = ref MemoryMarshal.GetReference(logRatios);
        ref var inverse0 = ref MemoryMarshal.GetReference(inverses);
        ref var below0 = ref MemoryMarshal.GetReference(below);
        ref var log0 = ref MemoryMarshal.GetReference(logs);
        var sum = Vector256<double>.Zero;
        for (nint l = 0; l < shapes.Length; l += Lanes)
        {
            var shape = Vector256.LoadUnsafe(ref shape0, (nuint)l) + Vector256.LoadUnsafe(ref s0, (nuint)l);
            var logRatio = Vector256.LoadUnsafe(ref ratio0, (nuint)l);
            var inverseY = Vector256.LoadUnsafe(ref inverse0, (nuint)l);
            var square = inverseY * inverseY;
            (logRatio - Vector256.FusedMultiplyAdd(Digamma(square), square, Vector256.LoadUnsafe(ref below0, (nuint)l))).StoreUnsafe(
                ref log0, (nuint)l);
            sum += Vector256.FusedMultiplyAdd(
                shape, logRatio, Vector256.FusedMultiplyAdd(LogGamma(square), inverseY, Vector256.Create(HalfLogTwoPi - Shift) - shape));
        }

        return Vector256.Sum(sum);
    }

    // (log Gamma(y) - (y - 1/2) log y + y - log(2 pi) / 2) y and (log y - 1 / (2 y) - digamma(y)) y^2 as polynomials in 1 / y^2,
    // interpolated at the Chebyshev nodes of [0, 1/64], in 50 digits: off by 3.1e-15 and 3.3e-14 at most, so that log Gamma and digamma are
    // off by less than 1e-15 / 2. Stirling's series needs two terms more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LogGamma(Vector256<double> square) =>
        Series(square, 0.083333333333330253494, -0.0027777777679124518382, 0.00079364571611153899004, -0.00059431759085636290109,
            0.00077265144672116385505);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Digamma(Vector256<double> square) =>
        Series(square, 0.083333333333300187075, -0.0083333332271405489686, 0.003968199261569387098, -0.0041567284637540648388,
            0.0068262752398650821898);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Series(Vector256<double> x, double c0, double c1, double c2, double c3, double c4)
    {
        var sum = Vector256.FusedMultiplyAdd(Vector256.Create(c4), x, Vector256.Create(c3));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c2));
        sum = Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c1));
        return Vector256.FusedMultiplyAdd(sum, x, Vector256.Create(c0));
    }
}
