namespace FitCluster.Data.Reading;

/// <summary>A 10x folder: matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv of version 2), gzipped or not.</summary>
internal static class TenXFolder
{
    private const string All = "all";
    private const string Expression = "Gene Expression";

    private static readonly HashSet<string> _headerWords =
        [
            "BARCODE", "BARCODES", "CELL", "CELLS", "CELLID", "CELLBARCODE", "GENE", "GENES", "GENEID", "GENEIDS", "GENENAME", "FEATURE",
            "FEATURES", "FEATUREID", "FEATURENAME", "ENSEMBLID", "ID", "NAME", "X", "V", "SYMBOL", "INDEX", "",
        ];

    private static readonly HashSet<string> _knownTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        Expression, "Antibody Capture", "CRISPR Guide Capture", "Multiplexing Capture", "Antigen Capture", "Peaks", "Custom", "VDJ",
    };

    public static bool IsOne(string folder) => TextFile.WithOrWithoutGz(Path.Combine(folder, "matrix.mtx")) is not null;

    /// <param name="folder">The folder.</param>
    /// <param name="types">The types of features to keep (<see cref="MatrixOptions.FeatureTypes"/>).</param>
    public static MatrixMarketSource Open(string folder, IReadOnlyList<string>? types)
    {
        var matrix = Require(folder, "matrix.mtx");
        var barcodes = Require(folder, "barcodes.tsv");
        var features = TextFile.WithOrWithoutGz(Path.Combine(folder, "features.tsv")) ??
            TextFile.WithOrWithoutGz(Path.Combine(folder, "genes.tsv"))
            ?? throw new DataException($"{folder} has neither features.tsv nor genes.tsv (gzipped or not); a 10x folder needs one of them");
        return Open(matrix, barcodes, features, types);
    }

    /// <summary>From its three files, wherever they are.</summary>
    public static MatrixMarketSource Open(string matrix, string barcodes, string features, IReadOnlyList<string>? types)
    {
        MatrixMarketHeader header;
        using (var reader = new LineReader(matrix))
        {
            header = MatrixMarketHeader.Read(reader);
        }

        if (!header.Coordinate)
        {
            throw new DataException($"{matrix} is an array; the matrix of a 10x folder is a coordinate file");
        }

        var notes = new List<string>();
        var cells = Lines(barcodes, header.Columns, notes);
        var genes = Lines(features, header.Rows, notes);
        if (header.Rows != genes.Count || header.Columns != cells.Count)
        {
            throw new DataException(
                $"{matrix} is {header.Rows} features x {header.Columns} barcodes, but {Path.GetFileName(features)} has " +
                $"{genes.Count} lines and {Path.GetFileName(barcodes)} {cells.Count}; take the three files from the same run");
        }

        var source = new MatrixMarketSource(matrix, header, transposed: true) { Path = matrix, Format = MatrixFormat.TenX };
        source.Notes.AddRange(notes);
        var ids = Ids(features, genes);
        var kept = Select(features, genes, types, source.Notes);
        if (kept is not null)
        {
            if (header.Symmetry != Symmetry.General)
            {
                throw new DataException($"{matrix} is symmetric; the matrix of a 10x folder is general");
            }

            source.KeepColumns(kept);
            ids = [.. kept.Select(k => ids[k])];
        }

        source.Describe($"{header.Rows} features x {header.Columns} barcodes, {header.Entries} entries, " +
            $"read as {header.Columns} rows (cells) x {ids.Length} columns (features)", Ids(barcodes, cells), ids);
        return source;
    }

    /// <summary>
    /// Which features are kept, by their types (the third field), in order; null: all. Of several types Gene Expression, unless said
    /// otherwise: totals of a cell are not to count antibodies.
    /// </summary>
    private static int[]? Select(string path, List<TextTableLine> features, IReadOnlyList<string>? asked, List<string> notes)
    {
        string[] types = [.. features.Select(line => line.Fields.Count > 2 ? line.Fields[2].Trim() : "")];
        (string Type, int Count)[] counts = [.. types.CountBy(type => type).Select(c => (c.Key, c.Value))];
        var said = string.Join(", ", counts.Select(c => $"{c.Count} {(c.Type.Length > 0 ? c.Type : "without a type")}"));
        if (asked is null && (counts.Length == 1 || !counts.Any(c => _knownTypes.Contains(c.Type))))
        {
            // One type, or a third field that is something else.
            return null;
        }

        var name = Path.GetFileName(path);
        foreach (var type in asked ?? [])
        {
            if (type != All && !types.Contains(type, StringComparer.OrdinalIgnoreCase))
            {
                throw new DataException($"{path} has no features of the type '{type}' (data.featureTypes); it has {said}");
            }
        }

        if (asked is null && !types.Contains(Expression, StringComparer.OrdinalIgnoreCase))
        {
            throw new DataException($"{name} has features of several types, and none is {Expression}: {said}; say with data.featureTypes " +
                "(--feature-types) which to keep, or all");
        }

        IReadOnlyList<string> wanted = asked ?? [Expression];
        if (wanted.Contains(All))
        {
            notes.Add($"features of {counts.Length} types: {said}; all are kept, and counted in a cell's total");
            return null;
        }

        notes.Add($"features of {counts.Length} types: {said}; kept: {string.Join(", ", wanted)}" +
            (asked is null ? " (data.featureTypes, --feature-types selects others, or all)" : ""));
        return [.. Enumerable.Range(0, types.Length).Where(i => wanted.Contains(types[i], StringComparer.OrdinalIgnoreCase))];
    }

    /// <summary>The lines of a file of names, without a header where there is one line more than the matrix has, and blank ends.</summary>
    private static List<TextTableLine> Lines(string path, int expected, List<string> notes)
    {
        var table = TextTable.OpenTabbed(path);
        notes.AddRange(table.Notes);
        var lines = Split(path, [.. table.Lines()], notes);
        if (lines.Count != expected + 1)
        {
            return lines;
        }

        var first = lines[0].Fields;
        var shown = string.Join(' ', first);
        if (!_headerWords.Contains(string.Concat(first[0].Where(char.IsAsciiLetter).Select(char.ToUpperInvariant))))
        {
            throw new DataException(
                $"{path} has {lines.Count} lines where the matrix has {expected}: if its first line ({shown}) is a header, take it out; " +
                "otherwise take the three files from the same run");
        }

        notes.Add($"the first line of {Path.GetFileName(path)} ({shown}) was taken as a header, as it has one line more than the matrix");
        return lines[1..];
    }

    /// <summary>
    /// The fields of lines none of which has a tab: separated by commas or semicolons, if each line has as many, once or twice. Types of
    /// features are not to be lost in silence.
    /// </summary>
    private static List<TextTableLine> Split(string path, List<TextTableLine> lines, List<string> notes)
    {
        if (lines.Count == 0 || lines.Exists(line => line.Fields.Count > 1))
        {
            return lines;
        }

        foreach (var separator in ",;")
        {
            var form = new TableForm(Separation.Single, separator);
            List<TextTableLine> split = [.. lines.Select(line => line with { Fields = FieldSplitter.All(form, line.Fields[0]) })];
            if (split[0].Fields.Count is 2 or 3 && split.TrueForAll(line => line.Fields.Count == split[0].Fields.Count))
            {
                notes.Add($"{Path.GetFileName(path)} has no tabs: its fields were read as separated by " +
                    (separator == ',' ? "commas" : "semicolons"));
                return split;
            }
        }

        var typed = lines.Find(line => _knownTypes.Any(type =>
            line.Fields[0].TrimEnd('"').EndsWith(' ' + type, StringComparison.OrdinalIgnoreCase)));
        return typed is null ? lines : throw new DataException(
            $"{path}, line {typed.Line}: \"{typed.Fields[0]}\" ends with a type of features, but has no tab before it; separate id, name " +
            "and type by tabs");
    }

    /// <summary>The first field of each line: ids, which are unique (gene symbols, the second field, are not).</summary>
    private static string[] Ids(string path, List<TextTableLine> lines)
    {
        var names = new string[lines.Count];
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = lines[i].Fields[0].Trim(' ');
            if (names[i].Length == 0)
            {
                throw new DataException($"{path}, line {lines[i].Line}: the id is empty; every line needs one");
            }

            if (!seen.TryAdd(names[i], lines[i].Line))
            {
                throw new DataException(
                    $"{path}: the id {names[i]} stands on line {seen[names[i]]} and again on line {lines[i].Line}; ids must be unique");
            }
        }

        return names;
    }

    private static string Require(string folder, string name) =>
        TextFile.WithOrWithoutGz(Path.Combine(folder, name))
        ?? throw new DataException($"{folder} has no {name} or {name}.gz; a 10x folder needs it");
}
