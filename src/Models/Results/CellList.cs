using FitCluster.Data;
using FitCluster.Models.Jobs;

namespace FitCluster.Models.Results;

/// <summary>A cell that somebody named; its positions in the fit, or <see cref="AveragePredictor.Unknown"/>.</summary>
internal readonly record struct NamedCell(string RowName, string ColumnName, int Row, int Column)
{
    /// <summary>Whether the fit has its row and its column.</summary>
    public bool IsKnown => Row != AveragePredictor.Unknown && Column != AveragePredictor.Unknown;
}

/// <summary>
/// Cells of a fit, from a table (<see cref="TextTable"/>) with the fields row and column, and others that are passed over, below a header.
/// </summary>
internal static class CellList
{
    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fit">The fit.</param>
    /// <param name="unknown">What is done with a cell whose row or column the fit does not have.</param>
    /// <param name="say">Takes what the user should know of how it was read.</param>
    /// <exception cref="ProblemException">It cannot be read, or names a row or a column that the fit does not have.</exception>
    public static List<NamedCell> Read(string path, FinishedFit fit, UnknownPolicy unknown, Action<string> say)
    {
        if (FileKinds.Of(path) == FileKind.None)
        {
            throw ProblemException.BadInput($"the file '{path}' of the cells does not exist{InputFiles.AdviceOnAbsent(path)}");
        }

        var cells = new List<NamedCell>();
        var hasHeader = false;
        var table = TextTable.Open(InputFiles.FindFile(path));
        foreach (var note in table.Notes)
        {
            say(note);
        }

        foreach (var (line, fields) in table.Lines())
        {
            var place = FormattableString.Invariant($"{path}:{line}: ");
            if (!hasHeader)
            {
                hasHeader = fields is ["row", "column", ..] ? true
                    : throw ProblemException.BadInput(
                        $"{place}the header is '{string.Join(' ', fields)}': its first two fields must be row and column, separated by a " +
                        "tab or a comma");
                continue;
            }

            if (fields.Count < 2)
            {
                throw ProblemException.BadInput($"{place}'{fields[0]}' is one field: each line below the header needs a row and a column");
            }

            cells.Add(new NamedCell(
                fields[0], fields[1], Find(fit.Rows, fields[0], place, unknown), Find(fit.Columns, fields[1], place, unknown)));
        }

        return cells.Count > 0
            ? cells
            : throw ProblemException.BadInput($"{path} names no cell: give a line with row and column for each, below the header");
    }

    /// <summary>What of the cells the fit does not have, in words: "3 of 10 cells (2 rows, of which the first is 'x')".</summary>
    public static string Words(IReadOnlyList<NamedCell> cells)
    {
        string? Side(string side, Func<NamedCell, int> at, Func<NamedCell, string> name)
        {
            string[] names = [.. cells.Where(cell => at(cell) == AveragePredictor.Unknown).Select(name).Distinct()];
            return names.Length == 0 ? null
                : names.Length == 1 ? $"{side} '{names[0]}'" : $"{names.Length} {side}s, of which the first is '{names[0]}'";
        }

        string?[] sides =
            [Side("row", cell => cell.Row, cell => cell.RowName), Side("column", cell => cell.Column, cell => cell.ColumnName)];
        return $"{cells.Count(cell => !cell.IsKnown)} of {cells.Count} cells ({string.Join("; ", sides.OfType<string>())})";
    }

    // A name that is that of several is refused in any case: which one is meant is not known, but the fit has it.
    private static int Find(NameIndex names, string name, string place, UnknownPolicy unknown)
    {
        if (!names.Has(name) && unknown != UnknownPolicy.Refuse)
        {
            return AveragePredictor.Unknown;
        }

        try
        {
            return names.Find(name, place);
        }
        catch (ProblemException e) when (!names.Has(name))
        {
            throw ProblemException.BadInput(
                $"{e.Problems[0]}: correct it, or leave such cells out (--unknown skip), or have them predicted as the mean of those " +
                "that the fit has (--unknown mean)", e);
        }
    }
}
