namespace FitCluster.Data.Reading;

/// <summary>
/// The fields of a line that has quotes, or whose fields are not separated by one character. A field that begins with a quotation mark and
/// ends with one may hold separators, and a doubled mark within is one; other marks are letters. An instance is used again for each line.
/// </summary>
internal sealed class FieldSplitter(TableForm form)
{
    private int[] _starts = new int[16];
    private int[] _lengths = new int[16];
    private string?[] _texts = new string?[16];

    /// <summary>The fields of the line.</summary>
    public int Count { get; private set; }

    /// <summary>The fields of one line as text.</summary>
    public static string[] All(TableForm form, string line)
    {
        var splitter = new FieldSplitter(form);
        if (!splitter.Split(line))
        {
            return [line];
        }

        var fields = new string[splitter.Count];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = splitter.Field(line, i).ToString();
        }

        return fields;
    }

    /// <summary>A field of the line that was split.</summary>
    public ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int index) => _texts[index] ?? line.Slice(_starts[index], _lengths[index]);

    /// <summary>Splits a line; false where a field's quotation mark is not closed in it.</summary>
    public bool Split(ReadOnlySpan<char> line)
    {
        Count = 0;
        for (var at = Begin(line, 0); at >= 0;)
        {
            var end = at;
            var isQuoted = at < line.Length && line[at] == '"';
            if (isQuoted && (end = Closing(line, at)) < 0)
            {
                return false;
            }

            var next = Next(line, isQuoted ? end + 1 : at, out var fieldEnd);
            if (isQuoted && line[(end + 1)..fieldEnd].IsWhiteSpace())
            {
                Add(at + 1, end - at - 1, line);
            }
            else
            {
                Add(at, fieldEnd - at, []);
            }

            at = next < 0 ? -1 : Begin(line, next);
        }

        return true;
    }

    /// <summary>Where the next field begins; -1: nowhere.</summary>
    private int Begin(ReadOnlySpan<char> line, int at)
    {
        if (form.Separation != Separation.Blanks)
        {
            return at;
        }

        while (at < line.Length && line[at] is ' ' or '\t')
        {
            at++;
        }

        return at < line.Length ? at : -1;
    }

    /// <summary>The mark that closes a field, from the one that opens it; -1: none.</summary>
    private static int Closing(ReadOnlySpan<char> line, int at)
    {
        for (var i = at + 1; i < line.Length; i++)
        {
            if (line[i] == '"')
            {
                if (i + 1 == line.Length || line[i + 1] != '"')
                {
                    return i;
                }

                i++;
            }
        }

        return -1;
    }

    /// <summary>Behind the next separator, and where the field before it ends; -1: there is none.</summary>
    private int Next(ReadOnlySpan<char> line, int at, out int fieldEnd)
    {
        var rest = line[at..];
        var (found, width) = form.Separation switch
        {
            Separation.Single => (rest.IndexOf(form.Separator), 1),
            Separation.Colons => (rest.IndexOf("::"), 2),
            Separation.Blanks => (rest.IndexOfAny(' ', '\t'), 1),
            _ => (-1, 0),
        };
        fieldEnd = found < 0 ? line.Length : at + found;
        return found < 0 ? -1 : fieldEnd + width;
    }

    private void Add(int start, int length, ReadOnlySpan<char> quotedIn)
    {
        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, Count * 2);
            Array.Resize(ref _lengths, Count * 2);
            Array.Resize(ref _texts, Count * 2);
        }

        _texts[Count] = !quotedIn.IsEmpty && quotedIn.Slice(start, length).Contains('"')
            ? quotedIn.Slice(start, length).ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : null;
        (_starts[Count], _lengths[Count]) = (start, length);
        Count++;
    }
}
