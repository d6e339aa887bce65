using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Random numbers of the conjugate optimizer. Each depends on (seed, stream, draw, entity, factor) alone: an entity is a row of the
/// whole matrix or a column, so that shards do not matter.
/// </summary>
internal static class ConjugateDraw
{
    /// <summary>Streams: where rows and columns start, where components start, and draws for the held-out score.</summary>
    public const ulong RowStart =
        0xC0_01, ColumnStart = 0xC0_02, Cluster = 0xC0_03, RowScore = 0xC0_04, ColumnScore = 0xC0_05, Candidates = 0xC0_06;

    private const double UnitOf32 = 1.0 / (1UL << 32);

    /// <summary>A uniform number in (0, 1).</summary>
    public static double Uniform(ulong seed, ulong stream, int draw, long entity, int factor)
    {
        var (a, b, _, _) = Words(seed, stream, draw, entity, factor, 0);
        return Unit(a, b);
    }

    /// <summary>A standard normal number.</summary>
    public static double Normal(ulong seed, ulong stream, int draw, long entity, int factor)
    {
        var (a, b, c, d) = Words(seed, stream, draw, entity, factor, 0);
        return double.Sqrt(-2 * double.Log(Unit(a, b))) * double.Cos(2 * double.Pi * Unit(c, d));
    }

    /// <summary>
    /// A Gamma(shape, 1) number (<see cref="GammaRejection"/>).
    /// </summary>
    public static double Gamma(double shape, ulong seed, ulong stream, int draw, long entity, int factor)
    {
        var boost = 1.0;
        if (shape < 1)
        {
            var (a, b, _, _) = Words(seed, stream, draw, entity, factor, ushort.MaxValue);
            boost = double.Exp(double.Log(Unit(a, b)) / shape);
            shape++;
        }

        for (var attempt = 0; ; attempt++)
        {
            var (w0, w1, w2, w3) = Words(seed, stream, draw, entity, factor, attempt);
            var z = double.Sqrt(-2 * double.Log(Unit(w0, w1))) * double.Cos(2 * double.Pi * (w2 + 0.5) * UnitOf32);
            if (GammaRejection.Try(shape, z, (w3 + 0.5) * UnitOf32, out var number))
            {
                return number * boost;
            }
        }
    }

    /// <summary>
    /// A generalized inverse Gaussian number (<see cref="GeneralizedInverseGaussian"/>), by rejection: of a log-concave density with its
    /// mode at 0, of height 1 and area at most S, min(1, exp(1 - |d| / S)) is no less (Devroye, 1984). Some six attempts.
    /// </summary>
    public static double Inverse(double g, double r, double t, ulong seed, ulong stream, int draw, long entity, int factor)
    {
        var (mode, a, b) = GeneralizedInverseGaussian.Shape(g, r, t);

        // A number so small is below anything that a sum could show, and its own density is a Gamma's.
        if (b < GeneralizedInverseGaussian.LeastInverse)
        {
            return Gamma(g, seed, stream, draw, entity, factor) / r;
        }

        // To the right the density is below exp(-a d^2 / 2), to the left, with kappa = a + b, below exp(-kappa (exp(d) - 1 - d)), whose
        // integral over all d is Gamma(kappa) (e / kappa)^kappa.
        var kappa = a + b;
        var left = double.Min(
            double.Exp(GammaFunctions.LogGamma(kappa) + kappa - (kappa * double.Log(kappa))), double.Log(1 + ((3 + a) / b)) + 1);
        var area = double.Sqrt(double.Pi / (2 * a)) + left;
        for (var attempt = 0; ; attempt++)
        {
            var (w0, w1, w2, w3) = Words(seed, stream, draw, entity, factor, attempt);
            var (place, sign) = ((w0 + 0.5) * UnitOf32 * 2, w3 < 0x8000_0000 ? -1 : 1);
            var tail = place < 1 ? 0 : -double.Log((w2 + 0.5) * UnitOf32);
            var d = sign * area * (place < 1 ? place : 1 + tail);
            var log = -(a * GeneralizedInverseGaussian.Excess(d)) - (b * GeneralizedInverseGaussian.Excess(-d));
            if (double.Log((w1 + 0.5) * UnitOf32) - tail <= log)
            {
                return mode * double.Exp(d);
            }
        }
    }

    /// <summary>
    /// The numbers that <see cref="Gamma"/> has for factors 0, 1, ... but for rounding, 4 side by side: the first attempt of each, and the
    /// scalar way for the few where it fails. Spans have a multiple of 4 numbers; shapes are positive, those of the padding too.
    /// </summary>
    public static void Gammas(ReadOnlySpan<double> shapes, ulong seed, ulong stream, int draw, long entity, Span<double> numbers)
    {
        var (one, half) = (Vector256<double>.One, Vector256.Create(0.5));
        var (key, low) = (seed ^ (stream << 48), Vector256.Create((ulong)entity));
        for (var l = 0; l < shapes.Length; l += Vector256<double>.Count)
        {
            var high = Vector256.Create((ulong)(uint)draw << 32) +
                Vector256.ShiftLeft(Vector256.Create((ulong)l) + Vector256.Create(0UL, 1, 2, 3), 16);
            var shape = Vector256.Create(shapes[l..]);
            var small = Vector256.LessThan(shape, one);
            var boost = one;
            if (small != Vector256<double>.Zero)
            {
                var (a, b, _, _) = VectorPhilox.Words(key, high + Vector256.Create((ulong)ushort.MaxValue), low);
                boost = Vector256.ConditionalSelect(small, Vector256.Exp(VectorLog.Of(VectorPhilox.Unit(a, b)) / shape), one);
            }

            var (w0, w1, w2, w3) = VectorPhilox.Words(key, high, low);
            var (_, cosine) = VectorTurn.SinCos(VectorPhilox.Unit(w2));
            var z = Vector256.Sqrt(Vector256.Create(-2.0) * VectorLog.Of(VectorPhilox.Unit(w0, w1))) * cosine;

            // GammaRejection.Try.
            var d = shape + (one & small) - Vector256.Create(1.0 / 3);
            var root = one + (z / Vector256.Sqrt(Vector256.Create(9.0) * d));
            var v = root * root * root;
            var number = d * v;
            var isAccepted = Vector256.GreaterThan(root, Vector256<double>.Zero)
                & Vector256.LessThan(VectorLog.Of(VectorPhilox.Unit(w3)), (half * z * z) + d - number + (d * VectorLog.Of(v)));
            (number * boost).CopyTo(numbers[l..]);
            for (var failed = ~Vector256.ExtractMostSignificantBits(isAccepted) & 0xF; failed != 0; failed &= failed - 1)
            {
                var at = l + System.Numerics.BitOperations.TrailingZeroCount(failed);
                numbers[at] = Gamma(shapes[at], seed, stream, draw, entity, at);
            }
        }
    }

    // Factors are below 2^16 (at most 1,024) and attempts too (each fails with a chance below 0.05).
    private static (uint A, uint B, uint C, uint D) Words(ulong seed, ulong stream, int draw, long entity, int factor, int attempt) =>
        Philox.Words(seed ^ (stream << 48), ((ulong)(uint)draw << 32) | ((ulong)(uint)factor << 16) | (uint)attempt, (ulong)entity);

    private static double Unit(uint high, uint low) => (((((ulong)high << 32) | low) >> 12) + 0.5) * (1.0 / (1UL << 52));
}
