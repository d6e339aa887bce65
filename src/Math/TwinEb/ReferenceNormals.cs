using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.TwinEb;

/// <summary>
/// Standard normal numbers for many rows or columns at once, by Box and Muller on 8 lanes: one Philox counter gives a cosine and a sine. Entity n of width
/// W (a multiple of 4) uses counters n W / 2 + (0 .. W / 2): its first half are cosines, its second half sines. A number depends on (seed, stream, entity,
/// position) and the width alone.
/// </summary>
internal static class ReferenceNormals
{
    private const int Chunk = 256;
    private const double TwoPi = 2 * double.Pi;

    /// <summary>Fills count x width numbers for entities first, first + 1, ...</summary>
    public static void Fill(ulong seed, ulong stream, long first, int count, int width, Span<double> normals)
    {
        Span<double> cosines = stackalloc double[Chunk];
        Span<double> sines = stackalloc double[Chunk];
        var half = width / 2;
        var perChunk = int.Max(1, Chunk / half);
        if (half > Chunk)
        {
            cosines = new double[half];
            sines = new double[half];
        }

        for (var at = 0; at < count; at += perChunk)
        {
            var entities = int.Min(perChunk, count - at);
            var pairs = entities * half;
            Pairs(seed, stream, (ulong)(first + at) * (ulong)half, cosines[..pairs], sines[..pairs]);
            for (var e = 0; e < entities; e++)
            {
                var target = normals.Slice((at + e) * width, width);
                cosines.Slice(e * half, half).CopyTo(target);
                sines.Slice(e * half, half).CopyTo(target[half..]);
            }
        }
    }

    // 52 bits, centred in their cells as in Philox.Uniform: never 0 and never 1.
    private static double Unit(uint high, uint low) => (((((ulong)high << 32) | low) >> 12) + 0.5) * (1.0 / (1UL << 52));

    private static void Pairs(ulong seed, ulong stream, ulong counter, Span<double> cosines, Span<double> sines)
    {
        for (var p = 0; p < cosines.Length; p++)
        {
            var (a, b, c, d) = Philox.Words(seed, stream, counter + (ulong)p);
            cosines[p] = Unit(a, b);
            sines[p] = Unit(c, d);
        }

        for (var p = 0; p < cosines.Length; p += VectorNormal.Lanes)
        {
            var radius = Vector512.Sqrt(Vector512.Create(-2.0) * Vector512.Log(VectorNormal.Load(cosines, p, 0.5)));
            var (sine, cosine) = Vector512.SinCos(Vector512.Create(TwoPi) * VectorNormal.Load(sines, p, 0.5));
            VectorNormal.Store(radius * cosine, cosines, p);
            VectorNormal.Store(radius * sine, sines, p);
        }
    }
}
