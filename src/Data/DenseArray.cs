using FitCluster.Data.Reading;

namespace FitCluster.Data;

/// <summary>A small dense array: starting values, standard errors, covariates.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns; 1 for a vector.</param>
/// <param name="Values">rows x columns, row-major; NaN where missing.</param>
/// <param name="RowNames">The names of the rows, or null when the file has none.</param>
/// <param name="ColumnNames">The names of the columns, or null when the file has none.</param>
public sealed record DenseArray(int Rows, int Columns, double[] Values, IReadOnlyList<string>? RowNames, IReadOnlyList<string>? ColumnNames)
{
    /// <summary>What to tell the user of how it was read, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Reads .npy (0 to 2 dimensions), or text (<see cref="TextTable"/>), with or without a header and row names. The first line is a
    /// header when one of its fields, the first aside, is text; or the only or first field is text and the first field of the second
    /// line is a number. The first field of a line is a row name when it is text in some line below the header, or when the header's first
    /// field is empty, "name", "row", "rownames" or "id", or the header is one field shorter than the lines.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="infinite">Whether an infinity is taken in a text, as it is in .npy: a standard error may be one.</param>
    /// <exception cref="DataException">The file cannot be read; the message says where and why.</exception>
    public static DenseArray Read(string path, bool infinite = false)
    {
        path = InputFiles.Find(path);
        return InputFiles.BeginsWith(path, [0x93, .. "NUMPY"u8]) ? ReadNpy(path) : ReadText(path, infinite);
    }

    private static DenseArray ReadNpy(string path)
    {
        using var reader = new NpyReader(TextFile.Open(path), path);
        var header = reader.Header;
        if (header.Shape.Length > 2)
        {
            throw new DataException($"{path} has {header.Shape.Length} dimensions; give a number, a vector or a matrix");
        }

        var (rows, columns) = (header.Shape.Length > 0 ? header.Shape[0] : 1, header.Shape.Length == 2 ? header.Shape[1] : 1);
        if (rows * columns > Array.MaxLength)
        {
            throw new DataException($"{path} is {rows} x {columns}, more than {Array.MaxLength} values; give a smaller array");
        }

        var values = new double[rows * columns];
        reader.Read(values);
        if (header.Fortran && header.Shape.Length == 2)
        {
            var turned = new double[values.Length];
            for (var k = 0L; k < values.Length; k++)
            {
                turned[(k % rows * columns) + (k / rows)] = values[k];
            }

            values = turned;
        }

        return new DenseArray((int)rows, (int)columns, values, null, null);
    }

    private static DenseArray ReadText(string path, bool infinite)
    {
        var table = TextTable.Open(path);
        List<TextTableLine> lines = [.. table.Lines()];
        var header = HasHeader(lines);
        var rows = lines[(header ? 1 : 0)..];
        if (rows.Count == 0)
        {
            throw new DataException($"{path} has no rows below its header; add rows");
        }

        var named = HasRowNames(header ? lines[0].Fields : null, rows);
        var columns = rows[0].Fields.Count - (named ? 1 : 0);
        var names = header ? lines[0].Fields : null;
        var values = new double[(long)rows.Count * columns];
        for (var i = 0; i < rows.Count; i++)
        {
            ParseRow(path, rows[i], named ? 1 : 0, names, values.AsSpan(i * columns, columns), infinite);
        }

        if (names is not null && names.Count != columns && names.Count != columns + 1)
        {
            throw new DataException(
                $"{path}, line {lines[0].Line}: the header has {names.Count} fields where the rows have {rows[0].Fields.Count}; " +
                "make them agree");
        }

        return new DenseArray(rows.Count, columns, values, named ? [.. rows.Select(r => r.Fields[0])] : null,
            names is null ? null : names.Count == columns ? names : [.. names.Skip(1)])
        { Notes = table.Notes };
    }

    private static bool HasHeader(List<TextTableLine> lines)
    {
        var first = lines[0].Fields;
        return first.Skip(1).Any(IsText) || (lines.Count > 1 &&
            ((IsText(first[0]) && !IsText(lines[1].Fields[0])) || (first.Count > 1 && first[0].Length == 0) ||
                first.Count + 1 == lines[1].Fields.Count));
    }

    private static bool HasRowNames(IReadOnlyList<string>? header, List<TextTableLine> rows) =>
        rows[0].Fields.Count > 1 && (rows.Exists(r => IsText(r.Fields[0])) ||
            (header is not null && (header.Count == rows[0].Fields.Count - 1 ||
                header[0].Trim().ToUpperInvariant() is "" or "NAME" or "ROW" or "ROWNAMES" or "ID")));

    private static bool IsText(string field) => TableHead.KindOf(field) == FieldKind.NotANumber;

    private static void ParseRow(
        string path, TextTableLine row, int first, IReadOnlyList<string>? names, Span<double> values, bool infinite)
    {
        var fields = row.Fields;
        if (fields.Count - first != values.Length)
        {
            throw new DataException(
                $"{path}, line {row.Line}: has {fields.Count - first} values where the first row has {values.Length}; every row needs " +
                "the same number");
        }

        for (var j = 0; j < values.Length; j++)
        {
            var field = fields[j + first];
            var kind = NumberParser.Parse(field.AsSpan(), out values[j]);
            if (kind == FieldKind.NotANumber || (kind == FieldKind.Infinite && !infinite))
            {
                var at = names is null ? -1 : names.Count == values.Length ? j : j + 1;
                var column = at >= 0 && at < names!.Count ? $"column {names[at]}" : $"field {j + first + 1}";
                throw CellError.Of(path, kind, field, row.Line, column, "leave it empty where it is missing");
            }

            if (kind == FieldKind.Infinite)
            {
                values[j] = field.Contains('-', StringComparison.Ordinal) ? double.NegativeInfinity : double.PositiveInfinity;
            }
        }
    }
}
