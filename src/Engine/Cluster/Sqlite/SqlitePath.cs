using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace FitCluster.Engine;

/// <summary>Which texts name a store in a file, and which file.</summary>
internal static partial class SqlitePath
{
    public const string Form = "a file of this machine, as in job.db (or .sqlite, .sqlite3, sqlite:///path/job.db)";

    private const string Scheme = "sqlite:";

    /// <summary>
    /// Whether files with other names are SQLite's. A file is looked into once: closing it gives up the locks that SQLite has on it in this
    /// process (POSIX).
    /// </summary>
    private static readonly ConcurrentDictionary<string, bool> Known = new(StringComparer.Ordinal);

    /// <summary>Whether a text names a store in a file.</summary>
    public static bool IsOne(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || (
        text.Length > 0 && !AnyScheme().IsMatch(text) && (HasName(text) || IsSqliteFile(text)));

    /// <summary>The full path of the file, through links.</summary>
    /// <exception cref="ClusterStoreException">The text is not of the form.</exception>
    public static string Parse(string text)
    {
        var path = text;
        if (text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            path = Uri.UnescapeDataString(text[Scheme.Length..]);
            if (!path.StartsWith("///", StringComparison.Ordinal) || text.AsSpan().ContainsAny('?', '#'))
            {
                throw new ClusterStoreException(
                    $"the store's URL {text} is not of the form sqlite:///path/job.db: a full path, and no parameters",
                    isUnreachable: false);
            }

            path = path[2..];
        }

        var full = Path.GetFullPath(path);
        if (Path.EndsInDirectorySeparator(full) || full.Contains('\0', StringComparison.Ordinal))
        {
            throw new ClusterStoreException($"the store {full.Replace('\0', '?')} is a folder: name a file in it", isUnreachable: false);
        }

        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not there yet, or not to be looked at: opening it says so.
            return full;
        }
    }

    private static bool HasName(string path) => Path.GetExtension(path).ToLowerInvariant() is ".db" or ".sqlite" or ".sqlite3";

    private static bool IsSqliteFile(string path)
    {
        try
        {
            return File.Exists(path) && Known.GetOrAdd(Path.GetFullPath(path), HasHeader);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static bool HasHeader(string path)
    {
        using var file = File.OpenRead(path);
        var header = new byte[16];
        return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length &&
            header.AsSpan().SequenceEqual("SQLite format 3\0"u8);
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:")]
    private static partial Regex AnyScheme();
}
