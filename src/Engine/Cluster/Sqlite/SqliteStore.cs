using FitCluster.Messages;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>
/// The store of a cluster whose nodes are all on one machine: an SQLite file, and a folder of arrays beside it. Every request is one
/// transaction, but for the writing of arrays, which is done before it.
/// </summary>
/// <remarks>
/// Files: this one opens it; Checkpoints answers actors; Jobs keeps the directory; Results the files; Nodes the nodes, leases and waiting;
/// Journal what the journals of jobs have the tables show.
/// </remarks>
public sealed partial class SqliteStore : IClusterStore, IJobProjection
{
    /// <summary>Arrays written, read or checked at once.</summary>
    private const int FileThreads = 4;

    private readonly SqliteDatabase _database;
    private readonly PartFolder _parts;
    private readonly Lazy<WorkThreads> _files = new(() => new WorkThreads("store's arrays", FileThreads));

    /// <summary>Makes a store; no file is made or opened before <see cref="Prepare"/>.</summary>
    /// <param name="path">The path of the file, or sqlite:///path.</param>
    /// <exception cref="ClusterStoreException">The text is not of the form.</exception>
    public SqliteStore(string path)
        : this(path, SqliteSurroundings.Here)
    {
    }

    internal SqliteStore(string path, SqliteSurroundings surroundings)
    {
        _database = new SqliteDatabase(SqlitePath.Parse(path), surroundings);
        _parts = PartFolder.Of(_database.Path);
    }

    /// <summary>Refuses a path that no store can have; nothing is opened.</summary>
    /// <exception cref="ClusterStoreException">The text is not of the form.</exception>
    public static void CheckPath(string path) => SqlitePath.Parse(path);

    /// <summary>The full path of the file.</summary>
    public override string ToString() => _database.Path;

    /// <inheritdoc/>
    public Task Prepare(CancellationToken cancellation = default) => _database.Prepare(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Task.Run(() =>
    {
        _isDisposed = true;
        if (_files.IsValueCreated)
        {
            _files.Value.Dispose();
        }

        _database.Dispose();
    }).ConfigureAwait(false);

    /// <summary>Work on arrays, on a thread that may wait for the disk and for transactions.</summary>
    private async Task<T> OnFiles<T>(Func<T> work, CancellationToken cancellation)
    {
        try
        {
            return await _files.Value.Run(work, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw _database.Worded(error);
        }
    }

    /// <summary>Carries a write out unless a newer attempt of the job was claimed.</summary>
    private static bool Fenced(SqliteConnection connection, JobName job, Attempt attempt, Func<bool> write) =>
        Newest(connection, job) <= attempt && write();

    /// <summary>The newest claimed attempt, which nobody exceeds before this transaction has ended.</summary>
    private static Attempt Newest(SqliteConnection connection, JobName job) =>
        new(connection.Scalar("SELECT newest FROM attempts WHERE job = $1", job.Value) as long? ?? 0);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
