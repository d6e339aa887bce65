using System.Buffers.Binary;

namespace FitCluster.Data.Reading;

/// <summary>
/// The bytes of a gzip file in pieces, with those given last kept: a decoder reads ahead of the end of what it decodes, and does not tell
/// how far. Owns the file.
/// </summary>
internal sealed class GzipFeed(Stream file) : ForwardStream
{
    // What System.IO.Compression asks for at a time; two pieces are kept, as the last may have been asked for in vain.
    private const int PieceBytes = 8192;
    private const int KeptBytes = 2 * PieceBytes;
    private const int TrailerBytes = 8;

    private readonly byte[] _bytes = new byte[1 << 17];
    private long _origin;
    private long _memberStart;
    private int _given;
    private int _end;

    /// <summary>Where in the file the next byte stands.</summary>
    public override long Position { get => _origin + _given; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_given == _end)
        {
            Fill(1);
        }

        var count = int.Min(int.Min(buffer.Length, PieceBytes), _end - _given);
        _bytes.AsSpan(_given, count).CopyTo(buffer);
        _given += count;
        return count;
    }

    /// <inheritdoc/>
    public override int ReadByte() => _given < _end || Fill(1) ? _bytes[_given++] : -1;

    /// <summary>Passes over zeros; whether anything follows.</summary>
    public bool SkipZeros()
    {
        while (_given < _end || Fill(1))
        {
            var at = _bytes.AsSpan(_given, _end - _given).IndexOfAnyExcept((byte)0);
            if (at >= 0)
            {
                _given += at;
                return true;
            }

            _given = _end;
        }

        return false;
    }

    /// <summary>Says that the data of a member begin here.</summary>
    public void BeginMember() => _memberStart = Position;

    /// <summary>
    /// Goes to the end of a member whose data were decoded. Where they end nobody says; but there its trailer stands, which is known by
    /// now: that its 8 bytes also stand somewhere in the kilobytes before is as unlikely as that a damaged file has a right checksum, 2^32
    /// times over.
    /// </summary>
    /// <exception cref="InvalidDataException">The trailer is not there: the file is damaged, or was cut off in it.</exception>
    public void EndMember(uint checksum, uint length)
    {
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], length);
        var isWhole = Fill(TrailerBytes);
        var from = (int)long.Max(long.Max(_memberStart - _origin, _given - KeptBytes), 0);
        var seen = _bytes.AsSpan(from, int.Min(_given + TrailerBytes, _end) - from);
        var at = seen.IndexOf(trailer);
        if (at >= 0)
        {
            _given = from + at + TrailerBytes;
            return;
        }

        var left = TrailerBytes - 1;
        while (left > 0 && !seen.EndsWith(trailer[..left]))
        {
            left--;
        }

        // Of a damaged file one of its halves is there, or much follows.
        var isHalf = seen.IndexOf(trailer[..4]) >= 0 || seen.IndexOf(trailer[4..]) >= 0;
        throw new InvalidDataException(!isWhole && (left > 0 || !isHalf) ? "The trailer is truncated." : "It is another member's trailer.");
    }

    /// <summary>Disposes the file too; a decoder that is disposed of leaves this open.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Sees to so many bytes that were not given yet; false where the file ends before.</summary>
    private bool Fill(int wanted)
    {
        if (_end - _given >= wanted)
        {
            return true;
        }

        var dropped = int.Max(_given - KeptBytes, 0);
        _bytes.AsSpan(dropped, _end - dropped).CopyTo(_bytes);
        (_origin, _given, _end) = (_origin + dropped, _given - dropped, _end - dropped);
        _end += file.ReadAtLeast(_bytes.AsSpan(_end), wanted - (_end - _given), throwOnEndOfStream: false);
        return _end - _given >= wanted;
    }
}
