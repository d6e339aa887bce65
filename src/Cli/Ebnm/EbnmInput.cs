using System.Globalization;
using FitCluster.Models;

namespace FitCluster.Cli.Ebnm;

/// <summary>The observations of a normal-means problem, read from a CSV (or tab-separated) file with columns x and s.</summary>
internal sealed record EbnmInput(double[] X, double[] S)
{
    // Its square is a number.
    private const double LargestRatio = 1e150;

    public static EbnmInput Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return Read(reader, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ProblemException.BadInput(
                File.Exists(path) ? $"the input '{path}' cannot be read: {e.Message}" : $"the input file '{path}' does not exist", e);
        }
    }

    private static EbnmInput Read(StreamReader reader, string path)
    {
        var header = reader.ReadLine();
        var separator = header?.Contains('\t', StringComparison.Ordinal) == true ? '\t' : ',';
        var names = header is null ? [] : Fields(header, separator);
        var (xAt, sAt) = (Array.IndexOf(names, "x"), Array.IndexOf(names, "s"));
        if (xAt < 0 || sAt < 0)
        {
            throw ProblemException.BadInput($"{path}:1: the header must have the columns x and s, as in 'x,s' (it is '{Short(header)}')");
        }

        var (x, s) = (new List<double>(), new List<double>());
        var line = 1;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (text.Length == 0)
            {
                continue;
            }

            var fields = Fields(text, separator);
            if (fields.Length != names.Length)
            {
                throw ProblemException.BadInput($"{path}:{line}: there are {fields.Length} fields where the header has {names.Length}");
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

    private static double Number(string text, string name, string path, int line) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw ProblemException.BadInput($"{path}:{line}: {name} is '{Short(text)}': it must be a finite number");

    private static bool IsInfinite(string text) => text.TrimStart('+').ToUpperInvariant() is "INF" or "INFINITY";

    private static bool IsMissing(string text) => text.ToUpperInvariant() is "" or "NA" or "NAN";

    private static string[] Fields(string line, char separator) =>
        [.. line.Split(separator).Select(f => f.Trim().Trim('"'))];

    private static string Short(string? text) => text is null ? "" : text.Length > 40 ? text[..40] + "..." : text;
}
