using System.Buffers;

namespace FitCluster.Messages;

/// <summary>
/// Messages as bytes: a frame with a magic, a version, a tag from a table written by hand, a length and a checksum; arrays lie in it as
/// they lie in memory. Nothing is deserialized by type name, and nothing is allocated that the frame's length does not justify.
/// </summary>
public static class MessageCodec
{
    /// <summary>The most bytes a frame may have, unless told otherwise: 1 GiB.</summary>
    public const int DefaultMaxFrameBytes = 1 << 30;

    /// <summary>Writes a message as one frame.</summary>
    /// <param name="message">Of a type in the table.</param>
    /// <param name="output">Asked once for a span of the frame's size.</param>
    /// <param name="maxFrameBytes">The most bytes the frame may have.</param>
    /// <exception cref="FrameException">The message is too large, or cannot be written (no tag, no job name).</exception>
    public static void Encode(IMessage message, IBufferWriter<byte> output, int maxFrameBytes = DefaultMaxFrameBytes)
    {
        ArgumentNullException.ThrowIfNull(message);
        var entry = MessageTable.Of(message.GetType());
        Frame.Write(entry.Tag, message, entry.Write, output, maxFrameBytes, message.GetType().Name);
    }

    /// <summary>Reads the message of one whole frame.</summary>
    /// <exception cref="FrameException">The frame is damaged, cut off, too large, of an unknown
    /// tag, or made by a newer version.</exception>
    public static IMessage Decode(ReadOnlySpan<byte> frame, int maxFrameBytes = DefaultMaxFrameBytes)
    {
        var body = Frame.Read(frame, maxFrameBytes, out var tag);
        var reader = new BodyReader(body);
        var message = MessageTable.Of(tag).Read(ref reader);
        reader.End();
        return message;
    }
}
