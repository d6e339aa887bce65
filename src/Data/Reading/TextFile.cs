using System.Buffers.Binary;
using System.IO.Compression;

namespace FitCluster.Data.Reading;

/// <summary>
/// Opens files, gzipped or not by their first bytes, and finds gzip files that were cut off, which .NET reads without a word.
/// </summary>
internal static class TextFile
{
    private const int TailCandidates = 64;
    private const int TailBytes = 1 << 22;

    public static Stream Open(string path)
    {
        path = InputFiles.Find(path);
        if (!File.Exists(path))
        {
            throw new DataException(Directory.Exists(path)
                ? $"{path} is a folder, not a file of the format asked for; give the file, or leave the format out"
                : $"{path} does not exist; check the path");
        }

        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            return IsGzip(file) ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    /// <summary>The path itself or with ".gz", whichever exists; null when neither does.</summary>
    public static string? WithOrWithoutGz(string path) => File.Exists(path) ? path : File.Exists(path + ".gz") ? path + ".gz" : null;

    /// <summary>
    /// Checks, after <paramref name="length"/> bytes came out of it, that a gzip file was whole; does nothing for other files.
    /// </summary>
    public static void CheckWhole(string path, long length)
    {
        using var file = new FileStream(InputFiles.Find(path), FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!IsGzip(file))
        {
            return;
        }

        // A member ends with its length modulo 2^32. A file of several members (bgzip, cat) is whole when its last one is.
        var tail = new byte[(int)long.Min(file.Length, TailBytes)];
        file.Seek(-tail.Length, SeekOrigin.End);
        file.ReadExactly(tail);
        var stated = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(tail.Length - 4));
        if (tail.Length >= 18 && (stated == (uint)length || EndsWithMember(tail, stated)))
        {
            return;
        }

        throw new DataException($"{path} is a gzip file that was cut off; copy or download it again");
    }

    private static bool EndsWithMember(byte[] tail, uint stated)
    {
        var tries = 0;
        for (var at = tail.Length - 18; at >= 0 && tries < TailCandidates; at--)
        {
            if (tail[at] != 0x1f || tail[at + 1] != 0x8b || tail[at + 2] != 8)
            {
                continue;
            }

            tries++;
            try
            {
                using var member = new GZipStream(new MemoryStream(tail, at, tail.Length - at), CompressionMode.Decompress);
                var (total, buffer) = (0L, new byte[1 << 16]);
                for (var n = member.Read(buffer); n > 0; n = member.Read(buffer))
                {
                    total += n;
                }

                if ((uint)total == stated)
                {
                    return true;
                }
            }
            catch (InvalidDataException)
            {
                // Not the start of a member: look further back.
            }
        }

        return false;
    }

    public static bool IsGzip(string path)
    {
        using var file = new FileStream(InputFiles.Find(path), FileMode.Open, FileAccess.Read, FileShare.Read);
        return IsGzip(file);
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        return read == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    }
}
