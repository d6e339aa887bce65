using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FitCluster.Data.Reading;

/// <summary>The header of a NumPy array file (versions 1 to 3).</summary>
internal sealed partial record NpyHeader(char Kind, int ItemBytes, bool BigEndian, bool Fortran, long[] Shape, int DataOffset)
{
    private const int MaxHeaderBytes = 1 << 20;
    private const long MaxCount = 1L << 56;

    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    public bool IsNumber => (Kind, ItemBytes) is ('f', 4 or 8) or ('i' or 'u', 1 or 2 or 4 or 8) or ('b', 1);

    /// <summary>Reads the header and leaves the stream at the first value.</summary>
    public static NpyHeader Read(Stream stream, string path)
    {
        try
        {
            var start = new byte[8];
            stream.ReadExactly(start);
            if (!IsMagic(start))
            {
                throw new DataException($"{path} is not a NumPy array; name the format if it is another one");
            }

            var wide = start[6] >= 2;
            var size = new byte[wide ? 4 : 2];
            stream.ReadExactly(size);
            var length = wide ? BinaryPrimitives.ReadUInt32LittleEndian(size) : BinaryPrimitives.ReadUInt16LittleEndian(size);
            if (start[6] is < 1 or > 3 || length > MaxHeaderBytes)
            {
                throw new DataException($"{path} has a NumPy header of version {start[6]} and {length} bytes; versions 1 to 3 are read");
            }

            var text = new byte[length];
            stream.ReadExactly(text);
            return Parse(Encoding.UTF8.GetString(text), path, start.Length + size.Length + (int)length);
        }
        catch (EndOfStreamException e)
        {
            throw new DataException($"{path} ends within its NumPy header; copy or write it again", e);
        }
    }

    private static bool IsMagic(byte[] start) => start[0] == 0x93 && start.AsSpan(1, 5).SequenceEqual("NUMPY"u8);

    private static NpyHeader Parse(string text, string path, int offset)
    {
        var descr = Descr().Match(text);
        var fortran = Order().Match(text);
        var shape = Dimensions().Match(text);
        if (!fortran.Success || !shape.Success)
        {
            throw new DataException($"{path} has a NumPy header that cannot be read (\"{text.Trim()}\"); write it again with numpy.save");
        }

        if (!descr.Success)
        {
            throw new DataException($"{path} has a structured dtype, which is not supported; save it as float64");
        }

        var type = descr.Groups[1].Value;
        long[] sizes = [.. shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(
                s => long.TryParse(s.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : long.MaxValue)];
        if (sizes.Aggregate((Int128)1, (a, b) => Int128.Min(a * b, MaxCount + (Int128)1)) > MaxCount)
        {
            throw new DataException(
                $"{path} has the shape ({shape.Groups[1].Value}), which is larger than any file; write it again with numpy.save");
        }

        var kind = type.Length > 1 ? type[1] : '?';
        var bytes = int.TryParse(type.AsSpan(int.Min(2, type.Length)), CultureInfo.InvariantCulture, out var n) ? n : 0;
        var header = new NpyHeader(kind, kind == 'U' ? bytes * 4 : bytes, type[0] == '>', fortran.Groups[1].Value == "True", sizes, offset);
        return header.IsNumber || kind is 'U' or 'S'
            ? header
            : throw new DataException(
                $"{path} has the dtype {type}, which is not supported; save it as float64, float32, an integer or bool");
    }

    [GeneratedRegex("'descr'\\s*:\\s*'([^']*)'")]
    private static partial Regex Descr();

    [GeneratedRegex("'fortran_order'\\s*:\\s*(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex("'shape'\\s*:\\s*\\(([^)]*)\\)")]
    private static partial Regex Dimensions();
}
