using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>A text is not UTF-8, though no byte order mark says another encoding: it is read again as Latin-1, if it is that.</summary>
internal sealed class NotUtf8Exception(string path) : Exception($"{path} is not UTF-8")
{
    public string Path { get; } = path;
}

/// <summary>
/// The encodings of text: UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with one, and Latin-1 where a file is not UTF-8. No
/// character is ever replaced by another: what fits nowhere is refused.
/// </summary>
internal static class TextEncoding
{
    private const int MarkBytes = 4;
    private static readonly UTF8Encoding _utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The encoding that the byte order mark at the start of a text says, and the mark's length; null: there is none.</summary>
    public static Encoding? OfMark(ReadOnlySpan<byte> head, out int length)
    {
        (length, var encoding) = head switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (3, (Encoding?)_utf8),
            [0xFF, 0xFE, 0, 0, ..] => (4, new UTF32Encoding(false, true, true)),
            [0, 0, 0xFE, 0xFF, ..] => (4, new UTF32Encoding(true, true, true)),
            [0xFF, 0xFE, ..] => (2, new UnicodeEncoding(false, true, true)),
            [0xFE, 0xFF, ..] => (2, new UnicodeEncoding(true, true, true)),
            _ => (0, null),
        };
        return encoding;
    }

    /// <summary>Opens a text; a reader throws <see cref="DecoderFallbackException"/> where it is not in its encoding.</summary>
    /// <param name="path">The file, gzipped or not.</param>
    /// <param name="isLatin1">Whether it was found not to be UTF-8.</param>
    public static StreamReader Open(string path, bool isLatin1)
    {
        var stream = OpenBehindMark(path, out var encoding);
        return new StreamReader(
            stream, encoding ?? (isLatin1 ? Encoding.Latin1 : _utf8), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16);
    }

    /// <summary>Opens a text as bytes of UTF-8, or of what UTF-8 and Latin-1 have in common: for formats whose content is ASCII.</summary>
    public static Stream OpenBytes(string path)
    {
        var stream = OpenBehindMark(path, out var encoding);
        return encoding is null or UTF8Encoding ? stream : Encoding.CreateTranscodingStream(stream, encoding, _utf8);
    }

    /// <summary>Whether a text, read whole, is not UTF-8 but Latin-1.</summary>
    /// <exception cref="DataException">It is neither.</exception>
    public static bool IsLatin1(string path)
    {
        var buffer = new char[1 << 14];
        try
        {
            using var reader = Open(path, isLatin1: false);
            while (reader.Read(buffer) > 0)
            {
            }

            return false;
        }
        catch (DecoderFallbackException)
        {
            CheckLatin1(path);
            return true;
        }
        catch (InvalidDataException e)
        {
            throw TextFile.Damaged(path, e, 0);
        }
    }

    /// <summary>What to tell of a file that was read as Latin-1.</summary>
    public static string Note(string path) =>
        $"{Path.GetFileName(InputFiles.Named(path))} is not UTF-8 and was read as Latin-1 (ISO 8859-1); save it as UTF-8 if names look " +
        "wrong";

    /// <summary>Refuses what is not Latin-1 either: the 32 codes between its two halves are no characters of a text.</summary>
    public static void CheckLatin1(string path)
    {
        using var stream = OpenBehindMark(path, out var encoding);
        var buffer = new byte[1 << 16];
        var line = 1L;
        for (var count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
        {
            var bytes = buffer.AsSpan(0, count);
            var at = encoding is null ? bytes.IndexOfAnyInRange((byte)0x80, (byte)0x9F) : 0;
            if (at >= 0)
            {
                var which = encoding is null
                    ? $"is neither UTF-8 nor Latin-1 (byte 0x{bytes[at]:X2} in line {line + bytes[..at].Count((byte)'\n')})"
                    : $"begins with the mark of {encoding.WebName.ToUpperInvariant()}, but is not in it";
                throw new DataException($"{path} {which}; save it as UTF-8");
            }

            line += bytes.Count((byte)'\n');
        }
    }

    private static Stream OpenBehindMark(string path, out Encoding? encoding)
    {
        Span<byte> head = stackalloc byte[MarkBytes];
        int length;
        using (var first = TextFile.Open(path))
        {
            encoding = OfMark(head[..ReadHead(first, head, path)], out length);
        }

        var stream = TextFile.Open(path);
        ReadHead(stream, head[..length], path);
        return stream;
    }

    private static int ReadHead(Stream stream, Span<byte> head, string path)
    {
        try
        {
            return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw TextFile.Damaged(path, e, 0);
        }
    }
}
