using FitCluster.Messages;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

public sealed partial class SqliteStore
{
    /// <summary>Of no pool, as it may be another file by the time of the next write; and never made by it.</summary>
    JournalDatabase IJobProjection.Journals => new(
        "SQLite.MS",
        new SqliteConnectionStringBuilder
        {
            DataSource = _database.Path, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 10,
        }.ConnectionString,
        "");

    Task<JobStanding> IJobProjection.Standing(JobName job, CancellationToken cancellation) => _database.Read(
        connection => connection.Rows(
            row => new JobStanding(
                row.GetInt64(0), new Attempt(row.GetInt64(1)), row.IsDBNull(2) ? null : row.GetInt32(2),
                row.IsDBNull(3) ? null : Enum.Parse<JobState>(row.GetString(3)), row.GetString(4),
                row.IsDBNull(5) ? null : Time(row.GetInt64(5)), Time(_database.Now)),
            """
            SELECT coalesce(p.number, 0), coalesce(a.newest, 0), a.restarts, j.state, coalesce(j.reason, ''), j.ended
            FROM (SELECT $1 AS job) n LEFT JOIN projected p USING (job) LEFT JOIN attempts a USING (job) LEFT JOIN jobs j USING (job)
            """,
            job.Value)[0],
        cancellation);

    Task<StoreReply?> IJobProjection.Refusal(CommitCheckpoint commit, CancellationToken cancellation) =>
        _database.Read(connection => Refusal(connection, commit), cancellation);

    async Task<StoreReply> IJobProjection.Project(JobName job, long number, JobChange change, CancellationToken cancellation)
    {
        var commit = change is JobChange.Checkpoint made
            ? new CommitCheckpoint(job, made.Manifest.Attempt, made.Manifest, made.Keep, made.Resume)
            : null;
        var reply = await _database.Write(
            connection =>
            {
                var last = connection.Scalar("SELECT number FROM projected WHERE job = $1", job.Value) as long? ?? 0;
                if (number > last + 1)
                {
                    return new ProjectionBehind(job);
                }

                var reply = new StoreReply();
                if (number == last + 1)
                {
                    reply = commit is null ? Project(connection, job, change) : Commit(connection, commit) ?? reply;
                    connection.Execute(
                        "INSERT INTO projected VALUES ($1, $2) ON CONFLICT (job) DO UPDATE SET number = $2", job.Value, number);
                }

                return change is JobChange.Claimed claimed ? Claimed(connection, job, claimed.Attempt) : reply;
            },
            cancellation).ConfigureAwait(false);
        if (commit is not null && reply.Error is null)
        {
            await PruneIfPossible(commit, cancellation).ConfigureAwait(false);
        }

        return reply;
    }

    private static StoreReply Project(SqliteConnection connection, JobName job, JobChange change)
    {
        switch (change)
        {
            case JobChange.Claimed claimed:
                // Less than none: a user resumed the job, and the next claim is the first of a new count.
                connection.Execute(
                    """
                    INSERT INTO attempts (job, newest, restarts) VALUES ($1, $2, $3) ON CONFLICT (job) DO UPDATE
                        SET newest = max(newest, $2), restarts = CASE WHEN restarts < 0 THEN restarts + 1 ELSE $3 END
                    """,
                    job.Value, claimed.Attempt.Value, claimed.Restarts);
                break;
            case JobChange.Noted noted:
                connection.Execute(
                    "INSERT INTO events (job, time, node, words) VALUES ($1, $2, $3, $4)", job.Value, noted.Time.ToUnixTimeMilliseconds(),
                    noted.Node, noted.Words.Replace('\0', '?'));
                break;
            default:
                // The end is in the tables before it is in the journal: with the results.
                break;
        }

        return new StoreReply();
    }

    private static StoreReply Claimed(SqliteConnection connection, JobName job, Attempt attempt)
    {
        var (restarts, isOpen, spec) = connection.Rows(
            row => (row.GetInt32(0), row.GetBoolean(1), row.IsDBNull(2) ? null : row.GetString(2)),
            """
            SELECT a.restarts, coalesce(j.state IN ('Queued', 'Running'), true), j.spec
            FROM attempts a LEFT JOIN jobs j USING (job) WHERE a.job = $1
            """,
            job.Value)[0];
        return isOpen ? new AttemptClaimed(attempt, restarts, spec) : new JobHasEnded();
    }
}
