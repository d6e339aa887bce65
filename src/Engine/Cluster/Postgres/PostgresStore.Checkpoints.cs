using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using FitCluster.Messages;
using Npgsql;

namespace FitCluster.Engine;

public sealed partial class PostgresStore
{
    /// <summary>What is wrong with a part, found without moving it; no row when nothing is.</summary>
    private const string FaultOfPart = """
        SELECT p.checksum <> $5 OR p.bytes <> (SELECT coalesce(sum(length(c.content)), 0) FROM fitcluster.part_chunks c WHERE (c.job,
            c.round, c.shard, c.attempt) = (p.job, p.round, p.shard, p.attempt))
            OR p.chunks <> (SELECT count(*) FROM fitcluster.part_chunks c WHERE (c.job, c.round, c.shard, c.attempt) = (p.job, p.round,
                p.shard, p.attempt) AND sha256(c.content) = c.sha)
        FROM fitcluster.parts p WHERE p.job = $1 AND p.round = $2 AND p.shard = $3 AND p.attempt = $4
        """;

    /// <summary>Of a part p: no checkpoint is made of it.</summary>
    private const string IsOfNoManifest = """
        NOT EXISTS (SELECT 1 FROM fitcluster.manifests m, jsonb_to_recordset(m.parts) AS k("Shard" integer, "Attempt" bigint)
            WHERE m.job = p.job AND m.round = p.round AND k."Shard" = p.shard AND k."Attempt" = p.attempt)
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
                ClaimAttempt claim => await Claim(claim, cancellation).ConfigureAwait(false),
                SavePart save => await Save(save, cancellation).ConfigureAwait(false),
                CommitCheckpoint commit => await InTransaction(c => Commit(c, commit, cancellation), cancellation).ConfigureAwait(false),
                FindCheckpoint find => await InTransaction(c => Find(c, find, cancellation), cancellation).ConfigureAwait(false),
                LoadPart load => await InTransaction(c => Load(c, load, cancellation), cancellation).ConfigureAwait(false),
                DropCheckpoints drop => await InTransaction(c => Drop(c, drop, cancellation), cancellation).ConfigureAwait(false),
                ListOpenJobs => await OpenJobs(cancellation).ConfigureAwait(false),
                _ => new StoreReply($"the store knows no request {request.GetType().Name}"),
            };
        }
        catch (Exception error) when (error is ClusterStoreException or FrameException or OperationCanceledException)
        {
            return new StoreReply($"{request.GetType().Name} of job {request.Job} failed: {error.Message}");
        }
    }

    private Task<StoreReply> Claim(ClaimAttempt claim, CancellationToken cancellation) => InTransaction<StoreReply>(
        async connection =>
        {
            var isOpen = await Scalar(
                connection, cancellation,
                "SELECT state IN ('Queued', 'Running') FROM fitcluster.jobs WHERE job = $1 FOR SHARE",
                claim.Job.Value).ConfigureAwait(false);
            if (isOpen is false)
            {
                return new JobHasEnded();
            }

            var spec = await Scalar(
                connection, cancellation, "SELECT spec FROM fitcluster.jobs WHERE job = $1", claim.Job.Value)
                .ConfigureAwait(false) as string;

            await using var command = Command(
                connection,
                """
                INSERT INTO fitcluster.attempts VALUES ($1, 1) ON CONFLICT (job) DO UPDATE SET newest = attempts.newest + 1,
                    restarts = attempts.restarts + 1
                RETURNING newest, restarts
                """,
                claim.Job.Value);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            return new AttemptClaimed(new Attempt(reader.GetInt64(0)), reader.GetInt32(1), spec);
        },
        cancellation);

    /// <summary>The tables of parts of a kind, and of their chunks.</summary>
    private static (string Parts, string Chunks) TablesOf(PartKind kind) => kind == PartKind.Result
        ? ("fitcluster.result_parts", "fitcluster.result_part_chunks")
        : ("fitcluster.parts", "fitcluster.part_chunks");

    private async Task<StoreReply> Save(SavePart save, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        ArraySetCodec.Encode(save.State, buffer);
        var bytes = buffer.WrittenMemory;
        var checksum = CheckpointRules.Checksum(bytes.Span);
        return await InTransaction(connection => Save(connection, save, bytes, checksum, cancellation), cancellation).ConfigureAwait(false);
    }

    private static async Task<StoreReply> Save(
        NpgsqlConnection connection, SavePart save, ReadOnlyMemory<byte> bytes, string checksum, CancellationToken cancellation)
    {
        if (CheckpointRules.Fence(
            save.Job, save.Attempt, await Newest(connection, save.Job, cancellation).ConfigureAwait(false)) is { } fenced)
        {
            return fenced;
        }

        var manifests = await Manifests(connection, save.Job, save.Round, cancellation).ConfigureAwait(false);
        if (manifests is [var manifest] && Committed.WithOther(manifest, save, checksum) is { } refused)
        {
            return refused;
        }

        object[] key = [save.Job.Value, save.Round.Value, save.Shard.Value, save.Attempt.Value];
        var (partTable, chunkTable) = TablesOf(save.Kind);
        // Two saves of one part (asked again while the first was on its way) go one after the other.
        await Execute(
            connection, cancellation, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            $"{save.Kind}/{string.Join('/', key)}").ConfigureAwait(false);
        await Execute(
            connection, cancellation, $"DELETE FROM {partTable} WHERE job = $1 AND round = $2 AND shard = $3 AND attempt = $4", key)
            .ConfigureAwait(false);
        if (save.Kind == PartKind.Result)
        {
            await Execute(
                connection, cancellation, $"DELETE FROM {partTable} WHERE job = $1 AND shard = $2 AND attempt < $3",
                save.Job.Value, save.Shard.Value, save.Attempt.Value).ConfigureAwait(false);
        }

        var chunks = (bytes.Length + ChunkBytes - 1) / ChunkBytes;
        await Execute(
            connection, cancellation, $"INSERT INTO {partTable} VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [.. key, checksum, (long)bytes.Length, chunks])
            .ConfigureAwait(false);
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var content = bytes.Slice(chunk * ChunkBytes, int.Min(ChunkBytes, bytes.Length - (chunk * ChunkBytes)));
            await Execute(
                connection, cancellation, $"INSERT INTO {chunkTable} VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [.. key, chunk, SHA256.HashData(content.Span), content]).ConfigureAwait(false);
        }

        return new PartSaved(checksum, bytes.Length);
    }

    /// <summary>Why a checkpoint cannot be committed; null when it can.</summary>
    private static async Task<StoreReply?> Refusal(NpgsqlConnection connection, CommitCheckpoint commit, CancellationToken cancellation)
    {
        if (CheckpointRules.Fence(
            commit.Job, commit.Attempt, await Newest(connection, commit.Job, cancellation).ConfigureAwait(false)) is { } fenced)
        {
            return fenced;
        }

        foreach (var part in commit.Manifest.Parts)
        {
            var bytes = await Scalar(
                connection, cancellation,
                "SELECT bytes FROM fitcluster.parts WHERE job = $1 AND round = $2 AND shard = $3 AND attempt = $4",
                commit.Job.Value, commit.Manifest.Round.Value, part.Shard.Value, part.Attempt.Value).ConfigureAwait(false) as long?;
            if (bytes != part.Bytes)
            {
                return CheckpointRules.NotThere(commit, part);
            }
        }

        return null;
    }

    private static async Task<StoreReply> Commit(NpgsqlConnection connection, CommitCheckpoint commit, CancellationToken cancellation)
    {
        if (await Refusal(connection, commit, cancellation).ConfigureAwait(false) is { } refused)
        {
            return refused;
        }

        var manifest = commit.Manifest;
        await Execute(
            connection, cancellation,
            """
            INSERT INTO fitcluster.manifests VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
            ON CONFLICT (job, round) DO UPDATE SET attempt = $3, spec_hash = $4, data_hash = $5, shards = $6, parts = $7::jsonb
            """,
            commit.Job.Value, manifest.Round.Value, manifest.Attempt.Value, manifest.SpecHash, manifest.DataHash, manifest.Shards,
            StoredForms.Parts(manifest)).ConfigureAwait(false);
        if (manifest.Round.Value > 0)
        {
            await Execute(connection, cancellation, "UPDATE fitcluster.attempts SET restarts = 0 WHERE job = $1", commit.Job.Value)
                .ConfigureAwait(false);
        }

        await Prune(connection, commit, cancellation).ConfigureAwait(false);
        return new StoreReply();
    }

    /// <summary>Keeps the newest checkpoints and, before an older one goes, makes sure that a newer one is whole.</summary>
    private static async Task Prune(NpgsqlConnection connection, CommitCheckpoint commit, CancellationToken cancellation)
    {
        await Execute(
            connection, cancellation, "DELETE FROM fitcluster.manifests WHERE job = $1 AND round > $2 AND attempt < $3",
            commit.Job.Value, commit.Manifest.Round.Value, commit.Attempt.Value).ConfigureAwait(false);
        var manifests = await Manifests(connection, commit.Job, null, cancellation).ConfigureAwait(false);
        var resume = manifests.FirstOrDefault(m => m.Round <= commit.Resume);
        var newestWhole = -1;
        for (var i = 0; i < manifests.Count && newestWhole < 0 && manifests.Count > commit.Keep; i++)
        {
            newestWhole = await Fault(connection, manifests[i], cancellation).ConfigureAwait(false) is null ? i : -1;
        }

        if (newestWhole >= 0)
        {
            foreach (var old in manifests.Skip(int.Max(commit.Keep, newestWhole + 1)).Where(old => old != resume))
            {
                await Execute(connection, cancellation, "DELETE FROM fitcluster.manifests WHERE job = $1 AND round = $2", commit.Job.Value,
                    old.Round.Value).ConfigureAwait(false);
            }
        }

        await Execute(
            connection, cancellation,
            $"DELETE FROM fitcluster.parts p WHERE p.job = $1 AND (p.round < $2 OR p.attempt < $3) AND {IsOfNoManifest}",
            commit.Job.Value, commit.Manifest.Round.Value, commit.Attempt.Value).ConfigureAwait(false);
        await Execute(
            connection, cancellation,
            "DELETE FROM fitcluster.result_parts WHERE job = $1 AND attempt < $2", commit.Job.Value, commit.Attempt.Value)
            .ConfigureAwait(false);
    }

    private static async Task<StoreReply> Drop(NpgsqlConnection connection, DropCheckpoints drop, CancellationToken cancellation)
    {
        if (CheckpointRules.Fence(
            drop.Job, drop.Attempt, await Newest(connection, drop.Job, cancellation).ConfigureAwait(false)) is { } fenced)
        {
            return fenced;
        }

        await DropAllBut(connection, drop.Job, drop.Resume, cancellation).ConfigureAwait(false);
        return new StoreReply();
    }

    /// <summary>Drops the parts of the results, and all checkpoints but the newest up to a round (null: all).</summary>
    private static async Task DropAllBut(NpgsqlConnection connection, JobName job, Round? resume, CancellationToken cancellation)
    {
        await Execute(connection, cancellation, "DELETE FROM fitcluster.result_parts WHERE job = $1", job.Value).ConfigureAwait(false);
        await Execute(
            connection, cancellation,
            """
            DELETE FROM fitcluster.manifests m WHERE job = $1
                AND round <> coalesce((SELECT max(k.round) FROM fitcluster.manifests k WHERE k.job = $1 AND k.round <= $2), -1)
            """,
            job.Value, resume?.Value ?? -1).ConfigureAwait(false);
        await Execute(
            connection, cancellation, $"DELETE FROM fitcluster.parts p WHERE p.job = $1 AND {IsOfNoManifest}", job.Value)
            .ConfigureAwait(false);
    }

    private static async Task<StoreReply> Find(NpgsqlConnection connection, FindCheckpoint find, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var manifests = await Manifests(connection, find.Job, null, cancellation).ConfigureAwait(false);
        foreach (var manifest in manifests.Where(m => find.UpTo is not { } upTo || m.Round <= upTo))
        {
            if (await Fault(connection, manifest, cancellation).ConfigureAwait(false) is not { } fault)
            {
                return CheckpointRules.Found(manifest, faults);
            }

            faults.Add($"the checkpoint of round {manifest.Round} of job {find.Job} is passed over, {fault}");
        }

        return CheckpointRules.Found(null, faults);
    }

    private static async Task<string?> Fault(NpgsqlConnection connection, CheckpointManifest manifest, CancellationToken cancellation)
    {
        foreach (var part in manifest.Parts)
        {
            var isDamaged = await Scalar(
                connection, cancellation, FaultOfPart, manifest.Job.Value, manifest.Round.Value, part.Shard.Value, part.Attempt.Value,
                part.Checksum).ConfigureAwait(false) as bool?;
            if (isDamaged != false)
            {
                return isDamaged is null
                    ? $"{CheckpointRules.Name(part.Shard)} is missing"
                    : $"{CheckpointRules.Name(part.Shard)} is damaged (SHA-256 differs)";
            }
        }

        return null;
    }

    private static async Task<StoreReply> Load(NpgsqlConnection connection, LoadPart load, CancellationToken cancellation)
    {
        var what = $"{CheckpointRules.Name(load.Shard, load.Kind)} of round {load.Round} of job {load.Job}";
        var (partTable, chunkTable) = TablesOf(load.Kind);
        object[] key = [load.Job.Value, load.Round.Value, load.Shard.Value, load.Attempt.Value];
        var length = await Scalar(
            connection, cancellation,
            $"SELECT bytes FROM {partTable} WHERE job = $1 AND round = $2 AND shard = $3 AND attempt = $4", key)
            .ConfigureAwait(false) as long?;
        if (length is null)
        {
            return new StoreReply($"{what} is missing", IsCorrupt: true);
        }

        var bytes = new byte[length.Value];
        var at = 0;
        await using var command = Command(
            connection,
            $"SELECT content FROM {chunkTable} WHERE job = $1 AND round = $2 AND shard = $3 AND attempt = $4 ORDER BY chunk", key);
        await using (var reader =
            await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                await using var content = await reader.GetStreamAsync(0, cancellation).ConfigureAwait(false);
                at += await content.ReadAtLeastAsync(bytes.AsMemory(at), int.Min(ChunkBytes, bytes.Length - at), throwOnEndOfStream: false,
                    cancellation).ConfigureAwait(false);
            }
        }

        return at == bytes.Length && CheckpointRules.Checksum(bytes) == load.Checksum
            ? new PartLoaded(ArraySetCodec.Decode(bytes))
            : new StoreReply($"{what} is damaged (SHA-256 differs)", IsCorrupt: true);
    }

    /// <summary>The manifests of a job, newest first; of one round only, if asked for.</summary>
    private static async Task<IReadOnlyList<CheckpointManifest>> Manifests(
        NpgsqlConnection connection, JobName job, Round? round, CancellationToken cancellation)
    {
        var sql = "SELECT round, attempt, spec_hash, data_hash, shards, parts::text FROM fitcluster.manifests WHERE job = $1" +
            (round is { } only ? string.Create(CultureInfo.InvariantCulture, $" AND round = {only.Value}") : "") + " ORDER BY round DESC";
        await using var command = Command(connection, sql, job.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var manifests = new List<CheckpointManifest>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            manifests.Add(StoredForms.Manifest(job, reader));
        }

        return manifests;
    }
}
