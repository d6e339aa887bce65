using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>
/// Dense text: the first line has the column names, the first field of each line the row name; empty, NA and NaN are missing. The first
/// line may have one field less than the others, as R writes it. A first line that is all numbers is data: such a file has no names.
/// A field in quotes may hold the delimiter, but no line end.
/// </summary>
internal sealed class DenseTextSource : DenseSource
{
    private readonly byte _delimiter;
    private readonly bool _named;
    private readonly Dictionary<string, long> _lines = new(StringComparer.Ordinal);

    public DenseTextSource(string path)
    {
        File = path;
        using var reader = new LineReader(path);
        if (!reader.NextNotBlank(out var first))
        {
            throw new DataException($"{path} is empty; give a matrix with column names in its first line");
        }

        _delimiter = Fields.Delimiter(first);
        var header = Fields.All(first, _delimiter);
        var headerLine = reader.Line;
        _named = !header.All(h => NumberParser.Parse(Encoding.UTF8.GetBytes(h), out _) == FieldKind.Number);
        if (!reader.NextNotBlank(out var second))
        {
            throw new DataException(_named
                ? $"{path} has no rows below its header; add rows, or name the format if it is another one"
                : $"{path} has a single line of numbers; give column names in the first line and rows below");
        }

        var fields = CountFields(second);
        if (_named)
        {
            var names = fields == header.Length + 1 ? header : header[1..];
            CheckNames(names, headerLine, header.Length - names.Length + 1);
            (ColumnNames, Columns) = (names, names.Length);
        }
        else
        {
            Columns = header.Length;
            Notes.Add("the first line is all numbers and was read as data: rows and columns have no names in this file");
        }

        Orientation = $"dense text of {Columns} columns, rows as in the file";
    }

    public string File { get; }

    public override void Read(DenseRowTaker taker)
    {
        using var reader = new LineReader(File);
        var values = new double[Columns];
        if (_named)
        {
            reader.NextNotBlank(out _);
        }

        while (reader.NextNotBlank(out var line))
        {
            var name = ParseRow(line, reader.Line, values);
            if (name is not null && !_lines.TryAdd(name, reader.Line))
            {
                throw new DataException($"{File}: the row name {name} stands on line {_lines[name]} and again on line {reader.Line}; " +
                    "row names must be unique (if each line is one entry, the format is triplets)");
            }

            taker(name, values);
        }
    }

    private string? ParseRow(ReadOnlySpan<byte> line, long number, double[] values)
    {
        var fields = new Fields(line, _delimiter);
        string? name = null;
        if (_named)
        {
            fields.Next(out var id);
            name = Encoding.UTF8.GetString(id.Trim(" "u8));
        }

        var column = 0;
        while (fields.Next(out var field))
        {
            if (column == values.Length)
            {
                throw Ragged(line, number);
            }

            var kind = NumberParser.Parse(field, out var value);
            values[column] = kind is FieldKind.Number or FieldKind.Missing ? value : throw Bad(kind, field, number, column);
            column++;
        }

        return column == values.Length ? name : throw Ragged(line, number);
    }

    private DataException Ragged(ReadOnlySpan<byte> line, long number) =>
        new($"{File}, line {number}: has {CountFields(line)} fields where {Columns + (_named ? 1 : 0)} are needed; every row needs a " +
            "value or an empty field for each column");

    private DataException Bad(FieldKind kind, ReadOnlySpan<byte> field, long number, int column)
    {
        var text = Encoding.UTF8.GetString(field);
        var where = $"{File}, line {number}, field {column + (_named ? 2 : 1)} (column {ColumnName(column)})";
        return kind == FieldKind.Infinite
            ? new DataException($"{where}: the value \"{text}\" is infinite; correct it, or leave it empty where it is missing")
            : new DataException($"{where}: \"{text}\" is not a number; correct it, or leave it empty where it is missing");
    }

    private int CountFields(ReadOnlySpan<byte> line)
    {
        var fields = new Fields(line, _delimiter);
        var count = 0;
        while (fields.Next(out _))
        {
            count++;
        }

        return count;
    }

    private void CheckNames(string[] names, long line, int firstField)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var j = 0; j < names.Length; j++)
        {
            if (!seen.TryAdd(names[j], j + firstField))
            {
                throw new DataException(
                    $"{File}, line {line}: the column name {names[j]} stands in field {seen[names[j]]} and again in field " +
                    $"{j + firstField}; column names must be unique");
            }
        }
    }
}
