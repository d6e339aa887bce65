using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What an actor may ask of the checkpoint store.</summary>
public abstract record StoreRequest(JobName Job);

/// <summary>Take the next attempt number of the job, by compare-and-set: writes of older attempts are refused from now on.</summary>
public sealed record ClaimAttempt(JobName Job) : StoreRequest(Job);

/// <summary>What a part is of.</summary>
public enum PartKind
{
    /// <summary>A checkpoint: the state of a shard or of the coordinator.</summary>
    State = 0,

    /// <summary>The results: a shard's rows of them. No manifest names it; who was told of it by its shard does.</summary>
    Result = 1,
}

/// <summary>
/// Save one part: a shard's state (or with shard -1 the coordinator's) of the checkpoint of a round, or a shard's rows of the results,
/// which takes the place of those that older attempts have saved.
/// </summary>
public sealed record SavePart(
    JobName Job, Attempt Attempt, Round Round, ShardId Shard, ArraySet State, PartKind Kind = PartKind.State) : StoreRequest(Job);

/// <summary>
/// Commit a checkpoint, all of whose parts are durable: it exists from now on, or not at all. Checkpoints of later rounds by older attempts
/// are superseded by it and go. Then prune to the newest <paramref name="Keep"/>.
/// </summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt that asks.</param>
/// <param name="Manifest">The checkpoint.</param>
/// <param name="Keep">The newest checkpoints that stay, 1 or more.</param>
/// <param name="Resume">
/// The round at which a limit ended the fit early, or null: the newest checkpoint up to it stays too, however many follow.
/// </param>
public sealed record CommitCheckpoint(
    JobName Job, Attempt Attempt, CheckpointManifest Manifest, int Keep, Round? Resume = null) : StoreRequest(Job);

/// <summary>
/// Find the newest checkpoint that is whole (all parts there, checksums right), of a round up to <paramref name="UpTo"/> (null: of any);
/// what is passed over is reported.
/// </summary>
public sealed record FindCheckpoint(JobName Job, Round? UpTo = null) : StoreRequest(Job);

/// <summary>Load one part of a committed checkpoint, or of the results; its checksum is verified.</summary>
public sealed record LoadPart(
    JobName Job, Attempt Attempt, Round Round, ShardId Shard, string Checksum, PartKind Kind = PartKind.State) : StoreRequest(Job);

/// <summary>
/// The results are written: drop all parts of them, and all checkpoints but the newest up to <paramref name="Resume"/> (null: all), from
/// which the fit can be gone on with. Refused, like a write, when a newer attempt has been claimed.
/// </summary>
public sealed record DropCheckpoints(JobName Job, Attempt Attempt, Round? Resume) : StoreRequest(Job);

/// <summary>A store's answer.</summary>
/// <param name="Error">What failed, in one sentence; null when it was done.</param>
/// <param name="IsFenced">The request was refused because a newer attempt exists.</param>
/// <param name="IsCorrupt">What was to be read is damaged or missing: trying again cannot help.</param>
public record StoreReply(string? Error = null, bool IsFenced = false, bool IsCorrupt = false);

/// <summary>The answer to <see cref="ClaimAttempt"/>.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Restarts">
/// How many attempts were claimed before this one since the newest checkpoint (of a round above 0) or since a user resumed the job; 0 from
/// a store of one machine, where a user starts each.
/// </param>
/// <param name="Spec">
/// The job's text as it was submitted last, which may have other limits than the one that a checkpoint remembers; null from a store of one
/// machine.
/// </param>
public sealed record AttemptClaimed(Attempt Attempt, int Restarts = 0, string? Spec = null) : StoreReply;

/// <summary>
/// Another answer to <see cref="ClaimAttempt"/>, of a cluster's store: the job has ended, so nobody is to begin it; a user may resume it.
/// </summary>
public sealed record JobHasEnded() : StoreReply;

/// <summary>The answer to <see cref="SavePart"/>.</summary>
public sealed record PartSaved(string Checksum, long Bytes) : StoreReply;

/// <summary>
/// The answer to <see cref="FindCheckpoint"/>: the newest whole checkpoint or null, and a sentence for each that was passed over.
/// </summary>
public sealed record CheckpointFound(CheckpointManifest? Manifest, IReadOnlyList<string> PassedOver) : StoreReply;

/// <summary>The answer to <see cref="LoadPart"/>.</summary>
public sealed record PartLoaded(ArraySet State) : StoreReply;

/// <summary>What makes a checkpoint whole. Committed last.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt that wrote it.</param>
/// <param name="Round">The state of every part is the one after this round.</param>
/// <param name="SpecHash">The hash of the spec.</param>
/// <param name="DataHash">The hash of the data's content.</param>
/// <param name="Shards">The number of shards.</param>
/// <param name="Parts">Every part with its checksum; shard -1 is the coordinator's.</param>
public sealed record CheckpointManifest(
    JobName Job, Attempt Attempt, Round Round, string SpecHash, string DataHash, int Shards, IReadOnlyList<CheckpointPart> Parts);

/// <summary>One part of a checkpoint, or of the results.</summary>
public sealed record CheckpointPart(ShardId Shard, Attempt Attempt, string Checksum, long Bytes);

/// <summary>
/// Where checkpoints live. A store never shows half a checkpoint, refuses writes of attempts older than the newest claimed one, and
/// says of damaged parts that they are. Thread-safe. Every failure is a <see cref="StoreReply"/> with an error, never an exception.
/// </summary>
public interface ICheckpointStore
{
    /// <summary>Carries out one request.</summary>
    ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default);
}
