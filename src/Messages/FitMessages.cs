namespace FitCluster.Messages;

/// <summary>The engine to an actor: it was activated, with empty hands. The first message of every activation.</summary>
public sealed record Activated : IMessage;

/// <summary>A timer of the actor's own has run out. Stale timers are told by their numbers.</summary>
/// <param name="Kind">What the timer is for.</param>
/// <param name="Number">The actor's number for it.</param>
public sealed record TimerElapsed(string Kind, long Number) : IMessage;

/// <summary>A user to the coordinator: run this job (idempotent: the same spec again is the same job).</summary>
public sealed record StartJob(JobName Job, string Spec, string SpecHash, string DataHash, int Shards) : IMessage;

/// <summary>A user to the coordinator: stop with a checkpoint, to be resumed later.</summary>
public sealed record InterruptJob(JobName Job, string Reason) : IMessage;

/// <summary>The coordinator to who asked for a job: it is not run, and why (another spec or other data under the same name).</summary>
public sealed record JobRefused(JobName Job, string Reason) : IMessage;

/// <summary>
/// The coordinator to a shard: be of this attempt and load, in the state after <paramref name="CheckpointRound"/> (0 with
/// <paramref name="FromCheckpoint"/> false: the initial state).
/// </summary>
/// <remarks>
/// (Attempt, Load) is what fences a shard's messages: the attempt is the coordinator's, taken from the store; the load counts, from 1,
/// how often this attempt has loaded this shard. A reload of one shard thus makes its old answers stale and nobody else's.
/// </remarks>
public sealed record LoadShard(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, int Shards, string Spec, bool FromCheckpoint, Attempt CheckpointAttempt,
    Round CheckpointRound, string PartChecksum) : IMessage;

/// <summary>
/// A shard to the coordinator: it begins this load. Each activation says so once, before it opens the data; a second one of the same load
/// means that the one before ended while it loaded.
/// </summary>
public sealed record ShardLoading(JobName Job, Attempt Attempt, long Load, ShardId Shard) : IMessage;

/// <summary>A shard to the coordinator: loaded, in the state after <paramref name="Round"/>.</summary>
public sealed record ShardReady(JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, long Rows, long Bytes) : IMessage;

/// <summary>
/// The coordinator to a shard: do the local step of this round. A shard that has done it repeats its answer. With
/// <paramref name="SaveFirst"/> the state before this round is first taken as the shard's part of that round's checkpoint, so that no
/// round waits for a checkpoint and no reordering can part the two.
/// </summary>
public sealed record RunRound(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, bool SaveFirst, ArraySet Broadcast) : IBroadcast
{
    /// <inheritdoc/>
    public IBroadcast With(ArraySet broadcast) => this with { Broadcast = broadcast };
}

/// <summary>A shard's answer to <see cref="RunRound"/>.</summary>
public sealed record RoundAnswer(JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, ArraySet Partial) : IMessage;

/// <summary>
/// The coordinator to a shard: save your state after this round as a part of the checkpoint of this round (or say again that it is).
/// </summary>
public sealed record SaveShard(JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round) : IMessage;

/// <summary>A shard to the coordinator: its part is durable.</summary>
public sealed record ShardSaved(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, string Checksum, long Bytes) : IMessage;

/// <summary>
/// A shard to the coordinator: its part of a checkpoint or of the results could not be saved, in words; the shard itself is well.
/// </summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt that wanted it.</param>
/// <param name="Load">The load that wanted it.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Round">The round of the part.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="IsFenced">The store refused it because a newer attempt exists: this one can save nothing any more.</param>
public sealed record ShardNotSaved(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, string Reason, bool IsFenced = false) : IMessage;

/// <summary>The coordinator to a shard: save your rows of the results (or say again that they are saved).</summary>
public sealed record CollectShard(JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round) : IMessage;

/// <summary>
/// A shard to the coordinator: its rows of the results are durable, as a part of this attempt. The rows themselves stay in the store.
/// </summary>
public sealed record ShardCollected(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, string Checksum, long Bytes) : IMessage;

/// <summary>
/// Who writes the results to the coordinator: those of this attempt cannot be read (a part is damaged or gone, in words); collect them
/// again. A coordinator that is not there any more does so when it is told its job again.
/// </summary>
public sealed record CollectAgain(JobName Job, Attempt Attempt, string Reason) : IMessage;

/// <summary>A shard to the coordinator: it cannot do what it was told, in words.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt the failure belongs to.</param>
/// <param name="Load">The load the failure belongs to.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Round">The round it was in.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="IsPermanent">Whether trying again cannot help (bad input, a diverged parameter).</param>
public sealed record ShardFailed(
    JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, string Reason, bool IsPermanent) : IMessage;

/// <summary>
/// A shard to the coordinator: it does not have the state that this needs (it was lost and came back empty). With attempt 0: it was
/// activated and nobody has told it anything.
/// </summary>
public sealed record ShardEmpty(JobName Job, Attempt Attempt, long Load, ShardId Shard) : IMessage;

/// <summary>A shard to the coordinator: its part of the checkpoint it was to be loaded from is damaged or gone.</summary>
public sealed record PartDamaged(JobName Job, Attempt Attempt, long Load, ShardId Shard, Round Round, string Reason) : IMessage;

/// <summary>To the sender of a message of an old attempt or load: it was dropped; this is the present one.</summary>
public sealed record StaleAttempt(JobName Job, Attempt Attempt, long Load, Attempt Current, long CurrentLoad) : IMessage;

/// <summary>The coordinator to a shard: the job has ended, forget it.</summary>
public sealed record ReleaseShard(JobName Job, Attempt Attempt, ShardId Shard) : IMessage;

/// <summary>
/// The engine to an actor: its node wants to give it up (the node drains, or has more than its share). The actor brings its work to where
/// another node can take over and then stops; it is activated again elsewhere.
/// </summary>
public sealed record Draining : IMessage;

/// <summary>
/// A shard to the coordinator: its node wants to give it up. The coordinator makes a checkpoint soon, lets the shard go with
/// <see cref="ReleaseShard"/> when the checkpoint is whole, and loads it again elsewhere; no retry is counted.
/// </summary>
public sealed record ShardLeaving(JobName Job, Attempt Attempt, long Load, ShardId Shard) : IMessage;

/// <summary>
/// To the coordinator: the shard's former node is alive; it was only cut off, or frozen. So the shard did not kill
/// it, and that loss is not held against it.
/// </summary>
public sealed record ShardCutOff(JobName Job, ShardId Shard) : IMessage;

/// <summary>To the job directory: look at the jobs now (one was submitted, cancelled or resumed; or a node has joined).</summary>
public sealed record WakeDirectory : IMessage;
