using System.Numerics;
using System.Runtime.InteropServices;

namespace FitCluster.Messages;

/// <summary>
/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78): finds every error burst of up to 32 bits. The instruction of the CPU where it
/// has one, else the table of the base library.
/// </summary>
public static class Crc32C
{
    /// <summary>
    /// The checksum of these bytes. The checksum of two pieces one after the other: pass the first one's as <paramref name="before"/>.
    /// </summary>
    public static uint Compute(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var crc = ~before;
        // 8 bytes a step; what remains (0 to 7 bytes) singly.
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(
                crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var one in bytes[(8 * words.Length)..])
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }
}
