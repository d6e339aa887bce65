using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>
/// Reads a text file of a format that is ASCII, gzipped or not, line by line as bytes, through one buffer. A byte order mark is dropped.
/// </summary>
internal sealed class LineReader : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private const int MaxLineBytes = 1 << 30;
    private readonly Stream _stream;
    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _atEnd;

    public LineReader(string path)
    {
        Path = path;
        _stream = TextEncoding.OpenBytes(path);
    }

    public string Path { get; }

    /// <summary>The number of the line last read, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next line without its end; valid until the next call.</summary>
    public bool Next(out ReadOnlySpan<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                line = Take(searched + newline, 1);
                return true;
            }

            searched = _end - _start;
            if (_atEnd)
            {
                line = Take(searched, 0);
                return searched > 0;
            }

            Fill();
        }
    }

    /// <summary>The next line that is not blank.</summary>
    public bool NextNotBlank(out ReadOnlySpan<byte> line)
    {
        while (Next(out line))
        {
            if ((line.Length > 0 && line[0] > ' ') || !line.Trim(" \t"u8).IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _stream.Dispose();

    private ReadOnlySpan<byte> Take(int length, int newline)
    {
        var line = _buffer.AsSpan(_start, length);
        _start += length + newline;
        if (length > 0 || newline > 0)
        {
            Line++;
        }

        return line.Length > 0 && line[^1] == '\r' ? line[..^1] : line;
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLineBytes)
            {
                throw new DataException($"{Path}, line {Line + 1}: the line is longer than 1 GiB; is this a text file?");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            var read = _stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            _atEnd = read == 0;
        }
        catch (InvalidDataException e)
        {
            throw TextFile.Damaged(Path, e, Line);
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"{Path} is not in the encoding that its first bytes say (after line {Line}); save it as UTF-8", e);
        }
    }
}
