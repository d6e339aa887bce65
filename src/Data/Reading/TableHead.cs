namespace FitCluster.Data.Reading;

/// <summary>A line of a table, with its number in the file, from 1.</summary>
internal readonly record struct TableLine(long Line, string[] Fields);

/// <summary>The first lines of a table, by which it is decided what it is: 1,000 of them, 20 of one with many columns.</summary>
internal sealed class TableHead
{
    /// <summary>The most fields that a line of triplets may have.</summary>
    public const int MostTripletFields = 8;

    private const int MostLines = 1000;
    private const int MostWideLines = 20;
    private const long MostCharacters = 1 << 21;

    // What pandas and R call a column of row numbers.
    private static readonly HashSet<string> _unnamed = ["", "Unnamed: 0", "index", "X", "rn", "...1"];

    private TableHead(TableForm form, IReadOnlyList<TableLine> lines, IReadOnlyList<string> notes) =>
        (Form, Lines, Notes) = (form, lines, notes);

    /// <summary>How the text is a table.</summary>
    public TableForm Form { get; }

    /// <summary>The lines, at least one; the first may be a header.</summary>
    public IReadOnlyList<TableLine> Lines { get; }

    /// <summary>What to tell of the form.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <exception cref="NotUtf8Exception">It is not UTF-8.</exception>
    public static TableHead Read(string path, bool isLatin1)
    {
        var notes = new List<string>();
        var form = TableForm.Find(path, isLatin1, notes);
        var lines = new List<TableLine>();
        using var reader = new TableReader(path, form);
        var characters = 0L;
        var most = MostLines;
        while (lines.Count <= most && (lines.Count < 2 || characters < MostCharacters) && reader.Next())
        {
            characters += reader.Text.Length;
            lines.Add(new TableLine(reader.Line, reader.All()));
            most = lines[0].Fields.Length > MostTripletFields ? MostWideLines : MostLines;
        }

        return lines.Count > 0 ? new TableHead(form, lines, notes)
            : throw new DataException($"{path} is empty; give a file with a table");
    }

    /// <summary>
    /// The same without a first column of running numbers that has no name, as pandas and R write them, where there is one: its name is
    /// empty, or such as index, or the header is one field shorter than the lines; and its fields are whole numbers, none of them twice.
    /// Null: there is none.
    /// </summary>
    public TableHead? WithoutIndex()
    {
        var (header, below) = (Lines[0].Fields, Lines.Skip(1).ToList());
        var width = below.Count > 0 ? below[0].Fields.Length : 0;
        var isShort = header.Length + 1 == width;
        var isIndex = width > 1 && (isShort || (header.Length == width && _unnamed.Contains(header[0].Trim()))) &&
            below.TrueForAll(line => line.Fields.Length == width && IsWhole(line.Fields[0])) &&
            below.DistinctBy(line => line.Fields[0].Trim()).Count() == below.Count;
        return !isIndex ? null : new TableHead(
            Form,
            [Lines[0] with { Fields = isShort ? header : header[1..] }, .. below.Select(line => line with { Fields = line.Fields[1..] })],
            Notes);
    }

    /// <summary>What a field holds.</summary>
    public static FieldKind KindOf(string field) => NumberParser.Parse(field.AsSpan(), out _);

    /// <summary>Whether a field is a whole number without a sign, as an index is.</summary>
    public static bool IsWhole(string field) => NumberParser.TryIndex(field.AsSpan().Trim(), out _);

    /// <summary>Whether a column has no number below the first line, and text in every field that is not empty.</summary>
    /// <param name="column">The field of a line, from 0.</param>
    /// <param name="below">The lines to look at.</param>
    public static bool IsText(IEnumerable<TableLine> below, int column)
    {
        var texts = 0;
        foreach (var line in below)
        {
            var kind = column < line.Fields.Length ? KindOf(line.Fields[column]) : FieldKind.Missing;
            if (kind is FieldKind.Number or FieldKind.Infinite)
            {
                return false;
            }

            texts += kind == FieldKind.NotANumber ? 1 : 0;
        }

        return texts > 0;
    }
}
