using FitCluster.Messages;
using Npgsql;

namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    private const string JobColumns =
        "job, spec, spec_hash, data_hash, shards, state, cancel_wanted, submitted, reported, ended, reason, progress::text";

    /// <summary>A node that has not reported for so long counts for nothing.</summary>
    private const string IsUp = "state = 'up' AND seen > now() - interval '5 seconds'";

    /// <inheritdoc/>
    public Task<Submitted> Submit(JobSubmission submission, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            var inserted = await Execute(
                connection, cancellation,
                    "INSERT INTO fitcluster.jobs (job, spec, spec_hash, data_hash, shards) VALUES ($1, $2, $3, $4, $5) ON CONFLICT " +
                    "(job) DO NOTHING",
                submission.Job.Value, submission.Spec, submission.SpecHash, submission.DataHash, submission.Shards).ConfigureAwait(false);
            if (inserted == 1)
            {
                await Tell(connection, cancellation).ConfigureAwait(false);
                return Submitted.New;
            }

            var (specHash, dataHash) = await HashesOf(connection, submission.Job, cancellation).ConfigureAwait(false);
            return specHash != submission.SpecHash ? Submitted.OtherSpec
                : dataHash != submission.DataHash ? Submitted.OtherData
                : await GoOn(connection, submission, cancellation).ConfigureAwait(false) ? Submitted.GoesOn
                : Submitted.Same;
        },
        cancellation);

    private static async Task<(string Spec, string Data)> HashesOf(NpgsqlConnection connection, JobName job, CancellationToken cancellation)
    {
        await using var command = Command(connection, "SELECT spec_hash, data_hash FROM fitcluster.jobs WHERE job = $1", job.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        return (reader.GetString(0), reader.GetString(1));
    }

    /// <summary>Queues a stopped job again with another text, if there is a checkpoint to go on from.</summary>
    private static async Task<bool> GoOn(NpgsqlConnection connection, JobSubmission submission, CancellationToken cancellation)
    {
        var queued = await Execute(
            connection, cancellation,
            """
            UPDATE fitcluster.jobs j SET spec = $2, state = 'Queued', cancel_wanted = false, reason = '', ended = NULL, reported = NULL
            WHERE job = $1 AND state = 'Stopped' AND spec <> $2 AND EXISTS (SELECT 1 FROM fitcluster.manifests m WHERE m.job = j.job)
            """,
            submission.Job.Value, submission.Spec).ConfigureAwait(false);
        if (queued == 0)
        {
            return false;
        }

        // The rounds by which it was ended early are not done any more. Whoever ended it may say so again, and is to be refused: its
        // attempt is the newest no more. The next claim is the first of a new count.
        await Execute(
            connection, cancellation,
            """
            DELETE FROM fitcluster.rounds r WHERE job = $1
                AND round > (SELECT max(m.round) FROM fitcluster.manifests m WHERE m.job = r.job)
            """,
            submission.Job.Value).ConfigureAwait(false);
        await Execute(
            connection, cancellation, "UPDATE fitcluster.attempts SET newest = newest + 1, restarts = -1 WHERE job = $1",
            submission.Job.Value).ConfigureAwait(false);
        await Tell(connection, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEntry>> Jobs(CancellationToken cancellation = default) =>
        InTransaction(
            connection => ReadJobs(connection, $"SELECT {JobColumns} FROM fitcluster.jobs ORDER BY number", cancellation), cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Job(JobName job, CancellationToken cancellation = default) =>
        InTransaction(connection => ReadJob(connection, job, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Cancel(JobName job, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await Execute(
                connection, cancellation,
                """
                UPDATE fitcluster.jobs SET cancel_wanted = state = 'Running', state = CASE state WHEN 'Queued' THEN 'Cancelled'
                    ELSE state END,
                    ended = CASE state WHEN 'Queued' THEN now() ELSE ended END,
                        reason = CASE state WHEN 'Queued' THEN 'cancelled before it began' ELSE reason END
                WHERE job = $1 AND state IN ('Queued', 'Running')
                """,
                job.Value).ConfigureAwait(false);
            await Tell(connection, cancellation).ConfigureAwait(false);
            return await ReadJob(connection, job, cancellation).ConfigureAwait(false);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Resume(JobName job, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await Execute(
                connection, cancellation,
                """
                UPDATE fitcluster.jobs SET cancel_wanted = false, reason = '', ended = NULL,
                    reported = CASE state WHEN 'Running' THEN reported ELSE NULL END,
                    state = CASE state WHEN 'Running' THEN state ELSE 'Queued' END
                WHERE job = $1 AND state IN ('Running', 'Cancelled', 'Failed')
                """,
                job.Value).ConfigureAwait(false);
            // The next claim is the first of a new count.
            await Execute(connection, cancellation, "UPDATE fitcluster.attempts SET restarts = -1 WHERE job = $1", job.Value)
                .ConfigureAwait(false);
            await Tell(connection, cancellation).ConfigureAwait(false);
            return await ReadJob(connection, job, cancellation).ConfigureAwait(false);
        },
        cancellation);

    /// <inheritdoc/>
    public Task<bool> Report(JobName job, JobProgress progress, CancellationToken cancellation = default) => Fenced(
        job, progress.Attempt,
        async connection => await Execute(
            connection, cancellation,
                "UPDATE fitcluster.jobs SET state = 'Running', reported = now(), progress = $2::jsonb WHERE job = $1 AND state IN " +
                "('Queued', 'Running')",
            job.Value, StoredForms.Progress(progress)).ConfigureAwait(false) == 1,
        cancellation);

    /// <inheritdoc/>
    public Task Beat(IReadOnlyList<(JobName Job, Attempt Attempt)> jobs, CancellationToken cancellation = default) => InTransaction(
        connection => Execute(
            connection, cancellation,
            """
            UPDATE fitcluster.jobs AS j SET state = 'Running', reported = now() FROM unnest($1, $2) AS t(job, attempt)
            WHERE j.job = t.job AND j.state IN ('Queued', 'Running') AND NOT EXISTS (SELECT 1 FROM fitcluster.attempts a
                WHERE a.job = t.job AND a.newest > t.attempt)
            """,
            jobs.Select(j => j.Job.Value).ToArray(), jobs.Select(j => j.Attempt.Value).ToArray()),
        cancellation);

    /// <inheritdoc/>
    public Task<bool> AddRounds(
        JobName job, Attempt attempt, IReadOnlyList<JobRound> rounds, CancellationToken cancellation = default) => Fenced(
        job, attempt,
        async connection =>
        {
            // Two attempts on one node may have done a round between two writes: one command takes each once, the last.
            JobRound[] last = [.. rounds.GroupBy(r => r.Round).Select(g => g.Last())];
            await Execute(
                connection, cancellation,
                """
                INSERT INTO fitcluster.rounds SELECT $1, r, p, o, s FROM unnest($2, $3, $4, $5) AS t(r, p, o, s)
                ON CONFLICT (job, round) DO UPDATE SET phase = excluded.phase, objective = excluded.objective, seconds = excluded.seconds
                """,
                job.Value, last.Select(r => r.Round.Value).ToArray(), last.Select(r => r.Phase).ToArray(),
                last.Select(r => r.Objective).ToArray(),
                last.Select(r => r.Seconds).ToArray()).ConfigureAwait(false);
            return true;
        },
        cancellation);

    /// <inheritdoc/>
    public Task AddEvent(JobName job, string node, string words, CancellationToken cancellation = default) => InTransaction(
        // PostgreSQL's text takes every character but NUL.
        connection => Execute(connection, cancellation, "INSERT INTO fitcluster.events (job, node, words) VALUES ($1, $2, $3)", job.Value,
            node, words.Replace('\0', '?')),
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEvent>> Events(JobName job, long after = 0, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await using var command = Command(connection,
                "SELECT number, time, node, words FROM fitcluster.events WHERE job = $1 AND number > $2 ORDER BY number", job.Value, after);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            var events = new List<JobEvent>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                events.Add(
                    new JobEvent(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetString(3)));
            }

            return (IReadOnlyList<JobEvent>)events;
        },
        cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobRound>> Rounds(JobName job, CancellationToken cancellation = default) => InTransaction(
        async connection =>
        {
            await using var command = Command(
                connection, "SELECT round, phase, objective, seconds FROM fitcluster.rounds WHERE job = $1 ORDER BY round", job.Value);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            var rounds = new List<JobRound>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                rounds.Add(new JobRound(new Round(reader.GetInt64(0)), reader.GetString(1), reader.GetDouble(2), reader.GetDouble(3)));
            }

            return (IReadOnlyList<JobRound>)rounds;
        },
        cancellation);

    private Task<OpenJobsFound> OpenJobs(CancellationToken cancellation) => InTransaction(
        async connection =>
        {
            var capacity = Convert.ToInt64(
                await Scalar(connection, cancellation, $"SELECT coalesce(sum(capacity), 0) FROM fitcluster.nodes WHERE {IsUp}")
                    .ConfigureAwait(false), System.Globalization.CultureInfo.InvariantCulture);
            await using var command = Command(
                connection,
                """
                SELECT job, spec, spec_hash, data_hash, shards, state = 'Running', cancel_wanted, coalesce(extract(epoch
                    FROM now() - reported)::float8, 0)
                FROM fitcluster.jobs WHERE state IN ('Queued', 'Running') ORDER BY number
                """);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            var jobs = new List<OpenJob>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                jobs.Add(new OpenJob(StoredForms.Submission(reader), reader.GetBoolean(5), reader.GetBoolean(6), reader.GetDouble(7)));
            }

            return new OpenJobsFound(jobs, capacity);
        },
        cancellation);

    /// <summary>Carries a write out unless a newer attempt of the job was claimed.</summary>
    private Task<bool> Fenced(
        JobName job, Attempt attempt, Func<NpgsqlConnection, Task<bool>> write, CancellationToken cancellation) => InTransaction(
        async connection => await Newest(connection, job, cancellation).ConfigureAwait(false) <= attempt &&
            await write(connection).ConfigureAwait(false), cancellation);

    private static async Task<JobEntry?> ReadJob(NpgsqlConnection connection, JobName job, CancellationToken cancellation) =>
        await ReadJobs(connection, $"SELECT {JobColumns} FROM fitcluster.jobs WHERE job = $1", cancellation, job.Value)
            .ConfigureAwait(false) is [var only] ? only : null;

    private static async Task<IReadOnlyList<JobEntry>> ReadJobs(
        NpgsqlConnection connection, string sql, CancellationToken cancellation, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var jobs = new List<JobEntry>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            jobs.Add(new JobEntry
            {
                Submission = StoredForms.Submission(reader),
                State = Enum.Parse<JobState>(reader.GetString(5)),
                CancelWanted = reader.GetBoolean(6),
                Submitted = reader.GetFieldValue<DateTimeOffset>(7),
                Reported = reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                Ended = reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9),
                Reason = reader.GetString(10),
                Progress = StoredForms.Progress(reader.GetString(11)),
            });
        }

        return jobs;
    }
}
