using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>Finds the format of a file or folder from its content.</summary>
internal static class FormatDetector
{
    /// <summary>The format; <see cref="MatrixFormat.Auto"/> for text, which <see cref="TripletRule"/> decides on.</summary>
    public static MatrixFormat Detect(string path)
    {
        if (Directory.Exists(path))
        {
            return MatrixStore.IsStore(path) ? MatrixFormat.Store
                : TenXFolder.IsOne(path) ? MatrixFormat.TenX
                : throw new DataException(
                    $"{path} is a folder with neither a matrix.mtx (10x) nor a {MatrixStore.HeaderName} (chunked store); give the path " +
                    "of the matrix");
        }

        var head = Head(path);
        if (head.Length > 3 && head[0] == 0x89 && head[1..].StartsWith("HDF"u8))
        {
            throw new DataException(
                $"{path} is an HDF5 file (.h5ad or .h5), which is not read yet; save the matrix as a 10x folder, .mtx or scipy .npz");
        }

        if (head.Length == 0)
        {
            throw new DataException($"{path} is empty; give a file with a matrix");
        }

        if (head.Length > 3 && IsWide(head))
        {
            throw new DataException($"{path} looks like UTF-16 without a byte order mark; save it as UTF-8");
        }

        return head.StartsWith("PK\u0003\u0004"u8) || head.StartsWith("PK\u0005\u0006"u8) ? MatrixFormat.Npz
            : head[0] == 0x93 && head[1..].StartsWith("NUMPY"u8) ? MatrixFormat.Npy
            : head.StartsWith("%%MatrixMarket"u8) ? MatrixFormat.MatrixMarket
            : head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])
                ? throw new DataException($"{path} is gzipped twice; unpack it once (gzip -dc)")
            : head[0] == '%'
                ? throw new DataException($"{path} begins with a percent sign but not with %%MatrixMarket; correct its first line")
            : Known(head) is { } other ? throw new DataException($"{path} is {other}")
            : head.Contains((byte)0)
                ? throw new DataException(
                    $"{path} is a binary file of no known format; give a 10x folder, .mtx, .csv, .tsv, .npy, .npz or a store")
                : Promised(path) is { } promise
                    ? throw new DataException(
                        $"{path} is text, not {promise}; write it again, or name it .csv or .tsv if that is what it is")
                : MatrixFormat.Auto;
    }

    // What is often there in place of data, or looks like a table.
    private static string? Known(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart(" \t\r\n"u8);
        return text.StartsWith("version https://git-lfs"u8) ? "a pointer of Git LFS, not the file itself; fetch it (git lfs pull)"
            : text.StartsWith("<!"u8) || text.StartsWith("<html"u8) || text.StartsWith("<?xml"u8)
                ? "a page of HTML or XML, perhaps what a server said in place of the file; download it again"
            : text.StartsWith("{"u8) ? "JSON, which is not read as data; give a table, .mtx, .npy or .npz"
            : text.StartsWith("#1.2\n"u8) || text.StartsWith("#1.2\r"u8) || text.StartsWith("#1.3\n"u8) || text.StartsWith("#1.3\r"u8)
                ? "a GCT file; take its first two lines and the columns of descriptions out, and it is a table"
            : null;
    }

    // Text is recognized by its content only, except that a name which promises another format is
    // believed: its file was damaged or mixed up.
    private static string? Promised(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".npy" => "a NumPy array (it lacks the first bytes of a .npy file)",
            ".npz" => "a NumPy archive (it lacks the first bytes of a zip file)",
            ".mtx" => "MatrixMarket (its first line must begin with %%MatrixMarket)",
            ".h5ad" or ".h5" => "HDF5",
            _ => null,
        };
    }

    private static ReadOnlySpan<byte> Head(string path)
    {
        var head = new byte[512];
        using var stream = TextFile.Open(path);
        try
        {
            var read = head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
            var encoding = TextEncoding.OfMark(read, out var mark);
            return encoding is null or UTF8Encoding ? read[mark..] : Encoding.UTF8.GetBytes(Lenient(encoding).GetString(read[mark..]));
        }
        catch (InvalidDataException e)
        {
            throw TextFile.Damaged(path, e, 0);
        }
    }

    /// <summary>The same for a head that ends within a character.</summary>
    private static Encoding Lenient(Encoding encoding)
    {
        var lenient = (Encoding)encoding.Clone();
        lenient.DecoderFallback = DecoderFallback.ReplacementFallback;
        return lenient;
    }

    /// <summary>Whether every other byte is 0, as in UTF-16 of mere ASCII.</summary>
    private static bool IsWide(ReadOnlySpan<byte> head)
    {
        var zero = head[0] == 0 ? 0 : 1;
        for (var i = 0; i < head.Length; i++)
        {
            if (head[i] == 0 != (i % 2 == zero))
            {
                return false;
            }
        }

        return true;
    }
}
