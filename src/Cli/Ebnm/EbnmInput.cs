using System.Globalization;
using FitCluster.Data;
using FitCluster.Models;

namespace FitCluster.Cli.Ebnm;

/// <summary>The observations of a normal-means problem, read from a table (<see cref="TextTable"/>) with columns x and s.</summary>
internal sealed record EbnmInput(double[] X, double[] S)
{
    // Its square is a number.
    private const double LargestRatio = 1e150;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="say">Takes what the user should know of how it was read.</param>
    public static EbnmInput Read(string path, Action<string> say)
    {
        if (!File.Exists(path))
        {
            throw ProblemException.BadInput(
                Directory.Exists(path) ? $"the input '{path}' is a folder" : $"the input file '{path}' does not exist");
        }

        try
        {
            var table = TextTable.Open(path);
            foreach (var note in table.Notes)
            {
                say(note);
            }

            return Read(table.Lines(), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProblemException.BadInput($"the input '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static EbnmInput Read(IEnumerable<TextTableLine> lines, string path)
    {
        string[]? names = null;
        var (xAt, sAt) = (-1, -1);
        var (x, s) = (new List<double>(), new List<double>());
        foreach (var (line, fields) in lines)
        {
            if (names is null)
            {
                names = [.. fields.Select(field => field.Trim())];
                (xAt, sAt) = (Array.IndexOf(names, "x"), Array.IndexOf(names, "s"));
                if (xAt < 0 || sAt < 0)
                {
                    var header = Short(string.Join(',', fields));
                    throw ProblemException.BadInput(
                        $"{path}:{line}: the header must have the columns x and s, as in 'x,s' (it is '{header}')");
                }

                continue;
            }

            if (fields.Count != names.Length)
            {
                throw ProblemException.BadInput($"{path}:{line}: there are {fields.Count} fields where the header has {names.Length}");
            }

            // An infinite s says that nothing is known: x is then ignored, and may be missing.
            s.Add(IsInfinite(fields[sAt]) ? double.PositiveInfinity : Number(fields[sAt], "s", path, line));
            x.Add(double.IsFinite(s[^1]) || !IsMissing(fields[xAt]) ? Number(fields[xAt], "x", path, line) : double.NaN);
            if (s[^1] <= 0)
            {
                throw ProblemException.BadInput(
                    $"{path}:{line}: s is '{fields[sAt]}': a standard error must be above 0 (Inf where nothing is known)");
            }

            if (double.Abs(x[^1]) / s[^1] > LargestRatio)
            {
                throw ProblemException.BadInput(
                    $"{path}:{line}: x is '{Short(fields[xAt])}' and s is '{Short(fields[sAt])}': " +
                    "x / s must be at most 1e150 in size");
            }
        }

        return x.Count > 0
            ? new EbnmInput([.. x], [.. s])
            : throw ProblemException.BadInput($"{path}: there is no observation below the header");
    }

    private static double Number(string text, string name, string path, long line) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw ProblemException.BadInput($"{path}:{line}: {name} is '{Short(text)}': it must be a finite number{Comma(text)}");

    private static string Comma(string text) =>
        text.Count(c => c == ',') == 1 && double.TryParse(
            text.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? ", and decimal commas are not read: write a point"
            : "";

    private static bool IsInfinite(string text) => text.Trim().TrimStart('+').ToUpperInvariant() is "INF" or "INFINITY";

    private static bool IsMissing(string text) => text.Trim().ToUpperInvariant() is "" or "NA" or "NAN";

    private static string Short(string text) => text.Length > 40 ? text[..40] + "..." : text;
}
