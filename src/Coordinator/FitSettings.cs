using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// How a fit is run. None of these changes the numbers of a fit but <see cref="MaxRounds"/> and <see cref="MaxSeconds"/>, and a fit that
/// one of those has stopped can be gone on with under a larger one.
/// </summary>
public sealed record FitSettings
{
    /// <summary>The rounds after which the model is told to end early, 1 or more (1,000,000).</summary>
    public long MaxRounds { get; init; } = 1_000_000;

    /// <summary>The seconds, over all attempts, after which the model is told to end early (no limit).</summary>
    public double MaxSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>A checkpoint is due this long after the last one (30 seconds).</summary>
    public double CheckpointSeconds { get; init; } = 30;

    /// <summary>A checkpoint is due this many rounds after the last one; 0 for by time only (0).</summary>
    public long CheckpointRounds { get; init; }

    /// <summary>The newest checkpoints that are kept, 1 or more (3).</summary>
    public int Keep { get; init; } = 3;

    /// <summary>An answer is late after this long, or after <see cref="Patience"/> times the shard's longest round (5 seconds).</summary>
    public double AskAgainSeconds { get; init; } = 5;

    /// <summary>The waits between asking again double up to this (60 seconds), unless the shard's own rounds are longer.</summary>
    public double AskAgainMaxSeconds { get; init; } = 60;

    /// <summary>See <see cref="AskAgainSeconds"/> (4).</summary>
    public double Patience { get; init; } = 4;

    /// <summary>More broadcasts than this since the last checkpoint make one due (256).</summary>
    public int ReplayRounds { get; init; } = 256;

    /// <summary>More bytes of broadcasts than this since the last checkpoint make one due (64 MiB).</summary>
    public long ReplayBytes { get; init; } = 64L << 20;

    /// <summary>Failures of one shard in a row, without progress, that end the job (3).</summary>
    public int ShardFailures { get; init; } = 3;

    /// <summary>Failures of one shard in a row to be loaded that end the job; each time it may be placed on another node (3).</summary>
    public int ShardLoadFailures { get; init; } = 3;

    /// <summary>
    /// Failures of all shards together, but for those to load, over one activation of the coordinator, that end the job (30).
    /// </summary>
    public int JobFailures { get; init; } = 30;

    /// <summary>
    /// Losses of one shard in a row while it was at work, without progress, that end the job: a shard that kills its node every time (3).
    /// </summary>
    public int ShardLosses { get; init; } = 3;

    /// <summary>
    /// How often a coordinator that cannot open the job where it is may have been activated, without a
    /// new checkpoint, before the job fails (8).
    /// </summary>
    public int OpenTries { get; init; } = 8;

    /// <summary>
    /// Attempts in a row, in a cluster, that ended without a new checkpoint before the job is given up: a shard that kills the
    /// node it shares with the coordinator (12).
    /// </summary>
    public int JobRestarts { get; init; } = 12;

    /// <summary>Failed or unanswered requests to the store in a row, at the start, that end the job (20).</summary>
    public int StoreTries { get; init; } = 20;

    /// <summary>How often the checkpoint at the end or at an interrupt is tried (5).</summary>
    public int FinalCheckpointTries { get; init; } = 5;

    /// <summary>How often a shard tries to save its rows of the results before the job fails; its checkpoints stay (20).</summary>
    public int ResultTries { get; init; } = 20;

    /// <summary>
    /// The wait before a failed shard is loaded again or a failed checkpoint is tried again; it doubles with each failure (1 second).
    /// </summary>
    public double RetrySeconds { get; init; } = 1;

    /// <summary>How long an ended coordinator stays to answer late messages (60 seconds).</summary>
    public double LingerSeconds { get; init; } = 60;

    /// <summary>How often lateness is looked at (0.5 seconds).</summary>
    public double TickSeconds { get; init; } = 0.5;

    /// <summary>
    /// The limit that a fit has reached which has done so many rounds in so many seconds, in words; null when it has reached none.
    /// </summary>
    public string? LimitAt(Round round, double seconds) =>
        round.Value >= MaxRounds ? $"the limit of {MaxRounds} rounds was reached"
        : seconds >= MaxSeconds ? FormattableString.Invariant($"the limit of {MaxSeconds} seconds was reached")
        : null;

    /// <summary>Every problem of these settings in a sentence each; empty when they are sound.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        Require(MaxRounds >= 1, nameof(MaxRounds), MaxRounds, "1 or more");
        Require(MaxSeconds > 0, nameof(MaxSeconds), MaxSeconds, "above 0");
        Require(CheckpointSeconds > 0, nameof(CheckpointSeconds), CheckpointSeconds, "above 0");
        Require(CheckpointRounds >= 0, nameof(CheckpointRounds), CheckpointRounds, "0 or more");
        Require(Keep >= 1, nameof(Keep), Keep, "1 or more");
        Require(AskAgainSeconds > 0, nameof(AskAgainSeconds), AskAgainSeconds, "above 0");
        Require(AskAgainMaxSeconds >= AskAgainSeconds, nameof(AskAgainMaxSeconds), AskAgainMaxSeconds, "at least AskAgainSeconds");
        Require(Patience >= 1, nameof(Patience), Patience, "1 or more");
        Require(ReplayRounds >= 1, nameof(ReplayRounds), ReplayRounds, "1 or more");
        Require(ReplayBytes >= 1, nameof(ReplayBytes), ReplayBytes, "1 or more");
        Require(ShardFailures >= 1, nameof(ShardFailures), ShardFailures, "1 or more");
        Require(ShardLoadFailures >= 1, nameof(ShardLoadFailures), ShardLoadFailures, "1 or more");
        Require(JobFailures >= 1, nameof(JobFailures), JobFailures, "1 or more");
        Require(ShardLosses >= 1, nameof(ShardLosses), ShardLosses, "1 or more");
        Require(OpenTries >= 1, nameof(OpenTries), OpenTries, "1 or more");
        Require(JobRestarts >= 1, nameof(JobRestarts), JobRestarts, "1 or more");
        Require(StoreTries >= 1, nameof(StoreTries), StoreTries, "1 or more");
        Require(FinalCheckpointTries >= 1, nameof(FinalCheckpointTries), FinalCheckpointTries, "1 or more");
        Require(ResultTries >= 1, nameof(ResultTries), ResultTries, "1 or more");
        Require(RetrySeconds > 0, nameof(RetrySeconds), RetrySeconds, "above 0");
        Require(LingerSeconds > 0, nameof(LingerSeconds), LingerSeconds, "above 0");
        Require(TickSeconds > 0, nameof(TickSeconds), TickSeconds, "above 0");
        return problems;

        void Require(bool isSound, string name, double value, string range)
        {
            if (!isSound)
            {
                problems.Add(FormattableString.Invariant($"{name} is {value}; it must be {range}"));
            }
        }
    }
}
