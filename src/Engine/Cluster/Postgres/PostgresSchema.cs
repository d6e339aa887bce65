using System.Globalization;
using Npgsql;

namespace FitCluster.Engine;

/// <summary>
/// The tables of the store, made and brought up to date by the program. A migration that has been released is never
/// changed; what changes is added as the next one.
/// </summary>
internal static class PostgresSchema
{
    /// <summary>Any number that no other program takes for its advisory locks.</summary>
    private const long Lock = 0x4669_7443_6C75_7374;

    /// <summary>Another such number: who holds its lock decides whether its node is the first.</summary>
    public const long JoiningLock = Lock + 1;

    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE fitcluster.attempts (job text PRIMARY KEY, newest bigint NOT NULL);
        CREATE TABLE fitcluster.parts (
            job text NOT NULL, round bigint NOT NULL, shard integer NOT NULL, attempt bigint NOT NULL, checksum text NOT NULL,
                bytes bigint NOT NULL,
            chunks integer NOT NULL, PRIMARY KEY (job, round, shard, attempt));
        CREATE TABLE fitcluster.part_chunks (
            job text NOT NULL, round bigint NOT NULL, shard integer NOT NULL, attempt bigint NOT NULL, chunk integer NOT NULL,
                sha bytea NOT NULL, content bytea NOT NULL,
            PRIMARY KEY (job, round, shard, attempt, chunk),
            FOREIGN KEY (job, round, shard, attempt) REFERENCES fitcluster.parts ON DELETE CASCADE);
        ALTER TABLE fitcluster.part_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
        CREATE TABLE fitcluster.manifests (
            job text NOT NULL, round bigint NOT NULL, attempt bigint NOT NULL, spec_hash text NOT NULL, data_hash text NOT NULL,
                shards integer NOT NULL, parts jsonb NOT NULL,
            PRIMARY KEY (job, round));
        CREATE TABLE fitcluster.jobs (
            job text PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, spec text NOT NULL, spec_hash text NOT NULL,
                data_hash text NOT NULL, shards integer NOT NULL,
            state text NOT NULL DEFAULT 'Queued', cancel_wanted boolean NOT NULL DEFAULT false,
                submitted timestamptz NOT NULL DEFAULT now(), reported timestamptz,
            ended timestamptz, reason text NOT NULL DEFAULT '', progress jsonb NOT NULL DEFAULT '{}');
        CREATE TABLE fitcluster.events (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job text NOT NULL,
            time timestamptz NOT NULL DEFAULT now(), words text NOT NULL);
        CREATE INDEX ON fitcluster.events (job, number);
        CREATE TABLE fitcluster.rounds (
            job text NOT NULL, round bigint NOT NULL, phase text NOT NULL, objective double precision NOT NULL,
                seconds double precision NOT NULL, PRIMARY KEY (job, round));
        CREATE TABLE fitcluster.results (job text NOT NULL, name text NOT NULL, bytes bigint NOT NULL, checksum text NOT NULL,
            PRIMARY KEY (job, name));
        CREATE TABLE fitcluster.result_chunks (
            job text NOT NULL, name text NOT NULL, chunk integer NOT NULL, content bytea NOT NULL, PRIMARY KEY (job, name, chunk),
            FOREIGN KEY (job, name) REFERENCES fitcluster.results ON DELETE CASCADE);
        ALTER TABLE fitcluster.result_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
        CREATE TABLE fitcluster.nodes (name text PRIMARY KEY, started timestamptz NOT NULL DEFAULT now(),
            seen timestamptz NOT NULL DEFAULT now(), entry jsonb NOT NULL);
        """,
        // Who saw an event, and whether a node is up, were not kept at first.
        """
        ALTER TABLE fitcluster.events ADD COLUMN node text NOT NULL DEFAULT '';
        ALTER TABLE fitcluster.nodes ADD COLUMN state text NOT NULL DEFAULT 'up', ADD COLUMN capacity integer NOT NULL DEFAULT 0;
        """,
        // Attempts since there was progress: a job that kills its coordinator's node again and again is stopped.
        """
        ALTER TABLE fitcluster.attempts ADD COLUMN restarts integer NOT NULL DEFAULT 0;
        """,
        // Shards save their rows of the results here, and not in the coordinator's memory, until the files are written.
        """
        CREATE TABLE fitcluster.result_parts (
            job text NOT NULL, round bigint NOT NULL, shard integer NOT NULL, attempt bigint NOT NULL,
            checksum text NOT NULL, bytes bigint NOT NULL,
            chunks integer NOT NULL, PRIMARY KEY (job, round, shard, attempt));
        CREATE TABLE fitcluster.result_part_chunks (
            job text NOT NULL, round bigint NOT NULL, shard integer NOT NULL, attempt bigint NOT NULL,
            chunk integer NOT NULL, sha bytea NOT NULL, content bytea NOT NULL,
            PRIMARY KEY (job, round, shard, attempt, chunk),
            FOREIGN KEY (job, round, shard, attempt) REFERENCES fitcluster.result_parts ON DELETE CASCADE);
        ALTER TABLE fitcluster.result_part_chunks ALTER COLUMN content SET STORAGE EXTERNAL;
        """,
        // Nodes that cannot see each other are told by it who goes on. Before, nodes met at a message broker: what they had begun is not
        // gone on with unasked, and who still runs it (cut off at the moment) learns at the next write that it is another's.
        """
        CREATE TABLE fitcluster.leases (name text PRIMARY KEY, owner text NOT NULL, until timestamptz NOT NULL);
        UPDATE fitcluster.attempts SET newest = newest + 1 FROM fitcluster.jobs
            WHERE jobs.job = attempts.job AND jobs.ended IS NULL AND jobs.state <> 'Queued';
        UPDATE fitcluster.jobs SET state = 'Failed', ended = now(), reason = 'it was begun by an earlier version of FitCluster, '
            'whose nodes met at a message broker, and had not ended when the tables were brought to this version: resume it, '
            'and it goes on from its newest checkpoint if this version can read that; or submit it under another name'
            WHERE ended IS NULL AND state <> 'Queued';
        """,
        // The journals of jobs, as Akka.Persistence.Sql has them, and up to which number the tables show them.
        """
        CREATE TABLE fitcluster.journal (
            ordering bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, created bigint NOT NULL, deleted boolean NOT NULL,
            persistence_id text NOT NULL, sequence_number bigint NOT NULL, message bytea NOT NULL, tags text, manifest text,
            identifier integer, writer_uuid text, CONSTRAINT journal_uq UNIQUE (persistence_id, sequence_number));
        CREATE TABLE fitcluster.projected (job text PRIMARY KEY, number bigint NOT NULL);
        """,
    ];

    /// <summary>From this version of the tables on nodes find each other by them; nodes of before cannot run beside those of now.</summary>
    private const int FirstToMeetHere = 5;

    /// <summary>The newest version this program knows.</summary>
    public static int Version => Migrations.Length;

    /// <summary>Makes or migrates the tables, one process at a time.</summary>
    /// <exception cref="ClusterStoreException">The tables are of a newer program.</exception>
    public static async Task Prepare(NpgsqlDataSource source, StoreUrl url, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await Execute(connection, $"SELECT pg_advisory_xact_lock({Lock})", cancellation).ConfigureAwait(false);
        var version = await VersionOf(connection, cancellation).ConfigureAwait(false);
        if (version > Version)
        {
            throw new ClusterStoreException(
                $"the store {url} has tables of version {version}, and this program knows versions up to {Version}: upgrade this " +
                "program (tables are never taken back)", false);
        }

        if (version is > 1 and < FirstToMeetHere)
        {
            await RefuseBesideOldNodes(connection, url, cancellation).ConfigureAwait(false);
        }

        for (var next = version; next < Version; next++)
        {
            await Execute(connection, Migrations[next], cancellation).ConfigureAwait(false);
            await Execute(
                connection, string.Create(CultureInfo.InvariantCulture, $"UPDATE fitcluster.schema_version SET version = {next + 1}"),
                cancellation).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Tables are not taken from under nodes that work with them.</summary>
    private static async Task RefuseBesideOldNodes(NpgsqlConnection connection, StoreUrl url, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "SELECT string_agg(name, ', ' ORDER BY name) FROM fitcluster.nodes " +
            "WHERE seen > now() - interval '10 seconds' AND state IN ('joining', 'up', 'draining')", connection);
        if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is string names)
        {
            throw new ClusterStoreException(
                $"the store {url} is in use by nodes of an earlier version of FitCluster, beside which this one cannot run: {names}; " +
                "let their jobs end, stop them, and start this version then", true);
        }
    }

    private static async Task<int> VersionOf(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (var command = new NpgsqlCommand("SELECT to_regclass('fitcluster.schema_version') IS NOT NULL", connection))
        {
            if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not true)
            {
                await Execute(connection,
                    "CREATE SCHEMA IF NOT EXISTS fitcluster; CREATE TABLE fitcluster.schema_version (version integer NOT NULL); INSERT " +
                    "INTO fitcluster.schema_version VALUES (0)", cancellation)
                    .ConfigureAwait(false);
                return 0;
            }
        }

        await using var read = new NpgsqlCommand("SELECT version FROM fitcluster.schema_version", connection);
        return (int)(await read.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
