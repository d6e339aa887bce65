using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Puts frames together that came in pieces. Pieces of one frame come in order, among those of others. What is not whole after a minute is
/// dropped, and no memory is taken ahead of what has come, so that a false length costs nothing; what waits has a bound too, past which the
/// oldest is dropped. Used by one thread at a time.
/// </summary>
internal sealed class Reassembly
{
    /// <summary>
    /// The most bytes that wait for their frames to be whole: as many as the largest frame has. What waits longest goes first.
    /// </summary>
    private const long MostBytes = MessageCodec.DefaultMaxFrameBytes;

    /// <summary>The most frames that wait.</summary>
    private const int MostFrames = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Guid, (MemoryStream Bytes, long Since)> _frames = [];

    /// <summary>The whole frame, once its last piece has come; null before.</summary>
    /// <exception cref="FrameException">The piece does not follow the one before.</exception>
    public ReadOnlyMemory<byte>? Add(in Parcel parcel)
    {
        foreach (var (key, _) in _frames.Where(f => Stopwatch.GetElapsedTime(f.Value.Since) > Patience).ToList())
        {
            _frames.Remove(key);
        }

        if (!_frames.TryGetValue(parcel.Frame, out var frame))
        {
            frame = (new MemoryStream(), Stopwatch.GetTimestamp());
        }

        if (frame.Bytes.Length != parcel.Offset || parcel.Piece.IsEmpty)
        {
            // A piece before it was lost with its node or came twice: the sender is asked again.
            _frames.Remove(parcel.Frame);
            throw new FrameException($"a piece of a message at offset {parcel.Offset} came where {frame.Bytes.Length} was expected");
        }

        MakeRoom(parcel.Frame, parcel.Piece.Length);
        frame.Bytes.Write(parcel.Piece);
        if (frame.Bytes.Length < parcel.FrameBytes)
        {
            _frames[parcel.Frame] = frame;
            return null;
        }

        _frames.Remove(parcel.Frame);
        return frame.Bytes.GetBuffer().AsMemory(0, (int)frame.Bytes.Length);
    }

    private void MakeRoom(Guid frame, int bytes)
    {
        while (_frames.Keys.Count(key => key != frame) is > 0 and var others &&
            (others >= MostFrames || _frames.Values.Sum(f => f.Bytes.Length) + bytes > MostBytes))
        {
            _frames.Remove(_frames.Where(f => f.Key != frame).MinBy(f => f.Value.Since).Key);
        }
    }
}
