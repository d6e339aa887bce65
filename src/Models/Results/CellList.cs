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
/// Cells of a fit, from a file with the fields row and column, and others that are passed over, below a header; separated by tabs,
/// or by commas where the header has no tab.
/// </summary>
internal static class CellList
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="ProblemException">It cannot be read, or names a row or a column that the fit does not have.</exception>
    public static List<NamedCell> Read(string path, FinishedFit fit, UnknownPolicy unknown)
    {
        if (FileKinds.Of(path) == FileKind.None)
        {
            throw ProblemException.BadInput($"the file '{path}' of the cells does not exist");
        }

        var file = InputFiles.FindFile(path);
        var cells = new List<NamedCell>();
        var (number, separator) = (0, '\t');
        foreach (var line in File.ReadLines(file))
        {
            if (++number == 1)
            {
                separator = line.Contains('\t', StringComparison.Ordinal) ? '\t' : ',';
                if (line.Split(separator) is not ["row", "column", ..])
                {
                    throw ProblemException.BadInput(
                        $"{path}:1: the header is '{line}': its first two fields must be row and column, separated by a tab or a comma");
                }

                continue;
            }

            if (line.Length == 0)
            {
                continue;
            }

            var fields = line.Split(separator);
            var place = FormattableString.Invariant($"{path}:{number}: ");
            if (fields.Length < 2)
            {
                throw ProblemException.BadInput($"{place}'{line}' is one field: each line below the header needs a row and a column");
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
