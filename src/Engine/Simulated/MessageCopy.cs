using System.Buffers;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Copies messages as a wire would, so that sender and receiver share no arrays.</summary>
public static class MessageCopy
{
    /// <summary>The message, encoded and decoded.</summary>
    public static IMessage Of(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return MessageCodec.Decode(buffer.WrittenSpan);
    }
}
