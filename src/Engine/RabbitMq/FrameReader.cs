using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Makes messages of the parcels of one queue, whole ones and pieces. Used by one thread at a time.</summary>
internal sealed class FrameReader
{
    private readonly Reassembly _reassembly = new();

    /// <summary>The message and its sender; no message when more pieces of it are to come.</summary>
    /// <exception cref="FrameException">It is none.</exception>
    public (IMessage? Message, ActorAddress? Sender) Read(ReadOnlySpan<byte> body)
    {
        var parcel = Parcel.Read(body);
        var message = parcel.IsWhole ? MessageCodec.Decode(parcel.Piece)
            : _reassembly.Add(parcel) is { } frame ? MessageCodec.Decode(frame.Span)
            : null;
        return (message, parcel.Sender);
    }
}
