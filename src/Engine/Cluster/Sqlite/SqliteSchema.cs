using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

/// <summary>
/// The tables of a store in a file, made and brought up to date by the program. A migration that has been released is never changed; what
/// changes is added as the next one. Times are milliseconds since 1970 by the machine's clock.
/// </summary>
internal static class SqliteSchema
{
    /// <summary>By which a file is known to be a store: "FClu".</summary>
    private const long ApplicationId = 0x4643_6C75;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE attempts (job TEXT PRIMARY KEY, newest INTEGER NOT NULL, restarts INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE parts (
            job TEXT NOT NULL, kind INTEGER NOT NULL, round INTEGER NOT NULL, shard INTEGER NOT NULL, attempt INTEGER NOT NULL,
            checksum TEXT NOT NULL, bytes INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (job, kind, round, shard, attempt)) STRICT;
        CREATE TABLE manifests (
            job TEXT NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL, spec_hash TEXT NOT NULL, data_hash TEXT NOT NULL,
            shards INTEGER NOT NULL, parts TEXT NOT NULL, PRIMARY KEY (job, round)) STRICT;
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, spec_hash TEXT NOT NULL,
            data_hash TEXT NOT NULL, shards INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'Queued',
            cancel_wanted INTEGER NOT NULL DEFAULT 0, submitted INTEGER NOT NULL, reported INTEGER, ended INTEGER,
            reason TEXT NOT NULL DEFAULT '', progress TEXT NOT NULL DEFAULT '{}') STRICT;
        CREATE INDEX jobs_state ON jobs (state, number);
        CREATE TABLE events (
            number INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, time INTEGER NOT NULL, node TEXT NOT NULL,
            words TEXT NOT NULL) STRICT;
        CREATE INDEX events_job ON events (job, number);
        CREATE TABLE rounds (
            job TEXT NOT NULL, round INTEGER NOT NULL, phase TEXT NOT NULL, objective REAL, seconds REAL,
            PRIMARY KEY (job, round)) STRICT;
        CREATE TABLE results (
            job TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, checksum TEXT NOT NULL, file TEXT NOT NULL,
            PRIMARY KEY (job, name)) STRICT;
        CREATE TABLE nodes (
            name TEXT PRIMARY KEY, started INTEGER NOT NULL, seen INTEGER NOT NULL, state TEXT NOT NULL, capacity INTEGER NOT NULL,
            entry TEXT NOT NULL) STRICT;
        CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
        CREATE TABLE machines (id TEXT PRIMARY KEY, host TEXT NOT NULL, seen INTEGER NOT NULL) STRICT;
        CREATE TABLE submissions (number INTEGER NOT NULL) STRICT;
        INSERT INTO submissions VALUES (0);
        """,
        // The journals of jobs, as Akka.Persistence.Sql has them, and up to which number the tables show them.
        """
        CREATE TABLE journal (
            ordering INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, deleted INTEGER NOT NULL,
            persistence_id TEXT NOT NULL, sequence_number INTEGER NOT NULL, message BLOB NOT NULL, tags TEXT, manifest TEXT,
            identifier INTEGER, writer_uuid TEXT, UNIQUE (persistence_id, sequence_number)) STRICT;
        CREATE TABLE projected (job TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
        """,
    ];

    /// <summary>The newest version this program knows.</summary>
    public static int Version => Migrations.Length;

    /// <summary>Whether the file has the tables of this program; false for an empty file.</summary>
    /// <exception cref="ClusterStoreException">The file is another program's, or its tables are of a newer one.</exception>
    public static bool IsReady(SqliteConnection connection, string store)
    {
        var (application, version, isEmpty) = Read(connection);
        if (application != ApplicationId)
        {
            return application == 0 && version == 0 && isEmpty
                ? false
                : throw new ClusterStoreException(
                    $"the file {store} is an SQLite database of another program: name another file as the store", isUnreachable: false);
        }

        return version <= Version
            ? version == Version
            : throw new ClusterStoreException(
                $"the store {store} has tables of version {version}, and this program knows versions up to {Version}: upgrade this " +
                "program (tables are never taken back)", isUnreachable: false);
    }

    /// <summary>All of one moment: another process may be making the tables.</summary>
    private static (long Application, long Version, bool IsEmpty) Read(SqliteConnection connection)
    {
        connection.Execute("BEGIN");
        try
        {
            return (
                (long)connection.Scalar("PRAGMA application_id")!, (long)connection.Scalar("PRAGMA user_version")!,
                connection.Scalar("SELECT 1 FROM sqlite_schema") is null);
        }
        finally
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
            {
                connection.Execute("ROLLBACK");
            }
        }
    }

    /// <summary>Makes or migrates the tables; the caller sees to it that nobody else does.</summary>
    public static void Migrate(SqliteConnection connection, string store)
    {
        if (connection.Scalar("PRAGMA journal_mode = WAL") is not "wal")
        {
            throw new ClusterStoreException(
                $"the store {store} is on a file system on which SQLite cannot share memory between processes: put it on a local disk",
                isUnreachable: false);
        }

        connection.Execute("BEGIN IMMEDIATE");
        var version = (int)(long)connection.Scalar("PRAGMA user_version")!;
        for (; version < Version; version++)
        {
            connection.Execute(Migrations[version]);
        }

        connection.Execute(string.Create(
            CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}"));
        connection.Execute("COMMIT");
    }
}
