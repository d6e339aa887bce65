using System.Text;
using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>A MatrixMarket array file: dense, column after column. It is turned into rows through a mapped scratch file.</summary>
internal sealed class MatrixMarketArraySource : DenseSource
{
    private readonly MatrixMarketHeader _header;

    public MatrixMarketArraySource(string path, MatrixMarketHeader header)
    {
        File = path;
        _header = header;
        Columns = header.Columns;
        RowCount = header.Rows;
        Orientation = $"{header.Rows} rows x {header.Columns} columns, dense, rows as in the file";
    }

    public string File { get; }

    public override unsafe void Read(DenseRowTaker taker)
    {
        using var scratch = MappedFile.Scratch((long)_header.Rows * Columns * sizeof(double));
        Fill((double*)scratch.Pointer);
        var values = (double*)scratch.Pointer;
        var rows = _header.Rows;
        ColumnMajor.Read(rows, Columns,
            (first, count, column, into) => new ReadOnlySpan<double>(values + ((long)column * rows) + first, count).CopyTo(into), taker);
    }

    private unsafe void Fill(double* values)
    {
        using var reader = new LineReader(File);
        MatrixMarketHeader.Read(reader);
        long rows = _header.Rows;
        var skew = _header.Symmetry == Symmetry.Skew ? 1 : 0;
        var (row, column, count) = (_header.Symmetry == Symmetry.General ? 0L : skew, 0L, 0L);
        while (reader.NextNotBlank(out var line))
        {
            if (line[0] == '%')
            {
                continue;
            }

            if (++count > _header.Entries)
            {
                throw CountDiffers($"at least {count}");
            }

            var value = Value(line, reader.Line);
            if (!double.IsNaN(value))
            {
                _header.Check(value, File, reader.Line);
            }

            values[(column * rows) + row] = value;
            if (_header.Symmetry != Symmetry.General)
            {
                values[(row * rows) + column] = skew == 1 ? -value : value;
            }

            if (++row == rows)
            {
                column++;
                row = _header.Symmetry == Symmetry.General ? 0 : column + skew;
            }
        }

        if (count < _header.Entries)
        {
            throw CountDiffers($"{count}");
        }
    }

    private DataException CountDiffers(string found) =>
        new($"{File} has {found} entries where its size line says {_header.Entries}; it was cut off or changed: write it again");

    private double Value(ReadOnlySpan<byte> text, long line) => NumberParser.Parse(text, out var value) switch
    {
        FieldKind.Number => value,
        FieldKind.Missing => double.NaN,
        FieldKind.Infinite when TakesInfinities => NumberParser.Infinity(text),
        FieldKind.Infinite =>
            throw new DataException($"{File}, line {line}: the value is infinite; correct it, or write nan where it is missing"),
        _ => throw new DataException($"{File}, line {line}: \"{Encoding.UTF8.GetString(text)}\" is not a number; correct it"),
    };
}
