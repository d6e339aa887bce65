using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The entries of journals as bytes: JSON, whose form the manifest names with its version. A form that has been released is never changed;
/// what changes gets the next version. Made by Akka.
/// </summary>
internal sealed class JournalSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string ClaimedForm = "claimed.1";
    private const string CheckpointForm = "checkpoint.1";
    private const string NotedForm = "noted.1";
    private const string EndedForm = "ended.1";

    /// <inheritdoc/>
    public override int Identifier => 7002;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        JobChange.Claimed => ClaimedForm,
        JobChange.Checkpoint => CheckpointForm,
        JobChange.Noted => NotedForm,
        JobChange.Ended => EndedForm,
        _ => throw new SerializationException($"a {o.GetType().Name} is no entry of a journal"),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj switch
    {
        JobChange.Claimed c => Write(new StoredClaim(c.Attempt.Value, c.Restarts, c.Node, c.Time)),
        JobChange.Checkpoint c => Write(StoredCheckpoint.Of(c)),
        JobChange.Noted n => Write(new StoredNote(n.Node, n.Words, n.Time)),
        JobChange.Ended e => Write(new StoredEnd(e.Attempt.Value, e.State.ToString(), e.Reason, e.Time)),
        _ => throw new SerializationException($"a {obj.GetType().Name} is no entry of a journal"),
    };

    /// <inheritdoc/>
    /// <exception cref="SerializationException">The bytes are no entry, or one of a newer program.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return manifest switch
            {
                ClaimedForm => Read<StoredClaim>(bytes).ToChange(),
                CheckpointForm => Read<StoredCheckpoint>(bytes).ToChange(),
                NotedForm => Read<StoredNote>(bytes).ToChange(),
                EndedForm => Read<StoredEnd>(bytes).ToChange(),
                _ => throw new SerializationException($"an entry of the form '{manifest}' is of a newer program: upgrade this one"),
            };
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new SerializationException($"an entry of the form '{manifest}' is damaged: {error.Message}", error);
        }
    }

    private static byte[] Write<T>(T form) => JsonSerializer.SerializeToUtf8Bytes(form);

    private static T Read<T>(byte[] bytes) => JsonSerializer.Deserialize<T>(bytes) ?? throw new JsonException("it is empty");

    private sealed record StoredClaim(long Attempt, int Restarts, string Node, DateTimeOffset Time)
    {
        public JobChange.Claimed ToChange() => new(new Attempt(Attempt), Restarts, Node, Time);
    }

    private sealed record StoredNote(string Node, string Words, DateTimeOffset Time)
    {
        public JobChange.Noted ToChange() => new(Node, Words, Time);
    }

    private sealed record StoredEnd(long Attempt, string State, string Reason, DateTimeOffset Time)
    {
        public JobChange.Ended ToChange() => new(new Attempt(Attempt), Enum.Parse<JobState>(State), Reason, Time);
    }

    private sealed record StoredPart(int Shard, long Attempt, string Checksum, long Bytes);

    private sealed record StoredCheckpoint(
        string Job, long Attempt, long Round, string SpecHash, string DataHash, int Shards, StoredPart[] Parts, int Keep, long? Resume)
    {
        public static StoredCheckpoint Of(JobChange.Checkpoint made)
        {
            var m = made.Manifest;
            return new StoredCheckpoint(
                m.Job.Value, m.Attempt.Value, m.Round.Value, m.SpecHash, m.DataHash, m.Shards,
                [.. m.Parts.Select(p => new StoredPart(p.Shard.Value, p.Attempt.Value, p.Checksum, p.Bytes))],
                made.Keep, made.Resume?.Value);
        }

        public JobChange.Checkpoint ToChange() => new(
            new CheckpointManifest(
                new JobName(Job), new Attempt(Attempt), new Round(Round), SpecHash, DataHash, Shards,
                [.. Parts.Select(p => new CheckpointPart(new ShardId(p.Shard), new Attempt(p.Attempt), p.Checksum, p.Bytes))]),
            Keep, Resume is { } round ? new Round(round) : null);
    }
}
