using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>
/// Text with one entry a line: row id, column id, value; further fields are ignored. Ids are strings. A first line whose third
/// field is not a number is a header. Rows and columns are the ids in natural order (<see cref="NaturalOrder"/>), so that the order of
/// the lines does not matter.
/// </summary>
internal sealed class TripletSource : EntrySource
{
    private readonly byte _delimiter;
    private readonly bool _header;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<byte>> _rows;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<byte>> _columns;
    private long _line;

    public TripletSource(string path)
    {
        File = path;
        var (rows, columns) = (new Dictionary<string, int>(new Utf8Comparer()), new Dictionary<string, int>(new Utf8Comparer()));
        (_rows, _columns) = (rows.GetAlternateLookup<ReadOnlySpan<byte>>(), columns.GetAlternateLookup<ReadOnlySpan<byte>>());
        using var reader = new LineReader(path);
        var (counts, total) = (new List<long>(), 0L);
        var last = new LastId();
        while (reader.NextNotBlank(out var line))
        {
            _line = reader.Line;
            _delimiter = _delimiter == 0 ? Fields.Delimiter(line) : _delimiter;
            if (total == 0 && !_header && IsHeader(line))
            {
                _header = true;
                continue;
            }

            Split(line, out var row, out var column, out _);
            if (!last.Is(row, out var i))
            {
                i = Number(_rows, row);
                last.Set(row, i);
            }

            Number(_columns, column);
            if (i == counts.Count)
            {
                counts.Add(0);
            }

            counts[i]++;
            total++;
        }

        RowNames = Sort(rows, out var rowOrder);
        ColumnNames = Sort(columns, out _);
        RowCounts = new long[counts.Count];
        for (var i = 0; i < counts.Count; i++)
        {
            RowCounts[rowOrder[i]] = counts[i];
        }

        (Rows, Columns, EntryCount) = (rows.Count, columns.Count, total);
        Orientation = $"{total} triplets of {Rows} rows (first field) x {Columns} columns (second field)";
    }

    public string File { get; }

    public override string Where => $"line {_line}";

    public override void Read(IEntrySink sink, int batch)
    {
        using var reader = new LineReader(File);
        var entries = new Batch(sink, batch);
        var header = _header;
        var last = new LastId();
        while (reader.NextNotBlank(out var line))
        {
            if (header)
            {
                header = false;
                continue;
            }

            _line = reader.Line;
            Split(line, out var row, out var column, out var text);
            var kind = NumberParser.Parse(text, out var value);
            if (kind != FieldKind.Number)
            {
                throw Bad(kind, text);
            }

            if ((!last.Is(row, out var i) && !_rows.TryGetValue(row, out i)) || !_columns.TryGetValue(column, out var j))
            {
                throw new DataException($"{File} changed while it was read; start again");
            }

            last.Set(row, i);

            entries.Add(i, j, value);
        }

        entries.Flush();
    }

    private static int Number(Dictionary<string, int>.AlternateLookup<ReadOnlySpan<byte>> ids, ReadOnlySpan<byte> id)
    {
        if (!ids.TryGetValue(id, out var number))
        {
            number = ids.Dictionary.Count;
            ids[id] = number;
        }

        return number;
    }

    /// <summary>Renumbers ids by their natural order; <paramref name="order"/> maps old numbers to new.</summary>
    private static string[] Sort(Dictionary<string, int> ids, out int[] order)
    {
        string[] names = [.. ids.Keys];
        Array.Sort(names, NaturalOrder.Instance);
        order = new int[names.Length];
        for (var k = 0; k < names.Length; k++)
        {
            order[ids[names[k]]] = k;
            ids[names[k]] = k;
        }

        return names;
    }

    private bool IsHeader(ReadOnlySpan<byte> line)
    {
        var fields = new Fields(line, _delimiter);
        return fields.Next(out _) && fields.Next(out _) && fields.Next(out var third) &&
            NumberParser.Parse(third, out _) == FieldKind.NotANumber;
    }

    private void Split(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> row, out ReadOnlySpan<byte> column, out ReadOnlySpan<byte> value)
    {
        var fields = new Fields(line, _delimiter);
        column = value = default;
        if (!fields.Next(out row) || !fields.Next(out column) || !fields.Next(out value))
        {
            throw new DataException(
                $"{File}, line {_line}: \"{Encoding.UTF8.GetString(line)}\" has fewer than three fields; give row id, column id and value");
        }

        row = row.Trim((byte)' ');
        column = column.Trim((byte)' ');
        if (row.IsEmpty || column.IsEmpty)
        {
            throw new DataException($"{File}, line {_line}: the {(row.IsEmpty ? "row" : "column")} id is empty; every line needs both ids");
        }
    }

    private DataException Bad(FieldKind kind, ReadOnlySpan<byte> text) => kind == FieldKind.NotANumber
        ? new($"{File}, line {_line}, field 3: \"{Encoding.UTF8.GetString(text)}\" is not a number; correct it")
        : new($"{File}, line {_line}, field 3: the value \"{Encoding.UTF8.GetString(text)}\" is not finite; leave missing entries out " +
            "of a sparse file");

    /// <summary>The id of the line before: files are often sorted by row, and a comparison costs less than a look-up.</summary>
    private sealed class LastId
    {
        private byte[] _id = new byte[64];
        private int _length = -1;
        private int _number;

        public bool Is(ReadOnlySpan<byte> id, out int number)
        {
            number = _number;
            return id.Length == _length && id.SequenceEqual(_id.AsSpan(0, _length));
        }

        public void Set(ReadOnlySpan<byte> id, int number)
        {
            if (id.Length > _id.Length)
            {
                _id = new byte[id.Length * 2];
            }

            id.CopyTo(_id);
            (_length, _number) = (id.Length, number);
        }
    }
}
