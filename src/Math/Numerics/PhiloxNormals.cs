using System.Runtime.Intrinsics;

namespace FitCluster.Math.Numerics;

/// <summary>
/// Standard normal numbers for many rows or columns at once, by Box and Muller on 4 lanes: one Philox counter gives a cosine and a sine.
/// Entity n of width W (a multiple of 4) uses counters n W / 2 + (0 .. W / 2): its first half are cosines, its second half sines. A number
/// depends on (seed, stream, entity, position) and the width alone.
/// </summary>
internal static class PhiloxNormals
{
    private const int Lanes = 4;
    private const int Chunk = 256;

    /// <summary>Fills count x width numbers for entities first, first + 1, ...</summary>
    public static void Fill(ulong seed, ulong stream, long first, int count, int width, Span<double> normals)
    {
        Span<double> cosines = stackalloc double[Chunk];
        Span<double> sines = stackalloc double[Chunk];
        var half = width / 2;
        var perChunk = int.Max(1, Chunk / half);
        if (half > Chunk)
        {
            cosines = new double[half + Lanes];
            sines = new double[half + Lanes];
        }

        for (var at = 0; at < count; at += perChunk)
        {
            var entities = int.Min(perChunk, count - at);
            Pairs(seed, stream, (ulong)(first + at) * (ulong)half, entities * half, cosines, sines);
            for (var e = 0; e < entities; e++)
            {
                var target = normals.Slice((at + e) * width, width);
                cosines.Slice(e * half, half).CopyTo(target);
                sines.Slice(e * half, half).CopyTo(target[half..]);
            }
        }
    }

    // Spans have room for a whole number of vectors.
    private static void Pairs(ulong seed, ulong stream, ulong counter, int count, Span<double> cosines, Span<double> sines)
    {
        var lanes = Vector256.Create(0UL, 1, 2, 3);
        for (var p = 0; p < count; p += Lanes)
        {
            var (a, b, c, d) = VectorPhilox.Words(seed, Vector256.Create(stream), Vector256.Create(counter + (ulong)p) + lanes);
            var radius = Vector256.Sqrt(Vector256.Create(-2.0) * VectorLog.Of(VectorPhilox.Unit(a, b)));
            var (sine, cosine) = VectorTurn.SinCos(VectorPhilox.Unit(c, d));
            (radius * cosine).CopyTo(cosines[p..]);
            (radius * sine).CopyTo(sines[p..]);
        }
    }
}
