using System.Buffers.Binary;
using System.Text;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What one message of the broker carries: who sends, and a piece of a frame. Little-endian: magic "FP" and version (0-2), length of the
/// sender's kind (3), of its id (4-5; both 0: no sender), number of the frame among its sender's (6-21), offset of the piece (22-25),
/// length of the frame (26-29), then kind, id, piece.
/// </summary>
internal readonly ref struct Parcel(ActorAddress? sender, Guid frame, int offset, int frameBytes, ReadOnlySpan<byte> piece)
{
    private const ushort Magic = 0x5046;
    private const byte Version = 1;
    private const int HeaderBytes = 30;

    public ActorAddress? Sender { get; } = sender;

    public Guid Frame { get; } = frame;

    public int Offset { get; } = offset;

    public int FrameBytes { get; } = frameBytes;

    public ReadOnlySpan<byte> Piece { get; } = piece;

    public bool IsWhole => Offset == 0 && Piece.Length == FrameBytes;

    public static int Overhead(ActorAddress? sender) =>
        HeaderBytes + (sender is { } from ? Encoding.UTF8.GetByteCount(from.Kind) + Encoding.UTF8.GetByteCount(from.Id) : 0);

    /// <summary>Writes everything but the piece, which stands behind; returns the bytes written.</summary>
    public static int WriteHeader(Span<byte> to, ActorAddress? sender, Guid frame, int offset, int frameBytes)
    {
        var (kind, id) = sender is { } from ? (Encoding.UTF8.GetBytes(from.Kind), Encoding.UTF8.GetBytes(from.Id)) : ([], []);
        BinaryPrimitives.WriteUInt16LittleEndian(to, Magic);
        to[2] = Version;
        to[3] = checked((byte)kind.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], checked((ushort)id.Length));
        frame.TryWriteBytes(to[6..]);
        BinaryPrimitives.WriteInt32LittleEndian(to[22..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(to[26..], frameBytes);
        kind.CopyTo(to[HeaderBytes..]);
        id.CopyTo(to[(HeaderBytes + kind.Length)..]);
        return HeaderBytes + kind.Length + id.Length;
    }

    /// <exception cref="FrameException">This is no parcel, or one of a newer version.</exception>
    public static Parcel Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != Magic)
        {
            throw new FrameException($"a message of {bytes.Length} bytes is not of FitCluster's form");
        }

        if (bytes[2] != Version)
        {
            throw new FrameException(
                $"a message is of form {bytes[2]}, and this program reads form {Version}: " +
                "it was sent by a newer version of FitCluster; upgrade this node");
        }

        var (kind, id) = (bytes[3], BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]));
        var (offset, total) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[26..]));
        var start = HeaderBytes + kind + id;
        if (start > bytes.Length || offset < 0 || total < 0 || total > MessageCodec.DefaultMaxFrameBytes ||
            bytes.Length - start > total - offset)
        {
            throw new FrameException($"a message of {bytes.Length} bytes is damaged: its lengths do not agree");
        }

        ActorAddress? sender = kind > 0
            ? new ActorAddress(
                Encoding.UTF8.GetString(bytes.Slice(HeaderBytes, kind)), Encoding.UTF8.GetString(bytes.Slice(HeaderBytes + kind, id)))
            : null;
        if (sender is { } from && !LeaseText.IsAddress(from))
        {
            throw new FrameException($"a message of {bytes.Length} bytes is damaged: no actor has the address of its sender");
        }

        return new Parcel(sender, new Guid(bytes[6..22]), offset, total, bytes[start..]);
    }
}
