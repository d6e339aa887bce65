using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>
/// A table: the first line has the column names, the first field of each line the row name; empty, NA and NaN are missing. What the first
/// line and the first field are is decided by the head (<see cref="TableNames"/>).
/// </summary>
internal sealed class DenseTextSource : DenseSource
{
    private readonly TableHead _head;
    private readonly TableNames _names;
    private readonly Dictionary<string, long> _lines = new(StringComparer.Ordinal);

    public DenseTextSource(string path, TableHead head)
    {
        File = path;
        _head = head;
        _names = TableNames.Find(path, head);
        (ColumnNames, Columns) = (_names.Columns, _names.Count);
        Notes.AddRange(head.Notes);
        Notes.AddRange(_names.Notes);
        Orientation = $"read as a table of {Columns} columns";
    }

    public string File { get; }

    public override void Read(DenseRowTaker taker)
    {
        using var reader = new TableReader(File, _head.Form);
        var values = new double[Columns];
        if (_names.HasHeader)
        {
            reader.Next();
        }

        var (rows, empty, unnamed, hashes) = (0L, 0L, 0L, 0L);
        while (reader.Next())
        {
            if (_names.HasRowNames && reader.IsEmpty)
            {
                empty++;
                continue;
            }

            var name = ParseRow(reader, values);
            if (name is "")
            {
                (name, unnamed) = (GeneratedNames.Name('r', rows), unnamed + 1);
            }

            if (name is not null && !_lines.TryAdd(name, reader.Line))
            {
                throw Twice(name, reader.Line);
            }

            rows++;
            hashes += name is ['#', ..] ? 1 : 0;
            taker(name, values);
        }

        if (empty > 0)
        {
            Notes.Add($"{empty} {(empty == 1 ? "line" : "lines")} of empty fields {(empty == 1 ? "was" : "were")} passed over");
        }

        if (unnamed > 0)
        {
            Notes.Add(unnamed == 1 ? "a row without a name is called r and its number"
                : $"{unnamed} rows without a name are called r and their number");
        }

        if (hashes > 0)
        {
            Notes.Add($"{hashes} {(hashes == 1 ? "row has a name that begins" : "rows have names that begin")} with #: take the line out " +
                "if it is a comment");
        }

        Orientation = $"read as a table of {rows} x {Columns}";
    }

    private string? ParseRow(TableReader reader, double[] values)
    {
        var first = _names.HasRowNames ? 1 : 0;
        if (reader.Count != values.Length + first)
        {
            throw new DataException($"{File}, line {reader.Line}: has {reader.Count} fields where {values.Length + first} are needed; " +
                "every row needs a value or an empty field for each column");
        }

        for (var column = 0; column < values.Length; column++)
        {
            var field = reader[column + first];
            var kind = NumberParser.Parse(field, out values[column]);
            if (kind is FieldKind.NotANumber or FieldKind.Infinite)
            {
                throw Bad(kind, field, reader.Line, column);
            }
        }

        return first == 1 ? reader[0].Trim(' ').ToString() : null;
    }

    private DataException Twice(string name, long line)
    {
        var remedy = TableHead.KindOf(name) == FieldKind.Number
            ? "; if the first column is data, put one of names before it"
            : "";
        return new DataException($"{File}: the row name {name} stands on line {_lines[name]} and again on line {line}; row names must be " +
            $"unique{remedy} (if each line is one entry of row, column and value, say so with data.format)");
    }

    private DataException Bad(FieldKind kind, ReadOnlySpan<char> field, long line, int column)
    {
        TableLine[] below = [.. _head.Lines.Skip(_names.HasHeader ? 1 : 0)];
        var first = _names.HasRowNames ? 1 : 0;
        int[] texts = [.. Enumerable.Range(0, Columns).Where(j => TableHead.IsText(below, j + first))];
        var isText = kind == FieldKind.NotANumber && CellError.WithPoint(field) is null && texts.Contains(column);

        // Of a single line it cannot be told whether a column is text or a cell is wrong.
        if (!isText || (below.Length == 1 && texts.Length == 1 && Columns > 1))
        {
            return CellError.Of(File, kind, field, line, $"column {ColumnName(column)}", "leave it empty where it is missing");
        }

        var which = texts.Length == 1
            ? $"the column {ColumnName(column)} holds text"
            : $"the columns {string.Join(", ", texts.Take(5).Select(ColumnName))}{(texts.Length > 5 ? ", ..." : "")} hold text";
        var triplets = Columns + first is >= 3 and <= TableHead.MostTripletFields
            ? ", or, if each line is one entry of row, column and value, say so with data.format (--data-format)"
            : "";
        return new DataException($"{File}: {which}, not numbers (\"{field}\", line {line}, column {ColumnName(column)}): " +
            $"take {(texts.Length == 1 ? "it" : "them")} out{triplets}");
    }
}
