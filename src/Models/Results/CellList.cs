namespace FitCluster.Models.Results;

/// <summary>
/// Cells of a fit, from a file with the fields row and column, and others that are passed over, below a header; separated by tabs,
/// or by commas where the header has no tab.
/// </summary>
internal static class CellList
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="ProblemException">It cannot be read, or names a row or a column that the fit does not have.</exception>
    public static List<(int Row, int Column)> Read(string path, FinishedFit fit)
    {
        if (!File.Exists(path))
        {
            throw ProblemException.BadInput($"the file '{path}' of the cells does not exist");
        }

        var cells = new List<(int, int)>();
        var (number, separator) = (0, '\t');
        foreach (var line in File.ReadLines(path))
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

            cells.Add((fit.Rows.Find(fields[0], place), fit.Columns.Find(fields[1], place)));
        }

        return cells.Count > 0
            ? cells
            : throw ProblemException.BadInput($"{path} names no cell: give a line with row and column for each, below the header");
    }
}
