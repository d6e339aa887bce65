using FitCluster.Messages;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

public sealed partial class SqliteStore
{
    private const string JobColumns =
        "job, spec, spec_hash, data_hash, shards, state, cancel_wanted, submitted, reported, ended, reason, progress";

    /// <summary>Told to whoever waits for submissions, in the transaction that makes one.</summary>
    private const string Told = "UPDATE submissions SET number = number + 1";

    /// <inheritdoc/>
    public Task<Submitted> Submit(JobSubmission submission, CancellationToken cancellation = default) => _database.Write(
        connection =>
        {
            var job = submission.Job.Value;
            var inserted = connection.Execute(
                "INSERT INTO jobs (job, spec, spec_hash, data_hash, shards, submitted) VALUES ($1, $2, $3, $4, $5, $6) " +
                "ON CONFLICT (job) DO NOTHING",
                job, submission.Spec, submission.SpecHash, submission.DataHash, submission.Shards, _database.Now);
            if (inserted == 1)
            {
                connection.Execute(Told);
                return Submitted.New;
            }

            var (specHash, dataHash) = connection.Rows(
                row => (row.GetString(0), row.GetString(1)), "SELECT spec_hash, data_hash FROM jobs WHERE job = $1", job)[0];
            return specHash != submission.SpecHash ? Submitted.OtherSpec
                : dataHash != submission.DataHash ? Submitted.OtherData
                : GoOn(connection, submission) ? Submitted.GoesOn
                : Submitted.Same;
        },
        cancellation);

    /// <summary>Queues a stopped job again with another text, if there is a checkpoint to go on from.</summary>
    private static bool GoOn(SqliteConnection connection, JobSubmission submission)
    {
        var job = submission.Job.Value;
        var queued = connection.Execute(
            """
            UPDATE jobs SET spec = $2, state = 'Queued', cancel_wanted = 0, reason = '', ended = NULL, reported = NULL
            WHERE job = $1 AND state = 'Stopped' AND spec <> $2 AND EXISTS (SELECT 1 FROM manifests m WHERE m.job = jobs.job)
            """,
            job, submission.Spec);
        if (queued == 0)
        {
            return false;
        }

        // The rounds by which it was ended early are not done any more. Whoever ended it may say so again, and is to be refused: its
        // attempt is the newest no more. The next claim is the first of a new count.
        connection.Execute(
            "DELETE FROM rounds WHERE job = $1 AND round > (SELECT max(m.round) FROM manifests m WHERE m.job = $1)", job);
        connection.Execute("UPDATE attempts SET newest = newest + 1, restarts = -1 WHERE job = $1", job);
        connection.Execute(Told);
        return true;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEntry>> Jobs(CancellationToken cancellation = default) => _database.Read<IReadOnlyList<JobEntry>>(
        connection => connection.Rows(ReadJob, $"SELECT {JobColumns} FROM jobs ORDER BY number"), cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Job(JobName job, CancellationToken cancellation = default) =>
        _database.Read(connection => ReadJob(connection, job), cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Cancel(JobName job, CancellationToken cancellation = default) => _database.Write(
        connection =>
        {
            connection.Execute(
                """
                UPDATE jobs SET cancel_wanted = state = 'Running', state = CASE state WHEN 'Queued' THEN 'Cancelled' ELSE state END,
                    ended = CASE state WHEN 'Queued' THEN $2 ELSE ended END,
                    reason = CASE state WHEN 'Queued' THEN 'cancelled before it began' ELSE reason END
                WHERE job = $1 AND state IN ('Queued', 'Running')
                """,
                job.Value, _database.Now);
            connection.Execute(Told);
            return ReadJob(connection, job);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Resume(JobName job, CancellationToken cancellation = default) => _database.Write(
        connection =>
        {
            connection.Execute(
                """
                UPDATE jobs SET cancel_wanted = 0, reason = '', ended = NULL,
                    reported = CASE state WHEN 'Running' THEN reported ELSE NULL END,
                    state = CASE state WHEN 'Running' THEN state ELSE 'Queued' END
                WHERE job = $1 AND state IN ('Running', 'Cancelled', 'Failed')
                """,
                job.Value);
            // The next claim is the first of a new count.
            connection.Execute("UPDATE attempts SET restarts = -1 WHERE job = $1", job.Value);
            connection.Execute(Told);
            return ReadJob(connection, job);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<bool> Report(JobName job, JobProgress progress, CancellationToken cancellation = default) => _database.WriteLightly(
        connection => Fenced(connection, job, progress.Attempt, () => connection.Execute(
            "UPDATE jobs SET state = 'Running', reported = $2, progress = $3 WHERE job = $1 AND state IN ('Queued', 'Running')",
            job.Value, _database.Now, StoredForms.Progress(progress)) == 1),
        cancellation);

    /// <inheritdoc/>
    public Task Beat(IReadOnlyList<(JobName Job, Attempt Attempt)> jobs, CancellationToken cancellation = default) =>
        _database.WriteLightly(
            connection => jobs.Sum(beat => connection.Execute(
                """
                UPDATE jobs SET state = 'Running', reported = $3 WHERE job = $1 AND state IN ('Queued', 'Running')
                    AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.job = $1 AND a.newest > $2)
                """,
                beat.Job.Value, beat.Attempt.Value, _database.Now)),
            cancellation);

    /// <inheritdoc/>
    public Task<bool> AddRounds(
        JobName job, Attempt attempt, IReadOnlyList<JobRound> rounds, CancellationToken cancellation = default) => _database.Write(
        connection => Fenced(connection, job, attempt, () =>
        {
            foreach (var round in rounds)
            {
                connection.Execute(
                    "INSERT INTO rounds VALUES ($1, $2, $3, $4, $5) ON CONFLICT (job, round) DO UPDATE SET phase = excluded.phase, " +
                    "objective = excluded.objective, seconds = excluded.seconds",
                    job.Value, round.Round.Value, round.Phase, round.Objective, round.Seconds);
            }

            return true;
        }),
        cancellation);

    /// <inheritdoc/>
    public Task AddEvent(JobName job, string node, string words, CancellationToken cancellation = default) => _database.Write(
        connection => connection.Execute(
            "INSERT INTO events (job, time, node, words) VALUES ($1, $2, $3, $4)", job.Value, _database.Now, node,
            words.Replace('\0', '?')),
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEvent>> Events(JobName job, long after = 0, CancellationToken cancellation = default) =>
        _database.Read<IReadOnlyList<JobEvent>>(
            connection => connection.Rows(
                row => new JobEvent(row.GetInt64(0), Time(row.GetInt64(1)), row.GetString(2), row.GetString(3)),
                "SELECT number, time, node, words FROM events WHERE job = $1 AND number > $2 ORDER BY number", job.Value, after),
            cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobRound>> Rounds(JobName job, CancellationToken cancellation = default) =>
        _database.Read<IReadOnlyList<JobRound>>(
            connection => connection.Rows(
                row => new JobRound(new Round(row.GetInt64(0)), row.GetString(1), Number(row, 2), Number(row, 3)),
                "SELECT round, phase, objective, seconds FROM rounds WHERE job = $1 ORDER BY round", job.Value),
            cancellation);

    private async Task<StoreReply> OpenJobs(CancellationToken cancellation) => await _database.Read(
        connection =>
        {
            var now = _database.Now;
            var capacity = (long)connection.Scalar($"SELECT coalesce(sum(capacity), 0) FROM nodes WHERE {IsUp}", now)!;
            var jobs = connection.Rows(
                row => new OpenJob(
                    StoredForms.Submission(row), row.GetBoolean(5), row.GetBoolean(6),
                    row.IsDBNull(7) ? 0 : long.Max(0, now - row.GetInt64(7)) / 1000.0),
                "SELECT job, spec, spec_hash, data_hash, shards, state = 'Running', cancel_wanted, reported FROM jobs " +
                "WHERE state IN ('Queued', 'Running') ORDER BY number");
            return new OpenJobsFound(jobs, capacity);
        },
        cancellation).ConfigureAwait(false);

    private static JobEntry? ReadJob(SqliteConnection connection, JobName job) =>
        connection.Rows(ReadJob, $"SELECT {JobColumns} FROM jobs WHERE job = $1", job.Value) is [var only] ? only : null;

    private static JobEntry ReadJob(SqliteDataReader row) => new()
    {
        Submission = StoredForms.Submission(row),
        State = Enum.Parse<JobState>(row.GetString(5)),
        CancelWanted = row.GetBoolean(6),
        Submitted = Time(row.GetInt64(7)),
        Reported = row.IsDBNull(8) ? null : Time(row.GetInt64(8)),
        Ended = row.IsDBNull(9) ? null : Time(row.GetInt64(9)),
        Reason = row.GetString(10),
        Progress = StoredForms.Progress(row.GetString(11)),
    };

    private static double Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
}
