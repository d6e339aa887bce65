using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FitCluster.Data.Reading;

/// <summary>Values of a NumPy array, converted to float64 as they are read.</summary>
internal sealed class NpyReader : IDisposable
{
    private const int BufferBytes = 1 << 16;
    private readonly Stream _stream;
    private readonly string _path;
    private readonly byte[] _buffer = new byte[BufferBytes];

    public NpyReader(Stream stream, string path)
    {
        _stream = stream;
        _path = path;
        Header = NpyHeader.Read(stream, path);
    }

    public NpyHeader Header { get; }

    public static void Convert(NpyHeader header, ReadOnlySpan<byte> bytes, Span<double> values)
    {
        if (header is { Kind: 'f', ItemBytes: 8, BigEndian: false })
        {
            bytes[..(values.Length * 8)].CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = One(header, bytes.Slice(i * header.ItemBytes, header.ItemBytes));
        }
    }

    /// <summary>Reads the next values, as many as the span has.</summary>
    public void Read(Span<double> values)
    {
        if (!Header.IsNumber)
        {
            throw new DataException($"{_path} holds text, not numbers; save it as float64");
        }

        var most = BufferBytes / Header.ItemBytes;
        while (values.Length > 0)
        {
            var count = int.Min(most, values.Length);
            ReadBytes(_buffer.AsSpan(0, count * Header.ItemBytes));
            Convert(Header, _buffer, values[..count]);
            values = values[count..];
        }
    }

    /// <summary>Reads the next bytes as they are in the file.</summary>
    public void ReadBytes(Span<byte> bytes)
    {
        try
        {
            _stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw new DataException($"{_path} ends before the {Header.Count} values its header promises; copy or write it again", e);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static double One(NpyHeader header, ReadOnlySpan<byte> b) => (header.Kind, header.ItemBytes, header.BigEndian) switch
    {
        ('f', 8, _) => BinaryPrimitives.ReadDoubleBigEndian(b),
        ('f', _, false) => BinaryPrimitives.ReadSingleLittleEndian(b),
        ('f', _, true) => BinaryPrimitives.ReadSingleBigEndian(b),
        ('i', 1, _) => (sbyte)b[0],
        ('i', 2, false) => BinaryPrimitives.ReadInt16LittleEndian(b),
        ('i', 2, true) => BinaryPrimitives.ReadInt16BigEndian(b),
        ('i', 4, false) => BinaryPrimitives.ReadInt32LittleEndian(b),
        ('i', 4, true) => BinaryPrimitives.ReadInt32BigEndian(b),
        ('i', _, false) => BinaryPrimitives.ReadInt64LittleEndian(b),
        ('i', _, true) => BinaryPrimitives.ReadInt64BigEndian(b),
        ('u', 2, false) => BinaryPrimitives.ReadUInt16LittleEndian(b),
        ('u', 2, true) => BinaryPrimitives.ReadUInt16BigEndian(b),
        ('u', 4, false) => BinaryPrimitives.ReadUInt32LittleEndian(b),
        ('u', 4, true) => BinaryPrimitives.ReadUInt32BigEndian(b),
        ('u', 8, false) => BinaryPrimitives.ReadUInt64LittleEndian(b),
        ('u', 8, true) => BinaryPrimitives.ReadUInt64BigEndian(b),
        _ => b[0],
    };
}
