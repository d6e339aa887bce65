using FitCluster.Messages;
using Microsoft.Data.Sqlite;

namespace FitCluster.Engine;

public sealed partial class SqliteStore
{
    /// <summary>Of a row of parts: no checkpoint is made of it.</summary>
    private const string IsOfNoManifest = """
        (kind = 1 OR NOT EXISTS (SELECT 1 FROM manifests m, json_each(m.parts) k WHERE m.job = parts.job AND m.round = parts.round
            AND k.value ->> 'Shard' = parts.shard AND k.value ->> 'Attempt' = parts.attempt))
        """;

    /// <inheritdoc/>
    public async ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
    {
        if (CheckpointRules.Check(request) is { } wrong)
        {
            return new StoreReply(wrong);
        }

        try
        {
            return request switch
            {
                ClaimAttempt claim => await _database.Write(c => Claim(c, claim), cancellation).ConfigureAwait(false),
                SavePart save => await Save(save, cancellation).ConfigureAwait(false),
                CommitCheckpoint commit => await Commit(commit, cancellation).ConfigureAwait(false),
                FindCheckpoint find => await Find(find, cancellation).ConfigureAwait(false),
                LoadPart load => await Load(load, cancellation).ConfigureAwait(false),
                DropCheckpoints drop => await Drop(drop, cancellation).ConfigureAwait(false),
                ListOpenJobs => await OpenJobs(cancellation).ConfigureAwait(false),
                _ => new StoreReply($"the store knows no request {request.GetType().Name}"),
            };
        }
        catch (Exception error)
        {
            return new StoreReply($"{request.GetType().Name} of job {request.Job} failed: {error.Message}");
        }
    }

    private static StoreReply Claim(SqliteConnection connection, ClaimAttempt claim)
    {
        var job = connection.Rows(
            row => (IsOpen: row.GetBoolean(0), Spec: row.GetString(1)),
            "SELECT state IN ('Queued', 'Running'), spec FROM jobs WHERE job = $1", claim.Job.Value);
        if (job is [{ IsOpen: false }])
        {
            return new JobHasEnded();
        }

        var (newest, restarts) = connection.Rows(
            row => (row.GetInt64(0), row.GetInt32(1)),
            """
            INSERT INTO attempts VALUES ($1, 1, 0) ON CONFLICT (job) DO UPDATE SET newest = newest + 1, restarts = restarts + 1
            RETURNING newest, restarts
            """,
            claim.Job.Value)[0];
        return new AttemptClaimed(new Attempt(newest), restarts, job is [var known] ? known.Spec : null);
    }

    private async Task<StoreReply> Save(SavePart save, CancellationToken cancellation)
    {
        // Asked before the writing too, which may take long and be for nothing.
        if (CheckpointRules.Fence(
            save.Job, save.Attempt, await _database.Read(c => Newest(c, save.Job), cancellation).ConfigureAwait(false)) is { } fenced)
        {
            return fenced;
        }

        var written = await OnFiles(() => _parts.Write(save), cancellation).ConfigureAwait(false);
        var gone = new List<string>();
        // Should it fail, it is not known whether the row is there: the file stays, for a sweep to find.
        var reply = await _database.Write(connection => Save(connection, save, written, gone), cancellation).ConfigureAwait(false);
        await OnFiles(
            () =>
            {
                _parts.Delete(save.Job, reply is PartSaved ? gone : [written.Name]);
                return true;
            },
            CancellationToken.None).ConfigureAwait(false);
        return reply;
    }

    private static StoreReply Save(
        SqliteConnection connection, SavePart save, (string Name, string Checksum, long Bytes) written, List<string> gone)
    {
        if (CheckpointRules.Fence(save.Job, save.Attempt, Newest(connection, save.Job)) is { } fenced)
        {
            return fenced;
        }

        if (Manifests(connection, save.Job, save.Round) is [var manifest] &&
            Committed.WithOther(manifest, save, written.Checksum) is { } refused)
        {
            return refused;
        }

        gone.AddRange(Delete(
            connection, "job = $1 AND kind = $2 AND shard = $3 AND ((round = $4 AND attempt = $5) OR (kind = 1 AND attempt < $5))",
            save.Job.Value, (int)save.Kind, save.Shard.Value, save.Round.Value, save.Attempt.Value));
        connection.Execute(
            "INSERT INTO parts (job, kind, round, shard, attempt, checksum, bytes, file) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            save.Job.Value, (int)save.Kind, save.Round.Value, save.Shard.Value, save.Attempt.Value, written.Checksum, written.Bytes,
            written.Name);
        return new PartSaved(written.Checksum, written.Bytes);
    }

    private async Task<StoreReply> Commit(CommitCheckpoint commit, CancellationToken cancellation)
    {
        var refused = await _database.Write(connection => Commit(connection, commit), cancellation).ConfigureAwait(false);
        if (refused is null)
        {
            await PruneIfPossible(commit, cancellation).ConfigureAwait(false);
        }

        return refused ?? new StoreReply();
    }

    private async Task PruneIfPossible(CommitCheckpoint commit, CancellationToken cancellation)
    {
        try
        {
            await Prune(commit, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ClusterStoreException or OperationCanceledException)
        {
            // The checkpoint is committed: what goes wrong from there on is made up for at the next commit.
        }
    }

    /// <summary>Why a checkpoint cannot be committed; null when it can.</summary>
    private static StoreReply? Refusal(SqliteConnection connection, CommitCheckpoint commit)
    {
        if (CheckpointRules.Fence(commit.Job, commit.Attempt, Newest(connection, commit.Job)) is { } fenced)
        {
            return fenced;
        }

        foreach (var part in commit.Manifest.Parts)
        {
            var bytes = connection.Scalar(
                "SELECT bytes FROM parts WHERE job = $1 AND kind = 0 AND round = $2 AND shard = $3 AND attempt = $4",
                commit.Job.Value, commit.Manifest.Round.Value, part.Shard.Value, part.Attempt.Value) as long?;
            if (bytes != part.Bytes)
            {
                return CheckpointRules.NotThere(commit, part);
            }
        }

        return null;
    }

    private static StoreReply? Commit(SqliteConnection connection, CommitCheckpoint commit)
    {
        if (Refusal(connection, commit) is { } refused)
        {
            return refused;
        }

        var manifest = commit.Manifest;
        connection.Execute(
            "INSERT OR REPLACE INTO manifests (job, round, attempt, spec_hash, data_hash, shards, parts) " +
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            commit.Job.Value, manifest.Round.Value, manifest.Attempt.Value, manifest.SpecHash, manifest.DataHash, manifest.Shards,
            StoredForms.Parts(manifest));
        if (manifest.Round.Value > 0)
        {
            connection.Execute("UPDATE attempts SET restarts = 0 WHERE job = $1", commit.Job.Value);
        }

        connection.Execute(
            "DELETE FROM manifests WHERE job = $1 AND round > $2 AND attempt < $3", commit.Job.Value, manifest.Round.Value,
            commit.Attempt.Value);
        return null;
    }

    /// <summary>Keeps the newest checkpoints and, before an older one goes, makes sure that a newer one is whole.</summary>
    private async Task Prune(CommitCheckpoint commit, CancellationToken cancellation)
    {
        var job = commit.Job;
        var manifests = await _database.Read(connection => Manifests(connection, job), cancellation).ConfigureAwait(false);
        var resume = manifests.Find(m => m.Round <= commit.Resume);
        var newestWhole = -1;
        for (var i = 0; i < manifests.Count && newestWhole < 0 && manifests.Count > commit.Keep; i++)
        {
            newestWhole = await Fault(manifests[i], cancellation).ConfigureAwait(false) is null ? i : -1;
        }

        var old = newestWhole < 0 ? [] : manifests.Skip(int.Max(commit.Keep, newestWhole + 1)).Where(m => m != resume).ToList();
        await Delete(
            job,
            connection =>
            {
                if (Newest(connection, job) > commit.Attempt)
                {
                    return [];
                }

                foreach (var manifest in old)
                {
                    connection.Execute("DELETE FROM manifests WHERE job = $1 AND round = $2", job.Value, manifest.Round.Value);
                }

                return Delete(
                    connection, $"job = $1 AND ((kind = 0 AND round < $2) OR attempt < $3) AND {IsOfNoManifest}",
                    job.Value, commit.Manifest.Round.Value, commit.Attempt.Value);
            },
            cancellation).ConfigureAwait(false);
    }

    private async Task<StoreReply> Drop(DropCheckpoints drop, CancellationToken cancellation)
    {
        StoreReply? refused = null;
        await Delete(
            drop.Job,
            connection => (refused = CheckpointRules.Fence(drop.Job, drop.Attempt, Newest(connection, drop.Job))) is null
                ? DropAllBut(connection, drop.Job, drop.Resume)
                : [],
            cancellation).ConfigureAwait(false);
        return refused ?? new StoreReply();
    }

    /// <summary>
    /// Drops the parts of the results, and all checkpoints but the newest up to a round (null: all). Returns the files to delete.
    /// </summary>
    private static List<string> DropAllBut(SqliteConnection connection, JobName job, Round? resume)
    {
        connection.Execute(
            """
            DELETE FROM manifests WHERE job = $1
                AND round <> coalesce((SELECT max(k.round) FROM manifests k WHERE k.job = $1 AND k.round <= $2), -1)
            """,
            job.Value, resume?.Value ?? -1);
        return Delete(connection, $"job = $1 AND {IsOfNoManifest}", job.Value);
    }

    private async Task<StoreReply> Find(FindCheckpoint find, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var manifests = await _database.Read(connection => Manifests(connection, find.Job), cancellation).ConfigureAwait(false);
        foreach (var manifest in manifests.Where(m => find.UpTo is not { } upTo || m.Round <= upTo))
        {
            if (await Fault(manifest, cancellation).ConfigureAwait(false) is not { } fault)
            {
                return CheckpointRules.Found(manifest, faults);
            }

            faults.Add($"the checkpoint of round {manifest.Round} of job {find.Job} is passed over, {fault}");
        }

        return CheckpointRules.Found(null, faults);
    }

    private async Task<string?> Fault(CheckpointManifest manifest, CancellationToken cancellation)
    {
        foreach (var part in manifest.Parts)
        {
            var load = new LoadPart(manifest.Job, part.Attempt, manifest.Round, part.Shard, part.Checksum);
            var (fault, _) = await OnPart(load, _ => true, cancellation).ConfigureAwait(false);
            if (fault is not null)
            {
                return $"{CheckpointRules.Name(part.Shard)} is {fault}";
            }
        }

        return null;
    }

    private async Task<StoreReply> Load(LoadPart load, CancellationToken cancellation)
    {
        var what = $"{CheckpointRules.Name(load.Shard, load.Kind)} of round {load.Round} of job {load.Job}";
        try
        {
            var (fault, state) = await OnPart(load, path => PartFile.Read(path, cancellation), cancellation).ConfigureAwait(false);
            return fault is null ? new PartLoaded(state!) : new StoreReply($"{what} is {fault}", IsCorrupt: true);
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException)
        {
            return new StoreReply($"{what} cannot be read: {error.Message}", IsCorrupt: true);
        }
    }

    /// <summary>Does something with the file of a part that is found whole; otherwise says what it is: missing, or damaged.</summary>
    private async Task<(string? Fault, T? Done)> OnPart<T>(LoadPart load, Func<string, T> work, CancellationToken cancellation)
    {
        for (var seen = ""; ;)
        {
            var file = await _database.Read(
                connection => connection.Scalar(
                    "SELECT file FROM parts WHERE job = $1 AND kind = $2 AND round = $3 AND shard = $4 AND attempt = $5",
                    load.Job.Value, (int)load.Kind, load.Round.Value, load.Shard.Value, load.Attempt.Value) as string,
                cancellation).ConfigureAwait(false);
            if (file is null || file == seen)
            {
                return (PartFolder.Missing, default);
            }

            var (fault, done) = await OnFiles(
                () => _parts.WhenWhole(load.Job, file, load.Checksum, work, cancellation), cancellation).ConfigureAwait(false);
            if (fault != PartFolder.Missing)
            {
                return (fault, done);
            }

            // The same part may have been saved again in between, and its first file deleted.
            seen = file;
        }
    }

    /// <summary>Deletes rows of parts; their files.</summary>
    private static List<string> Delete(SqliteConnection connection, string where, params object?[] values) =>
        connection.Rows(row => row.GetString(0), $"DELETE FROM parts WHERE {where} RETURNING file", values);

    /// <summary>A transaction, then the deletion of the files that no row names any more by it.</summary>
    private async Task Delete(JobName job, Func<SqliteConnection, IReadOnlyList<string>> transaction, CancellationToken cancellation)
    {
        var (gone, named) = await _database.Write(
            connection => (transaction(connection), connection.Rows(
                row => row.GetString(0), "SELECT file FROM parts WHERE job = $1 UNION ALL SELECT file FROM results WHERE job = $1",
                job.Value)),
            cancellation).ConfigureAwait(false);
        await OnFiles(
            () =>
            {
                _parts.Delete(job, gone);
                _parts.Sweep(job, named.ToHashSet(StringComparer.Ordinal));
                return true;
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The manifests of a job, newest first; of one round only, if asked for.</summary>
    private static List<CheckpointManifest> Manifests(SqliteConnection connection, JobName job, Round? round = null) => connection.Rows(
        row => StoredForms.Manifest(job, row),
        "SELECT round, attempt, spec_hash, data_hash, shards, parts FROM manifests WHERE job = $1 AND ($2 IS NULL OR round = $2) " +
        "ORDER BY round DESC",
        job.Value, round?.Value);
}
