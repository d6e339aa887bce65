using System.IO.Compression;
using System.IO.Hashing;

namespace FitCluster.Data.Reading;

/// <summary>
/// The content of a gzip file (RFC 1952): members one after the other are one text, zeros between and behind them are passed over, and
/// anything else there is refused. .NET's own reader ends in silence at zeros, whatever follows, and at anything that is no gzip.
/// </summary>
internal sealed class GzipText(Stream file, string path) : ForwardStream
{
    private const int Deflate = 8;

    private readonly GzipFeed _feed = new(file);
    private readonly Crc32 _checksum = new();
    private DeflateStream? _member;
    private uint _length;
    private bool _hasBegun;

    /// <summary>Parts of a member's header that may be there.</summary>
    [Flags]
    private enum Parts
    {
        None = 0,
        Checksum = 2,
        Extra = 4,
        Name = 8,
        Comment = 16,
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is damaged, or was cut off.</exception>
    /// <exception cref="DataException">Something else follows what is gzipped.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty && (_member is not null || Begin()))
        {
            var count = _member!.Read(buffer);
            if (count > 0)
            {
                _checksum.Append(buffer[..count]);
                _length += (uint)count;
                return count;
            }

            _feed.EndMember(_checksum.GetCurrentHashAsUInt32(), _length);
            _member.Dispose();
            _member = null;
        }

        return 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member?.Dispose();
            _feed.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Goes to the data of the next member; false where the file ends.</summary>
    private bool Begin()
    {
        if (_hasBegun && !_feed.SkipZeros())
        {
            return false;
        }

        var at = _feed.Position;
        if (_feed.ReadByte() != 0x1f || Next() != 0x8b)
        {
            throw new DataException(
                $"{path} has something behind byte {at} that is neither gzip nor zeros, though what is before it is a whole gzip file: " +
                $"write the file again, or, if it does not belong there, cut it off (head -c {at})");
        }

        if (Next() != Deflate)
        {
            throw new InvalidDataException("The method is not deflate.");
        }

        var parts = (Parts)Next();
        Skip(6);
        if (parts.HasFlag(Parts.Extra))
        {
            Skip(Next() + (Next() << 8));
        }

        for (var texts = (parts.HasFlag(Parts.Name) ? 1 : 0) + (parts.HasFlag(Parts.Comment) ? 1 : 0); texts > 0; texts--)
        {
            while (Next() != 0)
            {
            }
        }

        Skip(parts.HasFlag(Parts.Checksum) ? 2 : 0);
        _feed.BeginMember();
        _member = new DeflateStream(_feed, CompressionMode.Decompress, leaveOpen: true);
        _checksum.Reset();
        (_length, _hasBegun) = (0, true);
        return true;
    }

    private void Skip(int count)
    {
        for (; count > 0; count--)
        {
            Next();
        }
    }

    private int Next() => _feed.ReadByte() is >= 0 and var value ? value : throw new InvalidDataException("The header is truncated.");
}
