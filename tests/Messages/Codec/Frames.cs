using System.Buffers.Binary;

namespace FitCluster.Messages.Tests.Codec;

/// <summary>Makes the header of a tampered frame agree with its body, so that the body's reader has to find the fault.</summary>
internal static class Frames
{
    public static byte[] Seal(byte[] frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), frame.Length - 16);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12), Checksum(frame));
        return frame;
    }

    public static uint Checksum(ReadOnlySpan<byte> frame) => Crc32C.Compute(frame[16..], Crc32C.Compute(frame[..12]));
}
