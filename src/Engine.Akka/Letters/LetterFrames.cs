using System.Buffers;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>The frames that letters carry.</summary>
internal static class LetterFrames
{
    /// <summary>A message as a frame.</summary>
    public static ReadOnlyMemory<byte> Of(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenMemory;
    }

    /// <summary>A message of a bundle, with the bundle's arrays.</summary>
    /// <exception cref="FrameException">It is none.</exception>
    public static (ActorAddress To, IMessage Message) Unpack(BundledMessage packed, ArraySet arrays)
    {
        if (!OutsideAddress.IsPossible(packed.To))
        {
            throw new FrameException("a message of a bundle is for an address that no actor has");
        }

        return MessageCodec.Decode(packed.Frame.Span) is IBroadcast message ? (packed.To, message.With(arrays))
            : throw new FrameException($"a message of a bundle to {packed.To} takes no arrays");
    }
}
