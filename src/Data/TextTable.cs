using FitCluster.Data.Reading;

namespace FitCluster.Data;

/// <summary>A line of a <see cref="TextTable"/>.</summary>
/// <param name="Line">Its number in the file, from 1.</param>
/// <param name="Fields">Its fields, without the quotes around them.</param>
public sealed record TextTableLine(long Line, IReadOnlyList<string> Fields);

/// <summary>
/// A text file with a table, read as tables of data are: gzipped or not; UTF-8, Latin-1, or UTF-16 with a byte order mark; separated by
/// tabs, commas, semicolons, two colons or blanks; with quotes, comments above it, blank lines, and line ends of any system.
/// </summary>
public sealed class TextTable
{
    private readonly TableForm _form;

    private TextTable(string path, TableForm form, IReadOnlyList<string> notes) => (Path, _form, Notes) = (path, form, notes);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What to tell the user of how it is read, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Opens a table.</summary>
    /// <exception cref="DataException">There is none, or none that can be read.</exception>
    public static TextTable Open(string path)
    {
        var isLatin1 = TextEncoding.IsLatin1(path);
        var notes = new List<string>();
        var form = TableForm.Find(path, isLatin1, notes);
        var name = System.IO.Path.GetFileName(InputFiles.Named(path));
        return new TextTable(path, form, [.. notes.Select(note => $"{name}: {note}"), .. Latin1(path, isLatin1)]);
    }

    /// <summary>Opens a list: lines of one field each, which is not split.</summary>
    /// <exception cref="DataException">There is none, or none that can be read.</exception>
    public static TextTable OpenList(string path)
    {
        var isLatin1 = TextEncoding.IsLatin1(path);
        return new TextTable(path, TableForm.Lines(isLatin1), [.. Latin1(path, isLatin1)]);
    }

    /// <summary>Opens a table whose fields are separated by tabs, and which has no comments.</summary>
    internal static TextTable OpenTabbed(string path)
    {
        var isLatin1 = TextEncoding.IsLatin1(path);
        return new TextTable(path, new TableForm(Separation.Single, '\t', IsLatin1: isLatin1), [.. Latin1(path, isLatin1)]);
    }

    /// <summary>The lines that are not blank, one after the other.</summary>
    /// <exception cref="DataException">A line cannot be read.</exception>
    public IEnumerable<TextTableLine> Lines()
    {
        using var reader = new TableReader(Path, _form);
        while (reader.Next())
        {
            yield return new TextTableLine(reader.Line, reader.All());
        }
    }

    /// <summary>
    /// Whether a field says that a value is missing: it is empty, or NA, NaN, NULL and the like (docs/formats.md, "Input").
    /// </summary>
    public static bool IsMissing(string field) => TableHead.KindOf(field) == FieldKind.Missing;

    private static string[] Latin1(string path, bool isLatin1) => isLatin1 ? [TextEncoding.Note(path)] : [];
}
