using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>Finds the format of a file or folder from its content.</summary>
internal static class FormatDetector
{
    private const int SampleLines = 1000;
    private const long SampleBytes = 1 << 21;

    private static readonly string[] _valueWords =
        ["VALUE", "VALUES", "RATING", "RATINGS", "COUNT", "COUNTS", "SCORE", "WEIGHT", "UMI", "X", "N"];
    private static readonly string[] _rowWords = ["ROW", "ROWID", "ROW_ID", "USER", "USERID", "USER_ID", "CELL", "CELLID", "CELL_ID", "I"];
    private static readonly string[] _columnWords =
        [
            "COLUMN", "COL", "COLUMNID", "COLUMN_ID", "ITEM", "ITEMID", "ITEM_ID", "MOVIE", "MOVIEID", "MOVIE_ID", "GENE", "GENEID",
            "GENE_ID", "J"
        ];

    public static MatrixFormat Detect(string path)
    {
        if (Directory.Exists(path))
        {
            return File.Exists(Path.Combine(path, MatrixStore.HeaderName)) ? MatrixFormat.Store
                : TenXFolder.IsOne(path) ? MatrixFormat.TenX
                : throw new DataException(
                    $"{path} is a folder with neither a matrix.mtx (10x) nor a {MatrixStore.HeaderName} (chunked store); give the path " +
                    "of the matrix");
        }

        var head = Head(path);
        if (head.Length > 3 && head[0] == 0x89 && head[1..].StartsWith("HDF"u8))
        {
            throw new DataException(
                $"{path} is an HDF5 file (.h5ad or .h5), which is not read yet; save the matrix as a 10x folder, .mtx or scipy .npz");
        }

        if (head.Length == 0)
        {
            throw new DataException($"{path} is empty; give a file with a matrix");
        }

        return head.StartsWith("PK\u0003\u0004"u8) || head.StartsWith("PK\u0005\u0006"u8) ? MatrixFormat.Npz
            : head[0] == 0x93 && head[1..].StartsWith("NUMPY"u8) ? MatrixFormat.Npy
            : head.StartsWith("%%MatrixMarket"u8) ? MatrixFormat.MatrixMarket
            : head[0] == '%'
                ? throw new DataException($"{path} begins with a percent sign but not with %%MatrixMarket; correct its first line")
            : head.Contains((byte)0)
                ? throw new DataException(
                    $"{path} is a binary file of no known format; give a 10x folder, .mtx, .csv, .tsv, .npy, .npz or a store")
                : Promised(path) is { } promise
                    ? throw new DataException(
                        $"{path} is text, not {promise}; write it again, or name it .csv or .tsv if that is what it is")
                : DetectText(path);
    }

    // Text is recognized by its content only, except that a name which promises another format is
    // believed: its file was damaged or mixed up.
    private static string? Promised(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".npy" => "a NumPy array (it lacks the first bytes of a .npy file)",
            ".npz" => "a NumPy archive (it lacks the first bytes of a zip file)",
            ".mtx" => "MatrixMarket (its first line must begin with %%MatrixMarket)",
            ".h5ad" or ".h5" => "HDF5",
            _ => null,
        };
    }

    /// <summary>
    /// Triplets or dense. Triplets have at least three fields a line and an id that repeats; dense text has unique row names below a
    /// line of column names. Asked in this order, over the first 1,000 lines: fewer than 3 or more than 8 fields, an empty first
    /// field, or lines one field longer than the first (R's header): dense. No header (the third field of the first line is a number):
    /// triplets if the second field is not a number, or in 3 or 4 fields if the first repeats; where all fields are numbers, if the first
    /// two are whole, one of them repeats and no pair does. With a header: triplets if it has names such as user, item, rating, if a
    /// second field is not a number (an id), or in 3 or 4 fields if the first repeats. Everything else is dense.
    /// </summary>
    public static MatrixFormat DetectText(string path)
    {
        using var reader = new LineReader(path);
        if (!reader.NextNotBlank(out var first))
        {
            throw new DataException($"{path} is empty; give a file with a matrix");
        }

        var delimiter = Fields.Delimiter(first);
        var header = Fields.All(first, delimiter);
        var rows = new List<string[]>();
        while (rows.Count < SampleLines && reader.Length < SampleBytes && reader.NextNotBlank(out var line))
        {
            rows.Add(Fields.All(line, delimiter));
            if (rows[0].Length is < 3 or > 8)
            {
                break;
            }
        }

        return AreTriplets(header, rows) ? MatrixFormat.Triplets : MatrixFormat.Dense;
    }

    private static bool AreTriplets(string[] header, List<string[]> rows)
    {
        if (header.Length is < 3 or > 8 || header[0].Length == 0 || (rows.Count > 0 && rows[0].Length != header.Length))
        {
            return false;
        }

        if (IsNumber(header[2]))
        {
            return header.All(IsNumber)
                ? header.Length <= 4 && LookLikeIndices([header, .. rows])
                : !IsNumber(header[1]) || (header.Length <= 4 && rows.Select(r => r[0]).Append(header[0]).Distinct().Count() <= rows.Count);
        }

        if (Names(header[2], _valueWords) && (Names(header[0], _rowWords) || Names(header[1], _columnWords)))
        {
            return true;
        }

        var idInSecond = rows.Exists(r => r.Length > 2 && Kind(r[1]) == FieldKind.NotANumber && IsNumber(r[2]));
        return idInSecond || (header.Length <= 4 && rows.Select(r => r[0]).Distinct().Count() < rows.Count);
    }

    private static bool LookLikeIndices(List<string[]> rows)
    {
        var whole = rows.TrueForAll(r => r.Length > 2 && NumberParser.TryIndex(Encoding.UTF8.GetBytes(r[0]), out _) &&
            NumberParser.TryIndex(Encoding.UTF8.GetBytes(r[1]), out _));
        return whole && rows.DistinctBy(r => (r[0], r[1])).Count() == rows.Count &&
            (rows.DistinctBy(r => r[0]).Count() < rows.Count || rows.DistinctBy(r => r[1]).Count() < rows.Count);
    }

    private static bool Names(string field, string[] words) => words.Contains(field.Trim().ToUpperInvariant());

    private static bool IsNumber(string text) => Kind(text) == FieldKind.Number;

    private static FieldKind Kind(string text) => NumberParser.Parse(Encoding.UTF8.GetBytes(text), out _);

    private static ReadOnlySpan<byte> Head(string path)
    {
        var head = new byte[512];
        using var stream = TextFile.Open(path);
        try
        {
            return head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path} is a gzip file that is damaged; copy or download it again", e);
        }
    }
}
