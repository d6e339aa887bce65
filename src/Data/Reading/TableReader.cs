using System.Text;
using nietras.SeparatedValues;

namespace FitCluster.Data.Reading;

/// <summary>
/// Reads a table of text line by line, gzipped or not, in any encoding of <see cref="TextEncoding"/>. Sep finds lines and fields; the
/// rule of quotes is ours (<see cref="FieldSplitter"/>), as Sep's takes every mark for one that opens or closes. Lines that are blank are
/// passed over.
/// </summary>
internal sealed class TableReader : IDisposable
{
    private readonly TableForm _form;
    private readonly StreamReader _text;
    private readonly SepReader _reader;
    private readonly FieldSplitter _splitter;
    private bool _isPlain;
    private bool _isBelowComments;
    private int _fewest;

    public TableReader(string path, TableForm form)
    {
        (Path, _form, _splitter) = (path, form, new FieldSplitter(form));
        _text = TextEncoding.Open(path, form.IsLatin1);
        try
        {
            for (var i = 0L; i < form.SkippedLines; i++)
            {
                _text.ReadLine();
            }

            if (form.HasHashHeader)
            {
                _text.Read();
            }

            // A separator that Sep does not look for would be as good: lines that are not split by one character are split here.
            _reader = new Sep(form.Separation == Separation.Single ? form.Separator : ';').Reader(
                o => o with { HasHeader = false, DisableColCountCheck = true, DisableQuotesParsing = true }).From(_text);
        }
        catch (Exception e) when (IsKnown(e))
        {
            _text.Dispose();
            throw Explain(e);
        }
    }

    public string Path { get; }

    /// <summary>The number of the line last read, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The fields of the line last read.</summary>
    public int Count { get; private set; }

    /// <summary>The line last read, as it stands.</summary>
    public ReadOnlySpan<char> Text => _reader.Current.Span;

    /// <summary>A field of the line last read; valid until the next.</summary>
    public ReadOnlySpan<char> this[int index] =>
        _isPlain ? _reader.Current[index].Span : _splitter.Field(_reader.Current.Span, index);

    /// <summary>Whether all fields of the line last read are empty, as in lines that spreadsheets leave at the end.</summary>
    public bool IsEmpty => !Text.ContainsAnyExcept([_form.Separator, ' ', '\t', '"']);

    /// <summary>The next line that is not blank.</summary>
    /// <exception cref="NotUtf8Exception">It is not UTF-8.</exception>
    public bool Next()
    {
        while (MoveNext())
        {
            var row = _reader.Current;
            var text = row.Span;
            if (text.IsEmpty || (text[0] <= ' ' && text.IsWhiteSpace()))
            {
                continue;
            }

            if (_form.HasCommentsBelowHeader && Line > 0 && !_isBelowComments)
            {
                if (text[0] == '#')
                {
                    continue;
                }

                _isBelowComments = true;
            }

            // Sep counts the first line twice.
            Line = _form.SkippedLines + (row.RowIndex == 0 ? 1 : row.LineNumberFrom);
            _isPlain = _form.Separation == Separation.Single && !text.Contains('"');
            if (!_isPlain && !_splitter.Split(text))
            {
                throw new DataException(
                    $"{Path}, line {Line}: a field begins with a quotation mark that is not closed in this line; fields that go over " +
                    "several lines are not read: close it, or take the line end out");
            }

            Count = _isPlain ? row.ColCount : _splitter.Count;
            CheckComment(text);
            return true;
        }

        return false;
    }

    /// <summary>The fields of the line last read, as text.</summary>
    public string[] All()
    {
        var fields = new string[Count];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = this[i].ToString();
        }

        return fields;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _text.Dispose();
    }

    /// <summary>
    /// Within a table a line that begins with # is a row of that name, if it has the fields of one; else it is refused for what it is. A
    /// header may be one field shorter than the rows.
    /// </summary>
    private void CheckComment(ReadOnlySpan<char> text)
    {
        _fewest = _fewest == 0 ? Count : _fewest;
        if (text[0] == '#' && Count != _fewest && Count != _fewest + 1 && _form.Separation != Separation.None)
        {
            throw new DataException(
                $"{Path}, line {Line}: begins with # and has {Count} {(Count == 1 ? "field" : "fields")} where {_fewest} are expected; " +
                "comments are read above a table, not within it: take the line out");
        }
    }

    private bool MoveNext()
    {
        try
        {
            return _reader.MoveNext();
        }
        catch (Exception e) when (IsKnown(e))
        {
            throw Explain(e);
        }
    }

    private static bool IsKnown(Exception e) => e is DecoderFallbackException or InvalidDataException or NotSupportedException;

    private Exception Explain(Exception cause) => cause switch
    {
        DecoderFallbackException => new NotUtf8Exception(Path),
        InvalidDataException damage => TextFile.Damaged(Path, damage, Line),
        _ => new DataException(
            $"{Path}, below line {Line}: a line is longer than 16,777,216 characters, the most that is read; give the matrix as .mtx, " +
            ".npy or .npz, or turn it over", cause),
    };
}
