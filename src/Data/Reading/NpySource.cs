using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>
/// A dense NumPy array, in a file of its own or in an .npz archive. Fortran order is read in place where the file can be mapped.
/// </summary>
internal sealed class NpySource : DenseSource
{
    private readonly Func<Stream> _open;
    private readonly bool _mappable;
    private readonly NpyHeader _header;

    public NpySource(string path, Func<Stream> open, bool mappable)
    {
        (File, _open, _mappable) = (path, open, mappable);
        using var reader = new NpyReader(open(), path);
        _header = reader.Header;
        if (!_header.IsNumber)
        {
            throw new DataException($"{path} holds text, not numbers; save a matrix of numbers");
        }

        if (_header.Shape.Length is 0 or > 2)
        {
            throw new DataException($"{path} has {_header.Shape.Length} dimensions; a matrix has 2");
        }

        if (mappable && MappedFile.LengthOf(path) < _header.DataOffset + (_header.Count * _header.ItemBytes))
        {
            throw CutOff();
        }

        RowCount = _header.Shape[0];
        var columns = _header.Shape.Length == 2 ? _header.Shape[1] : 1;
        if (RowCount > int.MaxValue || columns > Array.MaxLength)
        {
            throw new DataException($"{path} is {RowCount} x {columns}; more than {Array.MaxLength} rows or columns are not supported");
        }

        Columns = (int)columns;
        Orientation = $"NumPy array of {RowCount} rows x {columns} columns, {(_header.Fortran ? "Fortran" : "C")} order";
    }

    public string File { get; }

    public override void Read(DenseRowTaker taker)
    {
        if (_header.Fortran && _header.Shape.Length == 2)
        {
            ReadFortran((name, values) => taker(name, Finite(values)));
            return;
        }

        using var reader = new NpyReader(_open(), File);
        var row = new double[Columns];
        for (var i = 0L; i < RowCount; i++)
        {
            reader.Read(row);
            taker(null, Finite(row));
        }
    }

    private unsafe void ReadFortran(DenseRowTaker taker)
    {
        var bytes = _header.Count * _header.ItemBytes;
        using var file = _mappable ? MappedFile.Open(File) : Spool(bytes);
        var offset = _mappable ? _header.DataOffset : 0;
        if (file.Length - offset < bytes)
        {
            throw CutOff();
        }

        var start = file.Pointer + offset;
        var (item, rows) = (_header.ItemBytes, (int)RowCount!);
        ColumnMajor.Read(rows, Columns, (first, count, column, into) =>
            NpyReader.Convert(_header, new ReadOnlySpan<byte>(start + ((((long)column * rows) + first) * item), count * item), into),
            taker);
    }

    private unsafe MappedFile Spool(long bytes)
    {
        var scratch = MappedFile.Scratch(bytes);
        using var reader = new NpyReader(_open(), File);
        for (var at = 0L; at < bytes; at += 1 << 20)
        {
            reader.ReadBytes(new Span<byte>(scratch.Pointer + at, (int)long.Min(1 << 20, bytes - at)));
        }

        return scratch;
    }

    private DataException CutOff() => new($"{File} ends before the {_header.Count} values its header promises; copy or write it again");

    private Span<double> Finite(Span<double> values)
    {
        foreach (var value in values)
        {
            if (double.IsInfinity(value) && !TakesInfinities)
            {
                throw new DataException($"{File} has an infinite value; correct it, or make it NaN where it is missing");
            }
        }

        return values;
    }
}
