using System.Buffers;
using System.Buffers.Binary;

namespace FitCluster.Messages;

/// <summary>
/// The layout around every body, little-endian: magic "FitC" (0-3), version (4), zero (5), tag (6-7), body length (8-11), CRC-32C of bytes
/// 0-11 and of the body (12-15), body (16-).
/// </summary>
internal static class Frame
{
    public const int HeaderBytes = 16;
    public const byte Version = 1;
    private const uint Magic = 0x43746946;

    public delegate void WriteBody<in T>(ref BodyWriter writer, T value);

    /// <summary>Measures the body, asks the buffer for one span of the right size, and writes it there: arrays are copied once.</summary>
    public static void Write<T>(ushort tag, T value, WriteBody<T> write, IBufferWriter<byte> output, int maxFrameBytes, string what)
    {
        var measure = BodyWriter.Measuring();
        write(ref measure, value);
        var total = measure.Position + HeaderBytes;
        if (total > maxFrameBytes)
        {
            throw new FrameException(
                $"a {what} takes {total} bytes, and a frame may have {maxFrameBytes}: use more shards, or raise the limit");
        }

        var frame = output.GetSpan((int)total)[..(int)total];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        frame[4] = Version;
        frame[5] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[6..], tag);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[8..], (uint)measure.Position);
        var writer = new BodyWriter(frame[HeaderBytes..]);
        write(ref writer, value);
        if (writer.Position != measure.Position)
        {
            throw new FrameException(
                $"a {what} was changed while it was written: it took {measure.Position} bytes, then {writer.Position}");
        }

        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], Checksum(frame));
        output.Advance((int)total);
    }

    /// <summary>Checks everything around the body. Nothing is allocated.</summary>
    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> frame, int maxFrameBytes, out ushort tag)
    {
        if (frame.Length > maxFrameBytes)
        {
            throw new FrameException($"a frame has {frame.Length} bytes, and it may have {maxFrameBytes}");
        }

        if (frame.Length < HeaderBytes)
        {
            throw new FrameException($"a frame is cut off: {frame.Length} bytes are there, and its header alone has {HeaderBytes}");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        if (magic != Magic)
        {
            throw new FrameException($"this is no frame: 0x{magic:x8} stands at offset 0 where 0x{Magic:x8} was expected");
        }

        if (frame[4] > Version)
        {
            throw new FrameException(
                $"a frame was made by a newer version of FitCluster: its layout is {frame[4]}, and this program reads up to {Version}; " +
                "upgrade this node");
        }

        if (frame[4] == 0 || frame[5] != 0)
        {
            throw new FrameException(
                $"a frame is damaged: version {frame[4]} and {frame[5]} stand at offset 4 where 1 to {Version} and 0 were expected");
        }

        tag = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]);
        if (length != frame.Length - HeaderBytes)
        {
            throw new FrameException(
                $"a frame is cut off or has something behind it: its body at offset {HeaderBytes} is to have {length} bytes, and " +
                $"{frame.Length - HeaderBytes} are there");
        }

        var (said, computed) = (BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]), Checksum(frame));
        if (said != computed)
        {
            throw new FrameException(
                $"a frame is damaged: the checksum at offset 12 is 0x{said:x8}, and its content gives 0x{computed:x8}");
        }

        return frame[HeaderBytes..];
    }

    /// <summary>The checksum of a whole frame: of the header up to the checksum, then of the body.</summary>
    public static uint Checksum(ReadOnlySpan<byte> frame) => Crc32C.Compute(frame[HeaderBytes..], Crc32C.Compute(frame[..12]));
}
