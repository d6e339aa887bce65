using FitCluster.Data;

namespace FitCluster.Models.Jobs;

/// <summary>
/// A table of names and a word for each, as of cells and their datasets: fields by <see cref="TextTable"/>, the name first; a header is
/// needed where a column is chosen, and taken for one where its first field is no name that is looked for.
/// </summary>
internal sealed class RowTable
{
    private readonly List<(string Name, string Value, long Line)> _lines = [];

    private RowTable(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its lines below the header; a value that is missing is empty.</summary>
    public IReadOnlyList<(string Name, string Value, long Line)> Lines => _lines;

    /// <summary>The columns beside the one that was chosen, by name; none without a header.</summary>
    public IReadOnlyList<string> Header { get; private set; } = [];

    /// <summary>What to tell the user of how it was read.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="column">The column of the values; null: the second, which must be the last then.</param>
    /// <param name="isName">Whether a name is one that is looked for.</param>
    /// <param name="what">The field that names the table, for messages: "data.datasets".</param>
    /// <exception cref="ProblemException">It cannot be used.</exception>
    public static RowTable Read(string path, string? column, Func<string, bool> isName, string what)
    {
        if (FileKinds.Of(path) == FileKind.None)
        {
            throw ProblemException.BadInput($"{what}: the file '{path}' does not exist{InputFiles.AdviceOnAbsent(path)}");
        }

        var read = new RowTable(path);
        var at = column is null ? 1 : -1;
        try
        {
            var table = TextTable.Open(InputFiles.FindFile(path));
            read.Notes = table.Notes;
            foreach (var (line, fields) in table.Lines())
            {
                if (read._lines.Count == 0 && read.Header.Count == 0 && (column is not null || !isName(fields[0])))
                {
                    read.Header = fields;
                    at = column is null ? 1 : fields.ToList().IndexOf(column);
                    if (at < 0)
                    {
                        throw ProblemException.BadInput(
                            $"{what}: '{path}' has no column '{column}'{Spec.Nearest.Suggest(column!, fields.Skip(1))}");
                    }

                    continue;
                }

                if (fields.Count <= at || (column is null && fields.Count > 2))
                {
                    throw ProblemException.BadInput(FormattableString.Invariant(
                        $"{what}: {path}:{line} has {fields.Count} fields, ") + (fields.Count <= at
                            ? "too few: a name and a value are needed" : "and which holds the values is not said: give column: NAME"));
                }

                read._lines.Add((fields[0], TextTable.IsMissing(fields[at]) ? "" : fields[at], line));
            }
        }
        catch (DataException e)
        {
            throw ProblemException.BadInput($"{what}: {e.Message}", e);
        }

        return read;
    }
}
