using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Where a submitted job stands.</summary>
public enum JobState
{
    /// <summary>Accepted; no coordinator has reported yet (or the cluster has no room).</summary>
    Queued,

    /// <summary>A coordinator works on it, or will again when a lost one is replaced.</summary>
    Running,

    /// <summary>Done: converged; the results are stored.</summary>
    Converged,

    /// <summary>Done: a limit was reached; the results are stored.</summary>
    Stopped,

    /// <summary>It failed, for the reason given; its checkpoints are kept.</summary>
    Failed,

    /// <summary>Cancelled by a user, with a checkpoint; it can be resumed.</summary>
    Cancelled,
}

/// <summary>What is submitted: all that any node needs to run the job.</summary>
/// <param name="Job">The name.</param>
/// <param name="Spec">The text that <c>StartJob</c> and <c>LoadShard</c> carry.</param>
/// <param name="SpecHash">The hash of all that determines the result but the data.</param>
/// <param name="DataHash">The hash of the data's content.</param>
/// <param name="Shards">The number of shards.</param>
public sealed record JobSubmission(JobName Job, string Spec, string SpecHash, string DataHash, int Shards);

/// <summary>One job of the directory.</summary>
public sealed record JobEntry
{
    /// <summary>What was submitted.</summary>
    public required JobSubmission Submission { get; init; }

    /// <summary>Where it stands.</summary>
    public JobState State { get; init; }

    /// <summary>A user wants it cancelled; it is, once the state says so.</summary>
    public bool CancelWanted { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset Submitted { get; init; }

    /// <summary>When its coordinator last reported; null before the first report.</summary>
    public DateTimeOffset? Reported { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>The last report.</summary>
    public JobProgress Progress { get; init; } = new();

    /// <summary>Why it ended as it did; empty for a converged job.</summary>
    public string Reason { get; init; } = "";
}

/// <summary>What a job's coordinator reports about twice a second.</summary>
public sealed record JobProgress
{
    /// <summary>The coordinator's attempt: reports of older ones than the newest reported are refused.</summary>
    public Attempt Attempt { get; init; }

    /// <summary>The node the coordinator is on.</summary>
    public string Node { get; init; } = "";

    /// <summary>The rounds done.</summary>
    public Round Round { get; init; }

    /// <summary>The phase of the model, in words.</summary>
    public string Phase { get; init; } = "";

    /// <summary>The ELBO; NaN where there is none yet.</summary>
    public double Objective { get; init; } = double.NaN;

    /// <summary>An estimate of the share of the work that is done, 0 to 1.</summary>
    public double Share { get; init; }

    /// <summary>The seconds spent over all attempts, without what was lost.</summary>
    public double Seconds { get; init; }

    /// <summary>The rows of the data.</summary>
    public long Rows { get; init; }

    /// <summary>The round of the newest whole checkpoint; 0 while there is none.</summary>
    public Round CheckpointRound { get; init; }

    /// <summary>The whole checkpoints written so far, over all attempts of this coordinator's activation.</summary>
    public int Checkpoints { get; init; }

    /// <summary>Each shard.</summary>
    public IReadOnlyList<ShardStatus> Shards { get; init; } = [];
}

/// <summary>What the coordinator knows of one shard.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Load">How often this attempt has loaded it.</param>
/// <param name="IsReady">Whether it is loaded.</param>
/// <param name="Round">Its state is the one after this round.</param>
/// <param name="WaitingSeconds">How long it has owed an answer; 0 when it owes none.</param>
/// <param name="LastSeconds">How long it took over its last answer.</param>
/// <param name="Losses">Losses in a row without progress.</param>
/// <param name="Failures">Failures in a row without progress.</param>
/// <param name="IsStraggler">It takes, or has been waiting for, more than 3 times the median of all shards, and at least a second.</param>
/// <param name="Rows">Its rows; 0 before it was ready.</param>
public sealed record ShardStatus(
    ShardId Shard,
    long Load,
    bool IsReady,
    Round Round,
    double WaitingSeconds,
    double LastSeconds,
    int Losses,
    int Failures,
    bool IsStraggler,
    long Rows);

/// <summary>One line of a job's event log.</summary>
/// <param name="Number">Grows with each event of the cluster.</param>
/// <param name="Time">When it was noted.</param>
/// <param name="Node">The node that noted it.</param>
/// <param name="Words">What happened.</param>
public sealed record JobEvent(long Number, DateTimeOffset Time, string Node, string Words);

/// <summary>One round of a job's trace.</summary>
public sealed record JobRound(Round Round, string Phase, double Objective, double Seconds);

/// <summary>One file of a job's results.</summary>
public sealed record ResultFile(string Name, long Bytes, string Checksum);

/// <summary>What a node reports about twice a second.</summary>
public sealed record NodeEntry
{
    /// <summary>The node's name: unique for each start of a node.</summary>
    public required string Name { get; init; }

    /// <summary>The machine.</summary>
    public string Host { get; init; } = "";

    /// <summary>The process on it.</summary>
    public int ProcessId { get; init; }

    /// <summary>Where other nodes reach this one's engine; empty for none.</summary>
    public string Address { get; init; } = "";

    /// <summary>The settings that all nodes of a cluster must have alike, as the engine words them.</summary>
    public string Settings { get; init; } = "";

    /// <summary>The program's version.</summary>
    public string Version { get; init; } = "";

    /// <summary>The most shards it hosts; 0 for a node that hosts coordinators only.</summary>
    public int Capacity { get; init; }

    /// <summary>The most coordinators it hosts; 0 for a worker-only node.</summary>
    public int Coordinators { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>When it last reported, by the store's clock.</summary>
    public DateTimeOffset Seen { get; init; }

    /// <summary>Seconds since it last reported, by the store's clock; filled in by the store.</summary>
    public double SeenSecondsAgo { get; init; }

    /// <summary>up, draining, left (said goodbye), or the reason for which it ended itself.</summary>
    public string State { get; init; } = "up";

    /// <summary>Bytes of memory in use (resident).</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Bytes of memory it may use (the container's limit, or the machine's).</summary>
    public long MemoryLimitBytes { get; init; }

    /// <summary>Rows of local steps per second, lately.</summary>
    public double RowsPerSecond { get; init; }

    /// <summary>The addresses it hosts.</summary>
    public IReadOnlyList<string> Actors { get; init; } = [];

    /// <summary>
    /// The jobs whose data it did not see, or saw others, in the last minutes: shards of other nodes are not given up in its favour.
    /// </summary>
    public IReadOnlyList<string> Unusable { get; init; } = [];

    /// <summary>Its last log lines: what is left to read when it is gone.</summary>
    public IReadOnlyList<string> LastLines { get; init; } = [];
}
