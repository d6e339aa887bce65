namespace FitCluster.Data.Reading;

/// <summary>What to say of a cell of a table that is no number.</summary>
internal static class CellError
{
    /// <summary>The error for a cell.</summary>
    /// <param name="file">The file.</param>
    /// <param name="kind">Infinite, not a number, or missing where nothing may be.</param>
    /// <param name="text">The cell.</param>
    /// <param name="line">Its line.</param>
    /// <param name="column">Its column, in words: "column s1".</param>
    /// <param name="advice">What to do where it is missing: "leave it empty where it is missing".</param>
    public static DataException Of(string file, FieldKind kind, ReadOnlySpan<char> text, long line, string column, string advice)
    {
        var shown = text.Length > 40 ? $"{text[..40]}..." : text.ToString();
        return kind != FieldKind.NotANumber
            ? new DataException($"{file}: the value \"{shown}\" is {(kind == FieldKind.Infinite ? "infinite" : "missing")} " +
                $"(line {line}, {column}): correct it, or {advice}")
            : new DataException($"{file}: \"{shown}\" is not a number (line {line}, {column}): " + Why(text, advice));
    }

    private static string Why(ReadOnlySpan<char> text, string advice)
    {
        if (WithPoint(text) is { } number)
        {
            // 1,000 may be a thousand, or one.
            return number.Length - number.IndexOf('.', StringComparison.Ordinal) == 4 && !text.Contains('.')
                ? $"commas in numbers are not read, write {number.Replace(".", "", StringComparison.Ordinal)} or {number}, whichever it is"
                : $"decimal commas are not read, write points, as in {number}";
        }

        var odd = text.IndexOfAnyExceptInRange(' ', '~');
        return odd >= 0
            ? FormattableString.Invariant($"it has the character U+{(int)text[odd]:X4}; write numbers in ASCII, or {advice}")
            : $"correct it, or {advice}";
    }

    /// <summary>A number with a decimal comma as one with a point; null if it is none: "1.234,5" is 1234.5.</summary>
    public static string? WithPoint(ReadOnlySpan<char> text)
    {
        text = text.Trim(" \t\"");
        var comma = text.IndexOf(',');
        if (comma < 0 || text[(comma + 1)..].ContainsAny(',', '.'))
        {
            return null;
        }

        var whole = text[..comma].ToString().Replace(".", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal);
        var number = $"{whole}.{text[(comma + 1)..]}";
        return NumberParser.Parse(number.AsSpan(), out _) == FieldKind.Number ? number : null;
    }
}
