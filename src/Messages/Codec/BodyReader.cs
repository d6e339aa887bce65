using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace FitCluster.Messages;

/// <summary>
/// Reads the fields of a body. Every length is held against the bytes that remain before anything is allocated; whatever is wrong is a
/// <see cref="FrameException"/> that names the offset in the frame.
/// </summary>
internal ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at;

    private readonly int Offset => _at + Frame.HeaderBytes;

    private readonly int Remaining => _body.Length - _at;

    public byte Byte(string what) => Take(1, what)[0];

    public bool Flag(string what) => Byte(what) switch
    {
        0 => false,
        1 => true,
        var other => throw Wrong(_at - 1, what, $"{other} stands where 0 or 1 was expected"),
    };

    public ulong Unsigned(string what)
    {
        var (value, start) = (0UL, _at);
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte(what);
            if (shift == 63 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Wrong(start, what, "a number of more than 64 bits stands there");
    }

    public long Signed(string what)
    {
        var coded = Unsigned(what);
        return (long)(coded >> 1) ^ -(long)(coded & 1);
    }

    public int Signed32(string what)
    {
        var (start, value) = (_at, Signed(what));
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Wrong(start, what, $"{value} does not fit into 32 bits");
    }

    public string Text(string what)
    {
        var (start, length) = (_at, Unsigned(what));
        if (length > BodyWriter.MaxTextBytes)
        {
            throw Wrong(start, what, $"a text of {length} bytes stands there, and it may have {BodyWriter.MaxTextBytes}");
        }

        var bytes = Take((int)length, what);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Wrong(start, what, "the text is not valid UTF-8");
    }

    public ReadOnlySpan<byte> Bytes(string what)
    {
        var (start, length) = (_at, Unsigned(what));
        return length <= (ulong)Remaining
            ? Take((int)length, what)
            : throw Wrong(start, what, $"it is to have {length} bytes, and only {Remaining} follow");
    }

    /// <summary>The number of things that follow, each of at least so many bytes.</summary>
    public int Count(string what, int leastBytesOfEach)
    {
        var (start, count) = (_at, Unsigned(what));
        return count <= (ulong)(Remaining / leastBytesOfEach)
            ? (int)count
            : throw Wrong(start, what, $"it is {count}, and only {Remaining} bytes follow");
    }

    public JobName Job()
    {
        var (start, name) = (_at, Text("the job name"));
        return JobName.IsValid(name) ? new JobName(name) : throw Wrong(start, "the job name", "it is not one that a job can have");
    }

    public Attempt Attempt(string what = "the attempt") => new(Signed(what));

    public ShardId Shard() => new(Signed32("the shard"));

    public Round Round(string what = "the round") => new(Signed(what));

    public ArraySet Arrays()
    {
        // A name's length, a reduction and a number of dimensions are the least that an array takes.
        var count = Count("the number of arrays", leastBytesOfEach: 3);
        var set = new ArraySet();
        for (var i = 0; i < count; i++)
        {
            var at = _at;
            var array = Array();
            if (set.Contains(array.Name))
            {
                throw Wrong(at, "the name of an array", $"'{array.Name}' is there twice");
            }

            set.Set(array);
        }

        return set;
    }

    /// <summary>Says so when bytes remain.</summary>
    public readonly void End()
    {
        if (Remaining != 0)
        {
            throw new FrameException($"a frame is damaged at offset {Offset}: its message ends there, and {Remaining} more bytes follow");
        }
    }

    private NamedArray Array()
    {
        var name = Text("the name of an array");
        var (start, reduction) = (_at, Byte("the reduction of an array"));
        if (reduction > (byte)Reduction.Append)
        {
            throw Wrong(start, "the reduction of an array", $"{reduction} is none");
        }

        start = _at;
        var dimensions = Unsigned("the number of dimensions");
        if (dimensions > BodyWriter.MaxDimensions)
        {
            throw Wrong(start, "the number of dimensions", $"it is {dimensions}, and it may be {BodyWriter.MaxDimensions}");
        }

        var (shape, elements, isEmpty) = (new int[dimensions], 1UL, false);
        for (var d = 0; d < shape.Length; d++)
        {
            start = _at;
            var length = Unsigned("the length of a dimension");
            if (length > int.MaxValue)
            {
                throw Wrong(start, "the length of a dimension", $"it is {length}");
            }

            shape[d] = (int)length;
            isEmpty |= length == 0;
            // Once past the bytes that remain, the product is only kept from overflowing.
            elements = ulong.Min(elements * ulong.Max(1, length), 1UL << 32);
        }

        if (isEmpty)
        {
            return new NamedArray(name, [], shape, (Reduction)reduction);
        }

        if (elements > (ulong)Remaining / 8)
        {
            throw new FrameException(
                $"a frame is damaged at offset {Offset}: array '{Short(name)}' is to have " +
                $"{(elements == 1UL << 32 ? "too many" : elements)} values of 8 bytes, and {Remaining} bytes follow");
        }

        var values = GC.AllocateUninitializedArray<double>((int)elements);
        Take(8 * (int)elements, "the values of an array").CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return new NamedArray(name, values, shape, (Reduction)reduction);
    }

    private ReadOnlySpan<byte> Take(int bytes, string what)
    {
        if (bytes > Remaining)
        {
            throw new FrameException($"a frame is damaged at offset {Offset}: {what} needs {bytes} bytes there, and {Remaining} are left");
        }

        _at += bytes;
        return _body.Slice(_at - bytes, bytes);
    }

    private static string Short(string name) => name.Length <= 100 ? name : name[..100] + "...";

    private static FrameException Wrong(int at, string what, string why) =>
        new($"a frame is damaged at offset {at + Frame.HeaderBytes}, where {what} was expected: {why}");
}
