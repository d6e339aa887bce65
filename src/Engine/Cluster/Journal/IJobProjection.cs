using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What a store of a cluster does for the journals of jobs: its tables of attempts, checkpoints and events show what the journals hold,
/// up to a number that is kept for each job in the same transaction. Who reads the tables knows nothing of journals.
/// </summary>
internal interface IJobProjection
{
    /// <summary>Where the journals are: in the same database, so that there is one thing to reach and to keep.</summary>
    JournalDatabase Journals { get; }

    /// <summary>What the tables have of a job.</summary>
    Task<JobStanding> Standing(JobName job, CancellationToken cancellation = default);

    /// <summary>Why a checkpoint could not be committed now; null when it could.</summary>
    Task<StoreReply?> Refusal(CommitCheckpoint commit, CancellationToken cancellation = default);

    /// <summary>
    /// Carries out the entry of a number, in one transaction with the number; an entry that was carried out before is passed over. The
    /// reply is the one to who asked for the change.
    /// </summary>
    Task<StoreReply> Project(JobName job, long number, JobChange change, CancellationToken cancellation = default);
}

/// <summary>How Akka.Persistence.Sql reaches the journals. Not to be printed: it may hold a password.</summary>
/// <param name="Provider">The database, by linq2db's name.</param>
/// <param name="Connection">How it is reached.</param>
/// <param name="Schema">The schema of the table; empty for none.</param>
internal sealed record JournalDatabase(string Provider, string Connection, string Schema)
{
    /// <summary>The table, which the stores' migrations make.</summary>
    public const string Table = "journal";

    public override string ToString() => Provider;
}

/// <summary>What the tables have of a job.</summary>
/// <param name="Projected">The number of the last entry of its journal that they show; 0 for none.</param>
/// <param name="Newest">The newest attempt.</param>
/// <param name="Restarts">The restarts counted with it; null when there was no attempt.</param>
/// <param name="State">Where the job stands; null when there is none of this name.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Now">The store's clock.</param>
internal sealed record JobStanding(
    long Projected, Attempt Newest, int? Restarts, JobState? State, string Reason, DateTimeOffset? Ended, DateTimeOffset Now)
{
    /// <summary>Whether nobody is to work on it.</summary>
    public bool HasEnded => State is not (null or JobState.Queued or JobState.Running);
}

/// <summary>
/// The tables lack entries before the one that was to be carried out: they were taken back or emptied, and are to be filled from the
/// journal.
/// </summary>
internal sealed record ProjectionBehind(JobName Job) : StoreReply($"the tables of job {Job} lack entries of its journal");
