using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FitCluster.Engine;

/// <summary>NumPy's .npy, version 1.0, little-endian float64 in C order: a header of a multiple of 64 bytes, then the values.</summary>
internal static class NpyFormat
{
    /// <summary>Values are read and written in pieces of 1 MiB.</summary>
    private const int ValuesPerPiece = 1 << 17;

    public static void Write(Stream to, ReadOnlySpan<double> values, int[] shape)
    {
        to.Write(Header(shape));
        while (!values.IsEmpty)
        {
            var piece = values[..int.Min(values.Length, ValuesPerPiece)];
            to.Write(MemoryMarshal.AsBytes(piece));
            values = values[piece.Length..];
        }
    }

    /// <summary>Reads values of a shape that is known; a header that says anything else is an error.</summary>
    /// <exception cref="InvalidDataException">The header differs, or the values end early.</exception>
    public static double[] Read(Stream from, int[] shape, long streamBytes)
    {
        var expected = Header(shape);
        var elements = shape.Aggregate(
            1UL, (product, length) => length < 0 ? ulong.MaxValue : ulong.Min(product * (ulong)length, 1UL << 32));
        if ((ulong)streamBytes != (ulong)expected.Length + (8 * elements))
        {
            throw new InvalidDataException(
                $"it has {streamBytes} bytes where shape [{string.Join(", ", shape)}] needs {(ulong)expected.Length + (8 * elements)}");
        }

        var header = new byte[expected.Length];
        from.ReadExactly(header);
        if (!header.AsSpan().SequenceEqual(expected))
        {
            throw new InvalidDataException($"its .npy header is not that of float64 values of shape [{string.Join(", ", shape)}]");
        }

        var values = GC.AllocateUninitializedArray<double>((int)elements);
        for (var at = 0; at < values.Length; at += ValuesPerPiece)
        {
            from.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan(at, int.Min(ValuesPerPiece, values.Length - at))));
        }

        return values;
    }

    private static byte[] Header(int[] shape)
    {
        var lengths = string.Join(", ", shape.Select(n => n.ToString(CultureInfo.InvariantCulture)));
        var text = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({lengths}{(shape.Length == 1 ? "," : "")}), }}";
        var total = (10 + text.Length + 1 + 63) / 64 * 64;
        var header = new byte[total];
        "\u0093NUMPY"u8[1..].CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text.PadRight(total - 11) + "\n", header.AsSpan(10));
        return header;
    }
}
