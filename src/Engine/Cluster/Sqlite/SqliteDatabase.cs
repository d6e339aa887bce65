using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>
/// The file of a store: one connection on a thread of its own, so that the transactions of this process never wait for each other's locks.
/// They are short: arrays are not in them.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    /// <summary>How often this machine is noted as the one that uses the file, at most.</summary>
    private const long NoteMilliseconds = 2000;

    private readonly SqliteSurroundings _surroundings;
    private readonly SqliteWords _words;
    private readonly WorkThreads _thread;
    private SqliteConnection? _connection;
    private FileIdentity? _file;
    private long _noted = long.MinValue / 2;

    public SqliteDatabase(string path, SqliteSurroundings surroundings)
    {
        (Path, _surroundings, _words) = (path, surroundings, new SqliteWords(path, surroundings));
        _thread = new WorkThreads("store", 1, Close);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Milliseconds since 1970, by this machine's clock, which is the store's.</summary>
    public long Now => _surroundings.Now;

    /// <summary>Makes or migrates the tables, one process at a time.</summary>
    public async Task Prepare(CancellationToken cancellation)
    {
        if (await Guarded(() => IsReady(), cancellation).ConfigureAwait(false))
        {
            return;
        }

        using var turn = await Turn(cancellation).ConfigureAwait(false);
        await Guarded(
            () =>
            {
                if (!IsReady())
                {
                    SqliteSchema.Migrate(Open(mayBeMade: true), Path);
                }

                return true;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <summary>A transaction that only reads: all of it sees one state.</summary>
    public Task<T> Read<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) =>
        Guarded(() => Transaction("BEGIN", work), cancellation);

    /// <summary>A transaction that is on the disk when this returns.</summary>
    public Task<T> Write<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) =>
        Guarded(() => Transaction("PRAGMA synchronous = FULL; BEGIN IMMEDIATE", work), cancellation);

    /// <summary>
    /// A transaction that a power failure may take back, with all that came after it: for reports, which the next ones replace.
    /// </summary>
    public Task<T> WriteLightly<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) =>
        Guarded(() => Transaction("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE", work), cancellation);

    /// <summary>A failure in words.</summary>
    public ClusterStoreException Worded(Exception error) => _words.Of(error);

    public void Dispose() => _thread.Dispose();

    private async Task<IDisposable> Turn(CancellationToken cancellation)
    {
        try
        {
            return await PartFolder.Of(Path).Lock(".prepare.lock", cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Worded(error);
        }
    }

    private bool IsReady() => SqliteSchema.IsReady(Open(mayBeMade: true), Path);

    private async Task<T> Guarded<T>(Func<T> work, CancellationToken cancellation)
    {
        try
        {
            return await _thread.Run(work, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SqliteException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw Worded(error);
        }
    }

    private T Transaction<T>(string begin, Func<SqliteConnection, T> work)
    {
        var connection = Open(mayBeMade: false);
        try
        {
            connection.Execute(begin);
            if (begin.Length > "BEGIN".Length && Now - _noted > NoteMilliseconds)
            {
                _surroundings.Machine.RefuseOthers(connection, Path, Now);
                _surroundings.Machine.Note(connection, Now);
                _noted = Now;
            }

            var result = work(connection);
            connection.Execute("COMMIT");
            return result;
        }
        catch (Exception error)
        {
            RollBack(connection, error);
            throw;
        }
    }

    /// <summary>A connection on which that fails, or whose disk does, is opened anew.</summary>
    private void RollBack(SqliteConnection connection, Exception cause)
    {
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                connection.Execute("ROLLBACK");
            }
        }
        catch (SqliteException)
        {
            Close();
        }

        if (cause is SqliteException { SqliteErrorCode: not (5 or 13 or 19) })
        {
            Close();
        }
    }

    /// <summary>On the thread only.</summary>
    private SqliteConnection Open(bool mayBeMade)
    {
        var file = FileIdentity.Of(Path);
        if (_connection is not null)
        {
            if (file is not null && file == _file)
            {
                return _connection;
            }

            // Deleted or replaced behind our back: what is written to the one that is open, nobody would ever find.
            Close();
        }

        if (_words.BeforeOpening(mayBeMade) is { } refused)
        {
            throw refused;
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = mayBeMade ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = int.Max(1, (int)_surroundings.Patience.TotalSeconds),
        }.ConnectionString);
        try
        {
            connection.Open();
            var patience = (int)_surroundings.Patience.TotalMilliseconds;
            connection.Execute($"PRAGMA busy_timeout = {patience}; PRAGMA journal_size_limit = 16777216");
            _file = FileIdentity.Of(Path);
            if (SqliteSchema.IsReady(connection, Path))
            {
                _surroundings.Machine.RefuseOthers(connection, Path, Now);
            }
            else if (!mayBeMade)
            {
                throw new ClusterStoreException(
                    $"the store {Path} does not have the tables of this program: start a node of this version, which makes them", false);
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return _connection = connection;
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
