using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Letters as bytes, little-endian: magic "FL" (0-1), version (2), lengths of the receiver's kind (3) and id (4), of the sender's kind (5;
/// 0: none) and id (6), of the sender's node (7); the span it comes from: trace (8-23), span (24-31), flags (32); then the five texts and
/// the frame.
/// </summary>
internal static class LetterFormat
{
    private const ushort Magic = 0x4C46;
    private const byte Version = 1;
    private const int HeaderBytes = 33;

    /// <summary>The most bytes of a letter besides its frame.</summary>
    public const int MostHeaderBytes = HeaderBytes + (5 * byte.MaxValue);

    /// <summary>The bytes before the frame.</summary>
    public static byte[] Head(Letter letter)
    {
        var texts = Encoding.ASCII.GetBytes(
            string.Concat(letter.To.Kind, letter.To.Id, letter.From?.Kind, letter.From?.Id, letter.Node));
        var head = new byte[HeaderBytes + texts.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(head, Magic);
        head[2] = Version;
        (head[3], head[4]) = (Length(letter.To.Kind), Length(letter.To.Id));
        (head[5], head[6]) = (Length(letter.From?.Kind), Length(letter.From?.Id));
        head[7] = Length(letter.Node);
        if (letter.Cause.SpanId != default)
        {
            // Each fills the whole span that it is given.
            letter.Cause.TraceId.CopyTo(head.AsSpan(8, 16));
            letter.Cause.SpanId.CopyTo(head.AsSpan(24, 8));
            head[32] = (byte)letter.Cause.TraceFlags;
        }

        texts.CopyTo(head, HeaderBytes);
        return head;
    }

    /// <summary>Reads a letter; its frame lies in the bytes given.</summary>
    /// <exception cref="FrameException">This is none, or one of another version.</exception>
    public static Letter Read(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < HeaderBytes || BinaryPrimitives.ReadUInt16LittleEndian(span) != Magic)
        {
            throw new FrameException($"a message of {span.Length} bytes is not of FitCluster's form");
        }

        if (span[2] != Version)
        {
            throw new FrameException(
                $"a message is of form {span[2]}, and this program reads form {Version}: it was sent by another version of FitCluster");
        }

        var start = HeaderBytes;
        if (start + span[3] + span[4] + span[5] + span[6] + span[7] > span.Length)
        {
            throw new FrameException($"a message of {span.Length} bytes is damaged: its lengths do not agree");
        }

        var to = new ActorAddress(Text(span, ref start, span[3]), Text(span, ref start, span[4]));
        ActorAddress? from = new ActorAddress(Text(span, ref start, span[5]), Text(span, ref start, span[6]));
        from = span[5] == 0 ? null : from;
        if (!OutsideAddress.IsPossible(to) || (from is { } sender && !OutsideAddress.IsPossible(sender)))
        {
            throw new FrameException($"a message of {span.Length} bytes is damaged: no actor has the address of its receiver or sender");
        }

        var node = Text(span, ref start, span[7]);
        return new Letter(to, from, node, bytes[start..], CauseOf(span));
    }

    private static byte Length(string? text) => checked((byte)(text?.Length ?? 0));

    private static string Text(ReadOnlySpan<byte> bytes, ref int start, int length)
    {
        start += length;
        return Encoding.ASCII.GetString(bytes.Slice(start - length, length));
    }

    private static ActivityContext CauseOf(ReadOnlySpan<byte> bytes)
    {
        var trace = bytes.Slice(8, 16);
        var span = bytes.Slice(24, 8);
        return span.IndexOfAnyExcept((byte)0) < 0 || trace.IndexOfAnyExcept((byte)0) < 0 ? default
            : new ActivityContext(
                ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span),
                (ActivityTraceFlags)(bytes[32] & 1), isRemote: true);
    }
}
