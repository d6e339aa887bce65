using System.Globalization;
using FitCluster.Data;
using FitCluster.Models;

namespace FitCluster.Cli.Ebnm;

/// <summary>The observations of a normal-means problem, read from a table (<see cref="TextTable"/>) with columns x and s.</summary>
internal sealed record EbnmInput(double[] X, double[] S)
{
    // Its square is a number.
    private const double LargestRatio = 1e150;

    // The square of it, and of its reciprocal, is a number.
    private const double LeastError = 1e-150;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="say">Takes what the user should know of how it was read.</param>
    public static EbnmInput Read(string path, Action<string> say)
    {
        if (!File.Exists(path))
        {
            throw ProblemException.BadInput($"the input file '{path}' does not exist{InputFiles.AdviceOnAbsent(path)}");
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
                if (xAt < 0 || sAt < 0 || names.Count(name => name is "x" or "s") > 2)
                {
                    var header = Short(string.Join(',', fields));
                    throw ProblemException.BadInput(
                        $"{path}:{line}: the header must have the columns x and s, each once, as in 'x,s' (it is '{header}')");
                }

                continue;
            }

            if (fields.Count != names.Length)
            {
                throw ProblemException.BadInput($"{path}:{line}: there are {fields.Count} fields where the header has {names.Length}");
            }

            // An infinite s says that nothing is known: x is then ignored, and may be missing.
            s.Add(IsInfinite(fields[sAt]) ? double.PositiveInfinity : Number(fields[sAt], "s", path, line));
            x.Add(double.IsFinite(s[^1]) || !TextTable.IsMissing(fields[xAt]) ? Number(fields[xAt], "x", path, line) : double.NaN);
            if (s[^1] <= 0)
            {
                throw ProblemException.BadInput(
                    $"{path}:{line}: s is '{fields[sAt]}': a standard error must be above 0 (Inf where nothing is known)");
            }

            if (double.IsFinite(s[^1]) && s[^1] is < LeastError or > 1 / LeastError)
            {
                throw ProblemException.BadInput(
                    $"{path}:{line}: s is '{Short(fields[sAt])}': it must be from 1e-150 to 1e150; give all x and s in another unit");
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
            : throw ProblemException.BadInput($"{path}:{line}: {name} is '{Short(text)}': " + (TextTable.IsMissing(text)
                ? "it is missing; leave the line out, or let s be Inf, which says that nothing is known"
                : $"it must be a finite number{Comma(text)}"));

    private static string Comma(string text) =>
        text.Count(c => c == ',') == 1 && double.TryParse(
            text.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? ", and decimal commas are not read: write a point"
            : "";

    private static bool IsInfinite(string text) => text.Trim().TrimStart('+').ToUpperInvariant() is "INF" or "INFINITY";

    private static string Short(string text) => text.Length > 40 ? text[..40] + "..." : text;
}
