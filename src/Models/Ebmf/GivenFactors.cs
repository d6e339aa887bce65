using FitCluster.Data;

namespace FitCluster.Models.Ebmf;

/// <summary>
/// Starting values and fixed entries of loadings and factors, from files: rows x K and columns x K, row-major, NaN where free.
/// </summary>
internal sealed record GivenFactors(int Count, double[] Loadings, double[] Factors)
{
    /// <summary>What to tell of how the files were read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    private const string ColumnIntercept = "column-intercept";

    private static readonly string[] Extensions = [".csv", ".tsv", ".npy", ".csv.gz", ".tsv.gz"];

    public static GivenFactors None { get; } = new(0, [], []);

    /// <summary>The folder of <c>init</c>: loadings.csv and factors.csv, all entries given.</summary>
    public static GivenFactors ReadInit(string folder, MatrixSource data)
    {
        var loadings = Read(Find(folder, "loadings"), "rows", data.RowNames);
        var factors = Read(Find(folder, "factors"), "columns", data.ColumnNames);
        if (loadings.Columns != factors.Columns)
        {
            throw ProblemException.BadInput(
                $"{folder}: the loadings have {loadings.Columns} columns and the factors {factors.Columns}; both need one for each factor");
        }

        foreach (var (array, name) in new[] { (loadings, "loadings"), (factors, "factors") })
        {
            var at = Array.FindIndex(array.Values, double.IsNaN);
            if (at >= 0)
            {
                throw ProblemException.BadInput(
                    $"{folder}: the {name} have a missing value (row {(at / array.Columns) + 1}, factor {(at % array.Columns) + 1}); a " +
                    "start needs all");
            }
        }

        return new GivenFactors(loadings.Columns, loadings.Values, factors.Values) { Notes = [.. loadings.Notes, .. factors.Notes] };
    }

    /// <summary>The fixed factors of a spec, one after the other.</summary>
    public static GivenFactors ReadFixed(IReadOnlyList<string> words, MatrixSource data)
    {
        var parts = words.Select(word => ReadFixed(word, data)).ToList();
        var (n, p, k) = ((int)data.Rows, data.Columns, parts.Sum(f => f.Count));
        var (loadings, factors) = (new double[(long)n * k], new double[(long)p * k]);
        var first = 0;
        foreach (var part in parts)
        {
            Paste(part.Loadings, part.Count, loadings, k, first);
            Paste(part.Factors, part.Count, factors, k, first);
            first += part.Count;
        }

        return new GivenFactors(k, loadings, factors) { Notes = [.. parts.SelectMany(part => part.Notes)] };
    }

    /// <summary>How many factors a word of a finished fit's fixedFactors stands for, and whether their loadings are fixed.</summary>
    /// <param name="word">The word.</param>
    /// <param name="rows">The fit's rows; null: none of them is fixed.</param>
    /// <param name="columns">The fit's columns.</param>
    public static (int Count, bool HasLoadings) Shape(string word, int? rows, int columns)
    {
        if (!Path.IsPathRooted(word))
        {
            return (1, word == ColumnIntercept);
        }

        if (!Path.Exists(word))
        {
            throw ProblemException.BadInput($"the fixed factors '{word}' of the fit are not there any more, and without them it is not " +
                "known which side is fixed: put them back");
        }

        if (Directory.Exists(word))
        {
            var loadings = TryFind(word, "loadings");
            return (DenseArray.Read(loadings ?? Find(word, "factors")).Columns, loadings is not null);
        }

        var array = DenseArray.Read(word);
        return array.Rows == columns || array.Rows == rows ? (array.Columns, array.Rows != columns)
            : throw ProblemException.BadInput($"{word} has {array.Rows} rows, one for neither each row nor each column of the fit: it " +
                "is not the file that was fitted with");
    }

    private static GivenFactors ReadFixed(string word, MatrixSource data)
    {
        var (n, p) = ((int)data.Rows, data.Columns);
        switch (word)
        {
            case "intercept" or "row-intercept":
                return new GivenFactors(1, Filled(n, double.NaN), Filled(p, 1));
            case ColumnIntercept:
                return new GivenFactors(1, Filled(n, 1), Filled(p, double.NaN));
        }

        if (!Directory.Exists(word))
        {
            var array = DenseArray.Read(word);
            var given = array.Rows == p ? new GivenFactors(
                array.Columns, Filled(n * array.Columns, double.NaN), Checked(array, word, "columns", data.ColumnNames).Values)
                : array.Rows == n ? new GivenFactors(
                    array.Columns, Checked(array, word, "rows", data.RowNames).Values, Filled(p * array.Columns, double.NaN))
                : throw ProblemException.BadInput(
                    $"{word} has {array.Rows} rows; fixed factors need {p} (one for each column), fixed loadings {n}");
            return given with { Notes = array.Notes };
        }

        var loadings = TryFind(word, "loadings") is { } l ? Read(l, "rows", data.RowNames) : null;
        var factors = TryFind(word, "factors") is { } f ? Read(f, "columns", data.ColumnNames) : null;
        var count = loadings?.Columns ?? factors?.Columns
            ?? throw ProblemException.BadInput($"{word} has neither loadings.csv nor factors.csv: fixed factors need one of them");
        if (factors is not null && factors.Columns != count)
        {
            throw ProblemException.BadInput(
                $"{word}: the loadings have {count} columns and the factors {factors.Columns}; both need one for each factor");
        }

        return new GivenFactors(count, loadings?.Values ?? Filled(n * count, double.NaN), factors?.Values ?? Filled(p * count, double.NaN))
        {
            Notes = [.. loadings?.Notes ?? [], .. factors?.Notes ?? []],
        };
    }

    private static string Find(string folder, string name) =>
        TryFind(folder, name) ?? throw ProblemException.BadInput($"{folder} has no {name}.csv");

    private static string? TryFind(string folder, string name) =>
        Extensions.Select(e => Path.Combine(folder, name + e)).FirstOrDefault(File.Exists);

    private static DenseArray Read(string path, string side, IReadOnlyList<string> names) =>
        Checked(DenseArray.Read(path), path, side, names);

    private static DenseArray Checked(DenseArray array, string path, string side, IReadOnlyList<string> names)
    {
        if (array.Rows != names.Count)
        {
            throw ProblemException.BadInput(
                $"{path} has {array.Rows} rows, but the data have {names.Count} {side}: one row is needed for each");
        }

        // Names that are mere numbers (as pandas writes them), or of data without names, say nothing about the order.
        for (var i = 0; array.RowNames is not null && !MatrixSource.AreGenerated(names) && i < array.Rows; i++)
        {
            if (array.RowNames[i] != names[i] && !array.RowNames[i].All(char.IsAsciiDigit))
            {
                throw ProblemException.BadInput(
                    $"{path}: row {i + 1} is '{array.RowNames[i]}' where the data have '{names[i]}'; put the rows in the order " +
                    "of the data");
            }
        }

        return array;
    }

    private static void Paste(double[] from, int width, double[] to, int toWidth, int first)
    {
        for (var i = 0; i < from.Length; i++)
        {
            to[((long)(i / width) * toWidth) + first + (i % width)] = from[i];
        }
    }

    private static double[] Filled(int length, double value)
    {
        var array = new double[length];
        Array.Fill(array, value);
        return array;
    }
}
