using FitCluster.Messages;
using Npgsql;

namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    /// <summary>Connections for the journals of a node: they write one batch after the other.</summary>
    private const int JournalConnections = 6;

    JournalDatabase IJobProjection.Journals => new(
        "PostgreSQL.15",
        new NpgsqlConnectionStringBuilder(_url.Builder.ConnectionString) { MaxPoolSize = JournalConnections, CommandTimeout = 10 }
            .ConnectionString,
        "fitcluster");

    Task<JobStanding> IJobProjection.Standing(JobName job, CancellationToken cancellation) => InTransaction(
        async connection =>
        {
            await using var command = Command(
                connection,
                """
                SELECT coalesce(p.number, 0), coalesce(a.newest, 0), a.restarts, j.state, coalesce(j.reason, ''), j.ended, clock_timestamp()
                FROM (SELECT $1 AS job) n LEFT JOIN fitcluster.projected p USING (job) LEFT JOIN fitcluster.attempts a USING (job)
                    LEFT JOIN fitcluster.jobs j USING (job)
                """,
                job.Value);
            await using var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await row.ReadAsync(cancellation).ConfigureAwait(false);
            return new JobStanding(
                row.GetInt64(0), new Attempt(row.GetInt64(1)), row.IsDBNull(2) ? null : row.GetInt32(2),
                row.IsDBNull(3) ? null : Enum.Parse<JobState>(row.GetString(3)), row.GetString(4),
                row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6));
        },
        cancellation);

    Task<StoreReply?> IJobProjection.Refusal(CommitCheckpoint commit, CancellationToken cancellation) =>
        InTransaction(connection => Refusal(connection, commit, cancellation), cancellation);

    Task<StoreReply> IJobProjection.Project(JobName job, long number, JobChange change, CancellationToken cancellation) => InTransaction(
        async connection =>
        {
            await Execute(
                connection, cancellation, "INSERT INTO fitcluster.projected VALUES ($1, 0) ON CONFLICT (job) DO NOTHING", job.Value)
                .ConfigureAwait(false);
            var last = (long)(await Scalar(
                connection, cancellation, "SELECT number FROM fitcluster.projected WHERE job = $1 FOR UPDATE", job.Value)
                .ConfigureAwait(false))!;
            if (number > last + 1)
            {
                return new ProjectionBehind(job);
            }

            var reply = new StoreReply();
            if (number == last + 1)
            {
                reply = await Project(connection, job, change, cancellation).ConfigureAwait(false);
                await Execute(
                    connection, cancellation, "UPDATE fitcluster.projected SET number = $2 WHERE job = $1", job.Value, number)
                    .ConfigureAwait(false);
            }

            return change is JobChange.Claimed claimed
                ? await Claimed(connection, job, claimed.Attempt, cancellation).ConfigureAwait(false)
                : reply;
        },
        cancellation);

    private static async Task<StoreReply> Project(
        NpgsqlConnection connection, JobName job, JobChange change, CancellationToken cancellation)
    {
        switch (change)
        {
            case JobChange.Claimed claimed:
                // Less than none: a user resumed the job, and the next claim is the first of a new count.
                await Execute(
                    connection, cancellation,
                    """
                    INSERT INTO fitcluster.attempts (job, newest, restarts) VALUES ($1, $2, $3) ON CONFLICT (job) DO UPDATE
                        SET newest = greatest(attempts.newest, $2),
                            restarts = CASE WHEN attempts.restarts < 0 THEN attempts.restarts + 1 ELSE $3 END
                    """,
                    job.Value, claimed.Attempt.Value, claimed.Restarts).ConfigureAwait(false);
                break;
            case JobChange.Checkpoint made:
                return await Commit(
                    connection, new CommitCheckpoint(job, made.Manifest.Attempt, made.Manifest, made.Keep, made.Resume), cancellation)
                    .ConfigureAwait(false);
            case JobChange.Noted noted:
                await Execute(
                    connection, cancellation, "INSERT INTO fitcluster.events (job, node, words, time) VALUES ($1, $2, $3, $4)", job.Value,
                    noted.Node, noted.Words.Replace('\0', '?'), noted.Time).ConfigureAwait(false);
                break;
            default:
                // The end is in the tables before it is in the journal: with the results.
                break;
        }

        return new StoreReply();
    }

    private static async Task<StoreReply> Claimed(
        NpgsqlConnection connection, JobName job, Attempt attempt, CancellationToken cancellation)
    {
        await using var command = Command(
            connection,
            """
            SELECT a.restarts, coalesce(j.state IN ('Queued', 'Running'), true), j.spec
            FROM fitcluster.attempts a LEFT JOIN fitcluster.jobs j USING (job) WHERE job = $1
            """,
            job.Value);
        await using var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await row.ReadAsync(cancellation).ConfigureAwait(false);
        return row.GetBoolean(1)
            ? new AttemptClaimed(attempt, row.GetInt32(0), row.IsDBNull(2) ? null : row.GetString(2))
            : new JobHasEnded();
    }
}
