namespace FitCluster.Data.Reading;

/// <summary>
/// Text with one entry a line: row id, column id, value; further fields are ignored. Ids are strings. A first line whose third
/// field is not a number is a header. Rows and columns are the ids in natural order (<see cref="NaturalOrder"/>), so that the order of
/// the lines does not matter.
/// </summary>
internal sealed class TripletSource : EntrySource
{
    private readonly TableForm _form;
    private readonly int _before;
    private readonly bool _header;
    private readonly string _valueName;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _rows;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _columns;
    private long _line;

    /// <param name="path">The file.</param>
    /// <param name="head">Its head, without the fields before the row ids.</param>
    /// <param name="before">How many those are; none of them is used.</param>
    public TripletSource(string path, TableHead head, int before)
    {
        (File, _form, _before) = (path, head.Form, before);
        var (rows, columns) = (new Dictionary<string, int>(), new Dictionary<string, int>());
        (_rows, _columns) = (rows.GetAlternateLookup<ReadOnlySpan<char>>(), columns.GetAlternateLookup<ReadOnlySpan<char>>());
        var first = head.Lines[0].Fields;
        _header = first.Length > 2 && TableHead.KindOf(first[2]) == FieldKind.NotANumber;
        _valueName = $"field {before + 3}{(_header ? $", column {first[2]}" : "")}";
        Notes.AddRange(head.Notes);
        using var reader = new TableReader(path, _form);
        if (_header)
        {
            reader.Next();
        }

        var (counts, total) = (new List<long>(), 0L);
        var last = new LastId();
        while (reader.Next())
        {
            _line = reader.Line;
            if (!Split(reader, out var row, out var column))
            {
                continue;
            }

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
        var others = before > 0 ? ", a first field of running numbers passed over" : "";
        var which = first.Length > 4 ? $"fields {before + 4} to {before + first.Length}" : before > 0 ? "the last" : "a fourth field";
        others += first.Length > 3 ? $", {which} passed over" : "";
        var (rowField, columnField) = before > 0 ? ("second", "third") : ("first", "second");
        Orientation = $"read as {total} triplets of {Rows} rows ({rowField} field) x {Columns} columns ({columnField} field){others}";
    }

    public string File { get; }

    public override string Where => $"line {_line}";

    public override void Read(IEntrySink sink, int batch)
    {
        using var reader = new TableReader(File, _form);
        var entries = new Batch(sink, batch);
        var last = new LastId();
        if (_header)
        {
            reader.Next();
        }

        while (reader.Next())
        {
            _line = reader.Line;
            if (!Split(reader, out var row, out var column))
            {
                continue;
            }

            var kind = NumberParser.Parse(reader[_before + 2], out var value);
            if (kind != FieldKind.Number)
            {
                throw CellError.Of(File, kind, reader[_before + 2], _line, _valueName, "leave the line out where it is missing");
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

    private static int Number(Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids, ReadOnlySpan<char> id)
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

    /// <summary>The ids of a line; false where all its fields are empty.</summary>
    private bool Split(TableReader reader, out ReadOnlySpan<char> row, out ReadOnlySpan<char> column)
    {
        if (reader.Count < _before + 3)
        {
            throw new DataException(
                $"{File}, line {_line}: \"{reader.Text}\" has fewer than {(_before > 0 ? "four" : "three")} fields; give row id, column " +
                "id and value");
        }

        row = reader[_before].Trim(' ');
        column = reader[_before + 1].Trim(' ');
        if (!row.IsEmpty && !column.IsEmpty)
        {
            return true;
        }

        return reader.IsEmpty ? false
            : throw new DataException(
                $"{File}, line {_line}: the {(row.IsEmpty ? "row" : "column")} id is empty; every line needs both ids");
    }

    /// <summary>The id of the line before: files are often sorted by row, and a comparison costs less than a look-up.</summary>
    private sealed class LastId
    {
        private char[] _id = new char[64];
        private int _length = -1;
        private int _number;

        public bool Is(ReadOnlySpan<char> id, out int number)
        {
            number = _number;
            return id.Length == _length && id.SequenceEqual(_id.AsSpan(0, _length));
        }

        public void Set(ReadOnlySpan<char> id, int number)
        {
            if (id.Length > _id.Length)
            {
                _id = new char[id.Length * 2];
            }

            id.CopyTo(_id);
            (_length, _number) = (id.Length, number);
        }
    }
}
