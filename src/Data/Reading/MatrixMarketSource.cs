using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>The entries of a MatrixMarket coordinate file; of a 10x folder transposed, so that cells are rows.</summary>
internal sealed class MatrixMarketSource : EntrySource
{
    private readonly bool _transposed;
    private readonly MatrixMarketHeader _header;
    private int[]? _columnMap;
    private long _line;

    public MatrixMarketSource(string path, MatrixMarketHeader header, bool transposed)
    {
        File = path;
        _header = header;
        _transposed = transposed;
        Rows = transposed ? header.Columns : header.Rows;
        Columns = transposed ? header.Rows : header.Columns;
        EntryCount = header.Symmetry == Symmetry.General ? header.Entries : null;
        Orientation = $"{header.Rows} rows x {header.Columns} columns, {header.Entries} entries, rows as in the file";
    }

    public string File { get; }

    public override string Where => $"line {_line}";

    public void Describe(string orientation, IReadOnlyList<string> rowNames, IReadOnlyList<string> columnNames)
    {
        (Orientation, RowNames, ColumnNames) = (orientation, rowNames, columnNames);
    }

    /// <summary>Keeps some of the columns.</summary>
    public void KeepColumns(int[] kept) => (_columnMap, Columns, EntryCount) = (MatrixPlan.Invert(kept, Columns), kept.Length, null);

    public override void Read(IEntrySink sink, int batch)
    {
        using var reader = new LineReader(File);
        var header = MatrixMarketHeader.Read(reader);
        var entries = new Batch(sink, batch);
        var (symmetry, count) = (header.Symmetry, 0L);
        while (reader.NextNotBlank(out var line))
        {
            if (line[0] == '%')
            {
                continue;
            }

            _line = reader.Line;
            if (++count > header.Entries)
            {
                throw CountDiffers($"at least {count}");
            }

            var at = 0;
            var row = Index(line, ref at, header.Rows, "row");
            var column = Index(line, ref at, header.Columns, "column");
            var value = header.Field == MarketField.Pattern ? 1 : Value(line[at..]);
            if (header.Field != MarketField.Real)
            {
                header.Check(value, File, _line);
            }

            var (i, j) = _transposed ? (column, row) : (row, column);
            if (_columnMap is not null)
            {
                j = _columnMap[j];
                if (j < 0)
                {
                    continue;
                }
            }

            entries.Add(i, j, value);
            if (symmetry != Symmetry.General)
            {
                Mirror(entries, i, j, symmetry == Symmetry.Skew ? -value : value);
            }
        }

        if (count < header.Entries)
        {
            throw CountDiffers($"{count}");
        }

        entries.Flush();
    }

    private static void Mirror(Batch entries, long row, long column, double value)
    {
        if (row != column)
        {
            entries.Add(column, row, value);
        }
    }

    private DataException CountDiffers(string found) =>
        new($"{File} has {found} entries where its size line says {_header.Entries}; it was cut off or changed: write it again");

    private long Index(ReadOnlySpan<byte> line, ref int at, int limit, string what)
    {
        while (at < line.Length && line[at] is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        var start = at;
        var value = 0L;
        for (; at < line.Length && (uint)(line[at] - '0') <= 9 && at - start < 18; at++)
        {
            value = (value * 10) + (line[at] - '0');
        }

        if (at == start || (at < line.Length && line[at] is not ((byte)' ' or (byte)'\t')))
        {
            throw new DataException(
                $"{File}, line {_line}: \"{Encoding.UTF8.GetString(line)}\" has no {what} index; give row, column and value");
        }

        while (at < line.Length && line[at] is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        return value >= 1 && value <= limit
            ? value - 1
            : throw new DataException(
                $"{File}, line {_line}: {what} {value} is not within 1 to {limit}; indices count from 1, as the size line says");
    }

    private double Value(ReadOnlySpan<byte> text)
    {
        if (text.Trim(" \t"u8).IsEmpty)
        {
            throw new DataException(
                $"{File}, line {_line}: there is no value after the two indices; give row, column and value, or write 'pattern' in " +
                "the first line");
        }

        var kind = NumberParser.Parse(text, out var value);
        return kind switch
        {
            FieldKind.Number => value,
            FieldKind.Infinite when TakesInfinities => NumberParser.Infinity(text),
            FieldKind.NotANumber => throw new DataException(
                $"{File}, line {_line}, field 3: \"{Encoding.UTF8.GetString(text).Trim()}\" is not a number; correct it"),
            _ => throw new DataException(
                $"{File}, line {_line}, field 3: the value \"{Encoding.UTF8.GetString(text).Trim()}\" is not finite; leave missing " +
                "entries out of a sparse file"),
        };
    }
}
