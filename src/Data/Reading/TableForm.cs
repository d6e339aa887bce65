namespace FitCluster.Data.Reading;

/// <summary>What separates the fields of a line.</summary>
internal enum Separation
{
    /// <summary>One character: a comma, a tab, a semicolon.</summary>
    Single,

    /// <summary>Two colons.</summary>
    Colons,

    /// <summary>Blanks, as many as there are.</summary>
    Blanks,

    /// <summary>Nothing: a line is one field.</summary>
    None,
}

/// <summary>How a text is a table.</summary>
/// <param name="Separation">What separates fields.</param>
/// <param name="Separator">The character, where it is one.</param>
/// <param name="SkippedLines">Lines above the table, which are passed over.</param>
/// <param name="HasHashHeader">Whether the first line of the table begins with a #, which is no part of it.</param>
/// <param name="IsLatin1">Whether the file is Latin-1.</param>
/// <param name="HasCommentsBelowHeader">Whether lines right below such a header that begin with a # are passed over.</param>
internal sealed record TableForm(
    Separation Separation, char Separator = ',', long SkippedLines = 0, bool HasHashHeader = false, bool IsLatin1 = false,
    bool HasCommentsBelowHeader = false)
{
    private const int ManyLines = 50;
    private const int ManyCharacters = 1 << 20;

    /// <summary>Lines that are each one field.</summary>
    public static TableForm Lines(bool isLatin1) => new(Separation.None, IsLatin1: isLatin1);

    /// <summary>
    /// Finds the form of a table in its first lines. Lines that begin with # are comments, unless one of them is the header of the lines
    /// below. A first line "sep=;" says the separator.
    /// </summary>
    /// <exception cref="DataException">There is no line that is no comment.</exception>
    /// <exception cref="NotUtf8Exception">It is not UTF-8.</exception>
    public static TableForm Find(string path, bool isLatin1, List<string> notes)
    {
        var lines = FirstLines(path, isLatin1, out var comments, out var separator);
        var form = separator is { } said ? new TableForm(Separation.Single, said) : SeparationOf(lines);
        if (comments.Count == 0)
        {
            return form with { IsLatin1 = isLatin1, SkippedLines = separator is null ? 0 : 1 };
        }

        var header = Header(form, comments, FieldSplitter.All(form, lines[0]));
        var count = comments.Count - (header < 0 ? 0 : 1);
        if (count > 0)
        {
            var text = comments[header == 0 ? 1 : 0].Text;
            var shown = text.Length > 40 ? text[..40] + "..." : text;
            notes.Add($"{count} {(count == 1 ? "line" : "lines")} above the table, beginning with # (\"{shown}\"), " +
                $"{(count == 1 ? "was" : "were")} passed over as comments");
        }

        return form with
        {
            IsLatin1 = isLatin1,
            SkippedLines = header < 0 ? comments[^1].Line : comments[header].Line - 1,
            HasHashHeader = header >= 0,
            HasCommentsBelowHeader = header >= 0 && header < comments.Count - 1,
        };
    }

    /// <summary>
    /// Which comment is the header, or -1: above lines of numbers the last that has as many fields and no numbers. Numbers may be names
    /// too (years), but so may a row have been commented out: they are a header if there is one such line, all of it behind the first
    /// field are whole numbers, none of them twice, and the first field is a word without digits.
    /// </summary>
    private static int Header(TableForm form, List<(long Line, string Text)> comments, string[] next)
    {
        if (!HasNumber(next))
        {
            return -1;
        }

        var fields = comments.ConvertAll(comment => FieldSplitter.All(form, comment.Text));
        bool IsWide(string[] line) => line.Length > 1 && line.Length == next.Length;
        var named = fields.FindLastIndex(line => IsWide(line) && !HasNumber(line));
        if (named >= 0)
        {
            return named;
        }

        var last = fields[^1];
        return fields.Count(IsWide) == 1 && IsWide(last) && !last[0].Any(char.IsAsciiDigit) && last.Skip(1).All(TableHead.IsWhole) &&
            last.Skip(1).Distinct().Count() == last.Length - 1 ? comments.Count - 1 : -1;
    }

    private static bool HasNumber(string[] fields) => fields.Skip(1).Any(field => TableHead.KindOf(field) == FieldKind.Number);

    private static List<string> FirstLines(
        string path, bool isLatin1, out List<(long Line, string Text)> comments, out char? separator)
    {
        (comments, separator) = ([], null);
        var lines = new List<string>();
        var (number, characters) = (0L, 0);
        try
        {
            using var reader = TextEncoding.Open(path, isLatin1);
            while (lines.Count < ManyLines && (characters < ManyCharacters || lines.Count < 2) && reader.ReadLine() is { } line)
            {
                number++;
                if (number == 1 && line is ['s', 'e', 'p', '=', var said and (',' or ';' or '\t')])
                {
                    separator = said;
                }
                else if (lines.Count == 0 && line.StartsWith('#'))
                {
                    comments.Add((number, line));
                }
                else if (!string.IsNullOrWhiteSpace(line))
                {
                    characters += line.Length;
                    lines.Add(line);
                }
            }
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw new NotUtf8Exception(path);
        }
        catch (InvalidDataException e)
        {
            throw TextFile.Damaged(path, e, number);
        }

        return lines.Count > 0 ? lines
            : throw new DataException($"{path} {(comments.Count > 0 ? "has nothing but comments" : "is empty")}; give a file with a table");
    }

    /// <summary>
    /// A tab if the first line has one; two colons if every line has as many of them, twice or more; otherwise the more frequent of comma
    /// and semicolon, but the semicolon where commas stand between digits only; otherwise blanks. What is in quotes does not count.
    /// </summary>
    private static TableForm SeparationOf(List<string> lines)
    {
        var first = lines[0];
        if (Count(first, "\t") > 0)
        {
            return new TableForm(Separation.Single, '\t');
        }

        var (commas, semicolons, colons) = (Count(first, ","), Count(first, ";"), Count(first, "::"));
        if (colons > 1 && lines.TrueForAll(line => Count(line, "::") == colons))
        {
            return new TableForm(Separation.Colons, ':');
        }

        if (commas == 0 && semicolons == 0)
        {
            return first.Contains(' ', StringComparison.Ordinal)
                ? new TableForm(Separation.Blanks, ' ') : new TableForm(Separation.Single, ',');
        }

        var isDecimal = semicolons > 0 && lines.TrueForAll(line => Count(line, ";") == semicolons && HasDecimalCommasOnly(line));
        return new TableForm(Separation.Single, isDecimal || semicolons > commas ? ';' : ',');
    }

    private static bool HasDecimalCommasOnly(string line)
    {
        for (var i = line.IndexOf(',', StringComparison.Ordinal); i >= 0; i = line.IndexOf(',', i + 1))
        {
            if (i == 0 || i == line.Length - 1 || !char.IsAsciiDigit(line[i - 1]) || !char.IsAsciiDigit(line[i + 1]))
            {
                return false;
            }
        }

        return true;
    }

    private static int Count(string line, string separator)
    {
        var (count, isQuoted) = (0, false);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && string.CompareOrdinal(line, i, separator, 0, separator.Length) == 0)
            {
                count++;
                i += separator.Length - 1;
            }
        }

        return count;
    }
}
