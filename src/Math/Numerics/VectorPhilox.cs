using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FitCluster.Math.Numerics;

/// <summary>
/// <see cref="Philox"/> for 4 counters side by side, the same bits. A 32-bit word is the low half of a 64-bit lane; what the high half
/// holds is never looked at.
/// </summary>
internal static class VectorPhilox
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const ulong LowHalf = 0xFFFFFFFF;

    /// <summary>The four words of each counter under one key.</summary>
    public static (Vector256<ulong> A, Vector256<ulong> B, Vector256<ulong> C, Vector256<ulong> D) Words(
        ulong key, Vector256<ulong> counterHigh, Vector256<ulong> counterLow)
    {
        var (a, b) = (counterLow, Vector256.ShiftRightLogical(counterLow, 32));
        var (c, d) = (counterHigh, Vector256.ShiftRightLogical(counterHigh, 32));
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        var (m0, m1) = (Vector256.Create((ulong)Multiplier0), Vector256.Create((ulong)Multiplier1));
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = Product(a, m0);
            var p1 = Product(c, m1);
            a = Vector256.ShiftRightLogical(p1, 32) ^ b ^ Vector256.Create((ulong)k0);
            c = Vector256.ShiftRightLogical(p0, 32) ^ d ^ Vector256.Create((ulong)k1);
            (b, d) = (p1, p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (a, b, c, d);
    }

    /// <summary>
    /// A uniform number in (0, 1) from 52 bits of two words, as <see cref="Philox.Uniform"/>: as the fraction of a number in [1, 2) they
    /// need no conversion, and every step is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Unit(Vector256<ulong> high, Vector256<ulong> low)
    {
        var bits = Vector256.ShiftRightLogical(Vector256.ShiftLeft(high, 32) | (low & Vector256.Create(LowHalf)), 12);
        return (bits | Vector256.Create(0x3FF0000000000000UL)).AsDouble() - Vector256.Create(1 - (0.5 / (1UL << 52)));
    }

    /// <summary>A uniform number in (0, 1) from one word, (word + 1/2) / 2^32: exact, by way of 2^52 + word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Unit(Vector256<ulong> word) =>
        (((word & Vector256.Create(LowHalf)) | Vector256.Create(0x4330000000000000UL)).AsDouble() -
            Vector256.Create((double)(1UL << 52) - 0.5)) * Vector256.Create(1.0 / (1UL << 32));

    // The products of the low halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Product(Vector256<ulong> a, Vector256<ulong> b) =>
        Avx2.IsSupported ? Avx2.Multiply(a.AsUInt32(), b.AsUInt32()) : (a & Vector256.Create(LowHalf)) * b;
}
