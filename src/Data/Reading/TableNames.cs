using FitCluster.Data.Storage;

namespace FitCluster.Data.Reading;

/// <summary>What of a table are names: of the columns the first line, of the rows the first field of each.</summary>
internal sealed class TableNames
{
    private static readonly HashSet<string> _corners =
        ["", "ID", "NAME", "NAMES", "ROW", "ROWS", "ROWNAMES", "INDEX", "GENE", "CELL", "SAMPLE", "BARCODE", "FEATURE", "USER", "ITEM"];

    private TableNames(bool hasHeader, bool hasRowNames, string[]? columns, int count, IReadOnlyList<string> notes) =>
        (HasHeader, HasRowNames, Columns, Count, Notes) = (hasHeader, hasRowNames, columns, count, notes);

    public bool HasHeader { get; }

    public bool HasRowNames { get; }

    /// <summary>The columns' names; null where there are none.</summary>
    public string[]? Columns { get; }

    /// <summary>The number of columns.</summary>
    public int Count { get; }

    /// <summary>What to tell of the decision.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// A first line that is all numbers, or whose fields but the first are numbers that are not whole or repeat, is data; so is one whose
    /// first field is a row's name below. Without any text in it, rows have no names either. Everything else is a header; it may be one
    /// field shorter than the lines below, as R writes it.
    /// </summary>
    public static TableNames Find(string path, TableHead head)
    {
        var header = head.Lines[0].Fields;
        if (header.All(IsNumberOrMissing) && header[0].Trim().Length > 0 && header.Any(IsNumber))
        {
            return head.Lines.Count > 1 ? new TableNames(
                false, false, null, header.Length,
                ["the first line is all numbers and was read as data: rows and columns have no names in this file"])
                : throw new DataException(
                    $"{path} has a single line of numbers; give column names in the first line and rows below");
        }

        if (head.Lines.Count == 1)
        {
            throw new DataException($"{path} has no rows below its header; add rows, or name the format if it is another one");
        }

        if (IsData(head))
        {
            return new TableNames(false, true, null, header.Length - 1, [
                $"the first line is numbers behind its first field (\"{header[0]}\") and was read as data: columns have no names in this " +
                "file; if it has them, leave its first field empty"]);
        }

        var isShort = head.Lines[1].Fields.Length == header.Length + 1;
        if (isShort && head.Lines.Skip(1).All(l => l.Fields.Length == header.Length + 1 && l.Fields[^1].Trim().Length == 0))
        {
            // R writes headers that are one field shorter, but no empty fields: every value would go to the name before its own.
            throw new DataException(
                $"{path}, line {head.Lines[1].Line}: the lines below the header have one field more than it, and the last is empty in " +
                "all: take the separator at the end of these lines out, or put one at the end of the header");
        }

        var notes = new List<string>();
        var names = Named(isShort ? header : header[1..], notes);
        CheckNames(path, names, head.Lines[0].Line, header.Length - names.Length + 1);
        if (!isShort && names.All(IsNumber) && !IsCorner(header[0]))
        {
            notes.Add($"the first line was read as the names of the columns, though they are numbers ({string.Join(", ", names.Take(3))}" +
                $"{(names.Length > 3 ? ", ..." : "")}); if it is data, put a line of names above it");
        }

        if (!isShort && !IsCorner(header[0]) && head.Lines.Skip(1).All(l => IsNumberOrMissing(l.Fields[0])))
        {
            notes.Add($"the column {header[0]} was taken as the names of the rows, though it is all numbers: if it is data, put a column " +
                "of names before it (pandas: to_csv with index=True)");
        }

        return new TableNames(true, true, names, names.Length, notes);
    }

    /// <summary>Whether a first line, not all numbers, is one of the rows.</summary>
    private static bool IsData(TableHead head)
    {
        var (first, below) = (head.Lines[0].Fields, head.Lines.Skip(1));
        return first.Length > 1 && head.Lines[1].Fields.Length == first.Length && first.Skip(1).All(IsNumberOrMissing) &&
            first.Skip(1).Any(IsNumber) && !IsCorner(first[0]) &&
            (!first.Skip(1).All(TableHead.IsWhole) ||
                first.Skip(1).Distinct().Count() < first.Length - 1 ||
                below.Any(l => l.Fields[0] == first[0]));
    }

    private static bool IsCorner(string field) => _corners.Contains(field.Trim().ToUpperInvariant());

    private static bool IsNumber(string field) => TableHead.KindOf(field) == FieldKind.Number;

    private static bool IsNumberOrMissing(string field) => TableHead.KindOf(field) is FieldKind.Number or FieldKind.Missing;

    /// <summary>Columns without a name are called by their number, as those of a table without names are.</summary>
    private static string[] Named(string[] names, List<string> notes)
    {
        string[] all = [.. names.Select((name, j) => string.IsNullOrWhiteSpace(name) ? GeneratedNames.Name('c', j) : name)];
        string[] given = [.. all.Where((name, j) => name != names[j])];
        if (given.Length > 0)
        {
            var called = string.Join(", ", given.Take(5)) + (given.Length > 5 ? ", ..." : "");
            notes.Add(given.Length == 1 ? $"a column without a name is called {called}"
                : $"{given.Length} columns without a name are called {called}");
        }

        return all;
    }

    private static void CheckNames(string path, string[] names, long line, int firstField)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var j = 0; j < names.Length; j++)
        {
            if (!seen.TryAdd(names[j], j + firstField))
            {
                throw new DataException(
                    $"{path}, line {line}: the column name {names[j]} stands in field {seen[names[j]]} and again in field " +
                    $"{j + firstField}; column names must be unique");
            }
        }
    }
}
