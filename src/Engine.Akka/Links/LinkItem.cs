using System.Buffers.Binary;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>One thing on a link: its length (uint32), its kind (1 byte), and its bytes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Head">Its first bytes.</param>
/// <param name="Body">Its other bytes.</param>
internal readonly record struct LinkItem(LinkItemKind Kind, byte[] Head, ReadOnlyMemory<byte> Body)
{
    /// <summary>The most bytes an item may have.</summary>
    public const long Most = MessageCodec.DefaultMaxFrameBytes + (long)LetterFormat.MostHeaderBytes;

    private const int PrefixBytes = 5;

    /// <summary>What is read at once of a long item: its memory grows as it comes, whatever its length says.</summary>
    private const int Piece = 1 << 20;

    public long Bytes => (long)Head.Length + Body.Length;

    public static LinkItem Of(Letter letter) => new(LinkItemKind.Letter, LetterFormat.Head(letter), letter.Frame);

    /// <summary>An actor is on the sending node, or no longer there.</summary>
    public static LinkItem Of(LinkItemKind kind, ActorAddress actor) => new(kind, LetterFormat.Head(Letter.Wake(actor, "")), default);

    public void Write(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, checked((uint)Bytes));
        prefix[4] = (byte)Kind;
        stream.Write(prefix);
        stream.Write(Head);
        stream.Write(Body.Span);
    }

    /// <summary>The next item: its kind, and its bytes, which are the reader's own.</summary>
    /// <exception cref="FrameException">Its length is impossible.</exception>
    /// <exception cref="IOException">The link has ended.</exception>
    public static (LinkItemKind Kind, ReadOnlyMemory<byte> Bytes) Read(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        if (length > Most)
        {
            throw new FrameException($"an item of {length} bytes is announced, and {Most} is the most");
        }

        var bytes = new byte[int.Min((int)length, Piece)];
        stream.ReadExactly(bytes);
        for (var read = bytes.Length; read < length; read = bytes.Length)
        {
            Array.Resize(ref bytes, (int)long.Min(length, 2L * read));
            stream.ReadExactly(bytes.AsSpan(read));
        }

        return ((LinkItemKind)prefix[4], bytes);
    }
}

/// <summary>What an item of a link is.</summary>
internal enum LinkItemKind : byte
{
    /// <summary>A letter.</summary>
    Letter = 1,

    /// <summary>An actor is on the node that says so.</summary>
    Here = 2,

    /// <summary>An actor is no longer on the node that says so.</summary>
    Gone = 3,

    /// <summary>An actor has let go of what it had on the node that says so, and is to come up elsewhere.</summary>
    Moved = 4,
}
