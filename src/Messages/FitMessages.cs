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

/// <summary>
/// The coordinator to a shard: be of this attempt, in the state after <paramref name="CheckpointRound"/> (0 with
/// <paramref name="FromCheckpoint"/> false: the initial state).
/// </summary>
public sealed record LoadShard(
    JobName Job, Attempt Attempt, ShardId Shard, int Shards, string Spec, bool FromCheckpoint, Attempt CheckpointAttempt, Round CheckpointRound,
    string PartChecksum) : IMessage;

/// <summary>A shard to the coordinator: loaded, in the state after <paramref name="Round"/>.</summary>
public sealed record ShardReady(JobName Job, Attempt Attempt, ShardId Shard, Round Round, long Rows, long Bytes) : IMessage;

/// <summary>The coordinator to a shard: do the local step of this round. A shard that has done it repeats its answer.</summary>
public sealed record RunRound(JobName Job, Attempt Attempt, ShardId Shard, Round Round, ArraySet Broadcast) : IMessage;

/// <summary>A shard's answer to <see cref="RunRound"/>.</summary>
public sealed record RoundAnswer(JobName Job, Attempt Attempt, ShardId Shard, Round Round, ArraySet Partial) : IMessage;

/// <summary>The coordinator to a shard: save your state after this round as a part of the checkpoint of this round.</summary>
public sealed record SaveShard(JobName Job, Attempt Attempt, ShardId Shard, Round Round) : IMessage;

/// <summary>A shard to the coordinator: its part is durable.</summary>
public sealed record ShardSaved(JobName Job, Attempt Attempt, ShardId Shard, Round Round, string Checksum, long Bytes) : IMessage;

/// <summary>The coordinator to a shard: hand in your rows of the results.</summary>
public sealed record CollectShard(JobName Job, Attempt Attempt, ShardId Shard, Round Round) : IMessage;

/// <summary>A shard's rows of the results.</summary>
public sealed record ShardCollected(JobName Job, Attempt Attempt, ShardId Shard, Round Round, ArraySet Result) : IMessage;

/// <summary>A shard to the coordinator: it cannot do what it was told, in words.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt the failure belongs to.</param>
/// <param name="Shard">The shard.</param>
/// <param name="Round">The round it was in.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="IsPermanent">Whether trying again cannot help (bad input, a diverged parameter).</param>
public sealed record ShardFailed(JobName Job, Attempt Attempt, ShardId Shard, Round Round, string Reason, bool IsPermanent) : IMessage;

/// <summary>A shard to the coordinator: it does not have the state that this needs (it was lost and came back empty).</summary>
public sealed record ShardEmpty(JobName Job, Attempt Attempt, ShardId Shard) : IMessage;

/// <summary>To the sender of a message of an old attempt: it was dropped; this is the present one.</summary>
public sealed record StaleAttempt(JobName Job, Attempt Attempt, Attempt Current) : IMessage;

/// <summary>The coordinator to a shard: the job has ended, forget it.</summary>
public sealed record ReleaseShard(JobName Job, Attempt Attempt, ShardId Shard) : IMessage;
