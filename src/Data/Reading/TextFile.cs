namespace FitCluster.Data.Reading;

/// <summary>
/// Opens files, gzipped (<see cref="GzipText"/>) or not by their first bytes. A gzip file that was cut off ends in an
/// <see cref="InvalidDataException"/> (<see cref="Damaged"/>).
/// </summary>
internal static class TextFile
{
    // .NET reads compressed data that were cut off without a word, unless this is set before its first use. The programs of this
    // repository have it in their configuration (Directory.Build.props); here it is for those of others.
    static TextFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    public static Stream Open(string path)
    {
        path = InputFiles.Find(path);
        if (!File.Exists(path))
        {
            throw new DataException(Directory.Exists(path)
                ? $"{path} is a folder, not a file of the format asked for; give the file, or leave the format out"
                : InputFiles.Absent(path));
        }

        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            return IsGzip(file) ? new GzipText(file, path) : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    /// <summary>What to say of a gzip file that cannot be read to its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cause">What was met.</param>
    /// <param name="line">The line read last; 0: none.</param>
    public static DataException Damaged(string path, InvalidDataException cause, long line)
    {
        var fate = cause.Message.Contains("truncated", StringComparison.OrdinalIgnoreCase) ? "was cut off" : "is damaged";
        var where = line > 0 ? $" after line {line}" : "";
        return new DataException($"{path} is a gzip file that {fate}{where}; copy or download it again", cause);
    }

    /// <summary>The path itself or with ".gz", whichever exists; null when neither does.</summary>
    public static string? WithOrWithoutGz(string path) => File.Exists(path) ? path : File.Exists(path + ".gz") ? path + ".gz" : null;

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
