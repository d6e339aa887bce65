using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>A 10x folder: matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv of version 2), gzipped or not.</summary>
internal static class TenXFolder
{
    public static bool IsOne(string folder) => TextFile.WithOrWithoutGz(Path.Combine(folder, "matrix.mtx")) is not null;

    public static MatrixMarketSource Open(string folder)
    {
        var matrix = Require(folder, "matrix.mtx");
        var barcodes = Require(folder, "barcodes.tsv");
        var features = TextFile.WithOrWithoutGz(Path.Combine(folder, "features.tsv")) ??
            TextFile.WithOrWithoutGz(Path.Combine(folder, "genes.tsv"))
            ?? throw new DataException($"{folder} has neither features.tsv nor genes.tsv (gzipped or not); a 10x folder needs one of them");
        return Open(matrix, barcodes, features);
    }

    /// <summary>From its three files, wherever they are.</summary>
    public static MatrixMarketSource Open(string matrix, string barcodes, string features)
    {
        var cells = Ids(barcodes);
        var genes = Ids(features);
        MatrixMarketHeader header;
        using (var reader = new LineReader(matrix))
        {
            header = MatrixMarketHeader.Read(reader);
        }

        if (!header.Coordinate)
        {
            throw new DataException($"{matrix} is an array; the matrix of a 10x folder is a coordinate file");
        }

        if (header.Rows != genes.Count || header.Columns != cells.Count)
        {
            throw new DataException(
                $"{matrix} is {header.Rows} features x {header.Columns} barcodes, but {Path.GetFileName(features)} has " +
                $"{genes.Count} lines and {Path.GetFileName(barcodes)} {cells.Count}; take the three files from the same run");
        }

        var source = new MatrixMarketSource(matrix, header, transposed: true) { Path = matrix, Format = MatrixFormat.TenX };
        source.Describe($"{header.Rows} features x {header.Columns} barcodes, {header.Entries} entries, " +
            $"read as {header.Columns} rows (cells) x {header.Rows} columns (features)", cells, genes);
        return source;
    }

    /// <summary>The first field of each line: ids, which are unique (gene symbols, the second field, are not).</summary>
    public static IReadOnlyList<string> Ids(string path)
    {
        using var reader = new LineReader(path);
        var names = new List<string>();
        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        while (reader.Next(out var line))
        {
            new Fields(line, (byte)'\t').Next(out var field);
            var name = Encoding.UTF8.GetString(field.Trim(" "u8));
            if (name.Length == 0)
            {
                throw new DataException($"{path}, line {reader.Line}: the id is empty; every line needs one");
            }

            if (!lines.TryAdd(name, reader.Line))
            {
                throw new DataException(
                    $"{path}: the id {name} stands on line {lines[name]} and again on line {reader.Line}; ids must be unique");
            }

            names.Add(name);
        }

        return names;
    }

    private static string Require(string folder, string name) =>
        TextFile.WithOrWithoutGz(Path.Combine(folder, name))
        ?? throw new DataException($"{folder} has no {name} or {name}.gz; a 10x folder needs it");
}
