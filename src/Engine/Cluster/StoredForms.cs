using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What both stores of a cluster keep as text: its form is part of theirs, and the names of its fields are.</summary>
internal static class StoredForms
{
    private static readonly JsonSerializerOptions JsonForm = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static string Progress(JobProgress progress) => JsonSerializer.Serialize(StoredProgress.Of(progress), JsonForm);

    public static JobProgress Progress(string text) => JsonSerializer.Deserialize<StoredProgress>(text, JsonForm)!.ToProgress();

    /// <summary>PostgreSQL's text takes every character but NUL.</summary>
    public static string Node(NodeEntry node) =>
        JsonSerializer.Serialize(node, JsonForm).Replace("\\u0000", "?", StringComparison.Ordinal);

    public static NodeEntry Node(string text) => JsonSerializer.Deserialize<NodeEntry>(text, JsonForm)!;

    public static string Parts(CheckpointManifest manifest) =>
        JsonSerializer.Serialize(manifest.Parts.Select(p => new StoredPart(p.Shard.Value, p.Attempt.Value, p.Checksum, p.Bytes)));

    /// <summary>A row of round, attempt, spec_hash, data_hash, shards, parts.</summary>
    public static CheckpointManifest Manifest(JobName job, DbDataReader row)
    {
        var parts = JsonSerializer.Deserialize<StoredPart[]>(row.GetString(5))!;
        return new CheckpointManifest(
            job, new Attempt(row.GetInt64(1)), new Round(row.GetInt64(0)), row.GetString(2), row.GetString(3), row.GetInt32(4),
            [.. parts.Select(p => new CheckpointPart(new ShardId(p.Shard), new Attempt(p.Attempt), p.Checksum, p.Bytes))]);
    }

    /// <summary>A row that begins with job, spec, spec_hash, data_hash, shards.</summary>
    public static JobSubmission Submission(DbDataReader row) =>
        new(new JobName(row.GetString(0)), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4));

    private sealed record StoredPart(int Shard, long Attempt, string Checksum, long Bytes);

    private sealed record StoredProgress(
        long Attempt, string Node, long Round, string Phase, double Objective, double Share, double Seconds, long Rows,
        long CheckpointRound, int Checkpoints, StoredShard[]? Shards)
    {
        public static StoredProgress Of(JobProgress p) => new(
            p.Attempt.Value, p.Node, p.Round.Value, p.Phase, p.Objective, p.Share, p.Seconds, p.Rows, p.CheckpointRound.Value,
            p.Checkpoints,
            [.. p.Shards.Select(s => new StoredShard(s.Shard.Value, s.Load, s.IsReady, s.Round.Value, s.WaitingSeconds, s.LastSeconds,
                s.Losses, s.Failures, s.IsStraggler, s.Rows))]);

        public JobProgress ToProgress() => new()
        {
            Attempt = new Attempt(Attempt),
            Node = Node ?? "",
            Round = new Round(Round),
            Phase = Phase ?? "",
            Objective = Node is null ? double.NaN : Objective,
            Share = Share,
            Seconds = Seconds,
            Rows = Rows,
            CheckpointRound = new Round(CheckpointRound),
            Checkpoints = Checkpoints,
            Shards = [.. (Shards ?? []).Select(s => new ShardStatus(new ShardId(s.Shard), s.Load, s.IsReady, new Round(s.Round), s.Waiting,
                s.Last, s.Losses, s.Failures, s.IsStraggler, s.Rows))],
        };
    }

    private sealed record StoredShard(
        int Shard, long Load, bool IsReady, long Round, double Waiting, double Last, int Losses, int Failures, bool IsStraggler, long Rows);
}
