using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>What went wrong with a store in a file, in a sentence.</summary>
internal sealed class SqliteWords(string store, SqliteSurroundings surroundings)
{
    private const int Busy = 5, Locked = 6, ReadOnly = 8, ReadOrWrite = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    public ClusterStoreException Of(Exception error) => error switch
    {
        ClusterStoreException worded => worded,
        SqliteException sqlite => Of(sqlite),
        UnauthorizedAccessException => NoRights(error),
        IOException when IsFull(error) => NoSpace(error),
        ObjectDisposedException => new ClusterStoreException($"the store {store} has been closed", isUnreachable: true, error),
        _ => new ClusterStoreException($"the store {store} cannot be used: {Line(error)}", isUnreachable: true, error),
    };

    /// <summary>Why a file that is not opened yet cannot be; null when there is no reason to be seen.</summary>
    public ClusterStoreException? BeforeOpening(bool mayBeMade)
    {
        var folder = Path.GetDirectoryName(store)!;
        return Directory.Exists(store)
                ? new ClusterStoreException($"the store {store} is a folder: name a file in it", isUnreachable: false)
            : !Directory.Exists(folder)
                ? new ClusterStoreException($"the folder {folder} of the store {store} is not there: make it", isUnreachable: true)
            : !File.Exists(store) && !mayBeMade ? Gone()
            : SharedFileSystems.NameOf(surroundings.FileSystem(folder)) is { } shared ? OnShared(shared)
            : null;
    }

    private ClusterStoreException Gone() => new(
        $"the file of the store {store} is not there: start a node with it, or submit a job, which makes it", isUnreachable: true);

    private ClusterStoreException OnShared(string fileSystem) => new(
        $"the store {store} is on {fileSystem}, where several machines may have it: a store in a file serves one machine; put it on a " +
        "local disk, or use PostgreSQL", isUnreachable: false);

    private ClusterStoreException Of(SqliteException error) => error.SqliteErrorCode switch
    {
        Busy or Locked => new ClusterStoreException(
            $"the store {store} has been held by another process for " +
            string.Create(CultureInfo.InvariantCulture, $"{surroundings.Patience.TotalSeconds:0.#} s: is one of its nodes frozen?"),
            true, error),
        ReadOnly => NoRights(error),
        CannotOpen => NoRights(error),
        Full => NoSpace(error),
        Corrupt => new ClusterStoreException(
            $"the store {store} is damaged ({Line(error)}): put a copy of it back, or name a new file and submit its jobs again",
            false, error),
        NotADatabase => new ClusterStoreException(
            $"the file {store} is not an SQLite database: name another file as the store", false, error),
        ReadOrWrite => new ClusterStoreException($"the disk of the store {store} fails ({Line(error)})", true, error),
        _ => new ClusterStoreException($"the store {store} could not do it: {Line(error)}", false, error),
    };

    private ClusterStoreException NoRights(Exception error) => new(
        $"the store {store} may not be written to by this user: give it the right to write the file and its folder, in which others " +
        "are made",
        true, error);

    private ClusterStoreException NoSpace(Exception error) =>
        new($"the disk of the store {store} is full: nothing was written; make room", true, error);

    /// <summary>ENOSPC and EDQUOT.</summary>
    private static bool IsFull(Exception error) => error.HResult is 28 or 122;

    private static string Line(Exception error) => error.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
