namespace FitCluster.Math.Numerics;

/// <summary>
/// Counter-based random numbers, Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
/// A number depends on its key and counter alone, so a fit draws the same ones whatever thread, node or attempt asks.
/// </summary>
public static class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>The four 32-bit words of one counter under one key.</summary>
    public static (uint A, uint B, uint C, uint D) Words(ulong key, ulong counterHigh, ulong counterLow)
    {
        var (a, b) = ((uint)counterLow, (uint)(counterLow >> 32));
        var (c, d) = ((uint)counterHigh, (uint)(counterHigh >> 32));
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < 10; round++)
        {
            var p0 = (ulong)Multiplier0 * a;
            var p1 = (ulong)Multiplier1 * c;
            (a, b, c, d) = ((uint)(p1 >> 32) ^ b ^ k0, (uint)p1, (uint)(p0 >> 32) ^ d ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (a, b, c, d);
    }

    /// <summary>A uniform number in the open interval (0, 1), for (seed, stream, index).</summary>
    public static double Uniform(ulong seed, ulong stream, ulong index)
    {
        var (a, b, _, _) = Words(seed, stream, index);
        return ToUnit(a, b);
    }

    /// <summary>A standard normal number, for (seed, stream, index), by the Box-Muller transform.</summary>
    public static double Normal(ulong seed, ulong stream, ulong index)
    {
        var (a, b, c, d) = Words(seed, stream, index);
        return double.Sqrt(-2 * double.Log(ToUnit(a, b))) * double.Cos(2 * double.Pi * ToUnit(c, d));
    }

    // 52 bits, centred in their cells: never 0 and never 1.
    private static double ToUnit(uint high, uint low) => (((((ulong)high << 32) | low) >> 12) + 0.5) * (1.0 / (1UL << 52));
}
