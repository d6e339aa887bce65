using System.Buffers;

namespace FitCluster.Messages;

/// <summary>A set of arrays as a frame of its own, as a store keeps it. Every bit of every value is kept.</summary>
public static class ArraySetCodec
{
    /// <summary>Its tag: no message has it.</summary>
    private const ushort Tag = 0x8000;

    /// <summary>Writes a set as one frame.</summary>
    /// <exception cref="FrameException">It is larger than a frame may be.</exception>
    public static void Encode(ArraySet set, IBufferWriter<byte> output, int maxFrameBytes = int.MaxValue) =>
        Frame.Write(
            Tag, set, static (ref BodyWriter writer, ArraySet value) => writer.Arrays(value), output, maxFrameBytes, "set of arrays");

    /// <summary>Reads a set from one whole frame.</summary>
    /// <exception cref="FrameException">The frame is damaged, cut off, something else, or made by a newer version.</exception>
    public static ArraySet Decode(ReadOnlySpan<byte> frame, int maxFrameBytes = int.MaxValue)
    {
        var body = Frame.Read(frame, maxFrameBytes, out var tag);
        if (tag != Tag)
        {
            throw new FrameException($"a frame holds something of tag {tag} where a set of arrays (tag {Tag}) was expected");
        }

        var reader = new BodyReader(body);
        var set = reader.Arrays();
        reader.End();
        return set;
    }
}
