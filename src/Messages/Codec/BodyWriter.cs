using System.Runtime.InteropServices;
using System.Text;

namespace FitCluster.Messages;

/// <summary>Writes the fields of a body into a span that is large enough, or only counts the bytes they take.</summary>
internal ref struct BodyWriter
{
    /// <summary>The most bytes a text may take in UTF-8.</summary>
    public const int MaxTextBytes = 64 << 20;

    /// <summary>The most dimensions an array may have.</summary>
    public const int MaxDimensions = 32;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly Span<byte> _to;
    private readonly bool _isMeasuring;

    public BodyWriter(Span<byte> to) => _to = to;

    private BodyWriter(bool isMeasuring) => _isMeasuring = isMeasuring;

    /// <summary>The bytes written or counted so far.</summary>
    public long Position { get; private set; }

    public static BodyWriter Measuring() => new(true);

    public void Byte(byte value)
    {
        if (Take(1) is [_, ..] span)
        {
            span[0] = value;
        }
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <summary>7 bits a byte, lowest first; the high bit says that more follow.</summary>
    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    /// <summary>Zigzag (0, -1, 1, -2, ...), so that small numbers of either sign are short.</summary>
    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    public void Text(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int bytes;
        try
        {
            bytes = Strict.GetByteCount(value);
        }
        catch (EncoderFallbackException error)
        {
            throw new FrameException(
                $"a text of {value.Length} characters has half a surrogate pair at {error.Index}: it cannot be written as UTF-8", error);
        }

        if (bytes > MaxTextBytes)
        {
            throw new FrameException($"a text takes {bytes} bytes, and it may take {MaxTextBytes}");
        }

        Unsigned((ulong)bytes);
        var span = Take(bytes);
        if (!_isMeasuring)
        {
            Strict.GetBytes(value, span);
        }
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        var span = Take(value.Length);
        if (!_isMeasuring)
        {
            value.CopyTo(span);
        }
    }

    public void Job(JobName job)
    {
        if (!JobName.IsValid(job.Value))
        {
            throw new FrameException("a message has no job name");
        }

        Text(job.Value);
    }

    public void Arrays(ArraySet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        Unsigned((ulong)set.Count);
        for (var i = 0; i < set.Count; i++)
        {
            var array = set[i];
            if (array.Shape.Length > MaxDimensions)
            {
                throw new FrameException($"array '{array.Name}' has {array.Shape.Length} dimensions, and it may have {MaxDimensions}");
            }

            Text(array.Name);
            Byte((byte)array.Reduction);
            Unsigned((ulong)array.Shape.Length);
            foreach (var length in array.Shape)
            {
                Unsigned((ulong)length);
            }

            var bytes = MemoryMarshal.AsBytes(array.Values.AsSpan());
            var span = Take(bytes.Length);
            if (!_isMeasuring)
            {
                bytes.CopyTo(span);
            }
        }
    }

    private Span<byte> Take(int bytes)
    {
        var at = (int)Position;
        Position += bytes;
        if (_isMeasuring)
        {
            return [];
        }

        if (bytes > _to.Length - at)
        {
            throw new FrameException("a message was changed while it was written: it takes more bytes than it did a moment ago");
        }

        return _to.Slice(at, bytes);
    }
}
