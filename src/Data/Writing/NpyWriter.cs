using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace FitCluster.Data.Writing;

/// <summary>
/// Writes a NumPy array: float64, little-endian, C order, version 1.0; block of rows by block of rows; whole or not at all.
/// </summary>
public sealed class NpyWriter : IDisposable
{
    private const int Alignment = 64;
    private readonly AtomicFile _file;
    private readonly string _path;
    private readonly long _expected;
    private long _written;

    /// <summary>Begins an array of a shape known beforehand: none (a scalar), one or more dimensions.</summary>
    public NpyWriter(string path, params long[] shape)
    {
        _path = path;
        _expected = shape.Aggregate(1L, (a, b) => checked(a * b));
        _file = new AtomicFile(path);
        _file.Stream.Write(Header(shape));
    }

    /// <summary>Writes a whole array.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">The values, row-major.</param>
    /// <param name="shape">The shape; none for a scalar.</param>
    public static void Write(string path, ReadOnlySpan<double> values, params long[] shape)
    {
        using var writer = new NpyWriter(path, shape);
        writer.Append(values);
        writer.Finish();
    }

    /// <summary>Appends values, row-major; any number, not only whole rows.</summary>
    public void Append(ReadOnlySpan<double> values)
    {
        _written += values.Length;
        if (_written > _expected)
        {
            throw new InvalidOperationException($"{_path} takes {_expected} values, and {_written} were given");
        }

        _file.Stream.Write(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Ends the array and gives the file its name.</summary>
    public void Finish()
    {
        if (_written != _expected)
        {
            throw new InvalidOperationException($"{_path} takes {_expected} values, and only {_written} were given");
        }

        _file.Commit();
    }

    /// <summary>Drops the file when it was not finished.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>The header, padded so that the values begin at a multiple of 64 bytes.</summary>
    public static byte[] Header(ReadOnlySpan<long> shape)
    {
        var sizes = new StringBuilder();
        foreach (var size in shape)
        {
            sizes.Append(sizes.Length > 0 ? " " : "").Append(size.ToString(CultureInfo.InvariantCulture)).Append(',');
        }

        var dimensions = shape.Length > 1 ? sizes.ToString().TrimEnd(',') : sizes.ToString();
        var text = $"{{'descr': '<f8', 'fortran_order': False, 'shape': ({dimensions}), }}";
        var total = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        text = text.PadRight(total - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)(text.Length & 0xff), (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)];
    }
}
