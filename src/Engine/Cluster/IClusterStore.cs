using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What came of a submission.</summary>
public enum Submitted
{
    /// <summary>The job is new, and will be run.</summary>
    New,

    /// <summary>The same job (spec and data) was there already; nothing has changed.</summary>
    Same,

    /// <summary>
    /// The same job was there and had been stopped by a limit; it is queued again, and goes on with the text of this submission.
    /// </summary>
    GoesOn,

    /// <summary>The name belongs to a job with another spec.</summary>
    OtherSpec,

    /// <summary>The name belongs to a job with the same spec and other data.</summary>
    OtherData,
}

/// <summary>
/// The store of a cluster: checkpoints, the directory of jobs, their event logs, traces and results, and the nodes. Thread-safe. The
/// methods here throw <see cref="ClusterStoreException"/> (one sentence, no password) when the store cannot be reached or refuses. Writes
/// that carry an attempt are refused (false) when a newer attempt of the job has been claimed.
/// </summary>
public interface IClusterStore : ICheckpointStore, IMeetingPlace, IAsyncDisposable
{
    /// <summary>Makes or migrates the schema. Call once before anything else; safe from many processes at once.</summary>
    Task Prepare(CancellationToken cancellation = default);

    /// <summary>
    /// Submits a job, idempotently: durable when it returns. A stopped job whose hashes are the same and whose text is another (its limits,
    /// which are no part of what is hashed) is queued again with the new text, if a checkpoint is kept from which it can be gone on with.
    /// </summary>
    Task<Submitted> Submit(JobSubmission submission, CancellationToken cancellation = default);

    /// <summary>All jobs, in the order they were submitted.</summary>
    Task<IReadOnlyList<JobEntry>> Jobs(CancellationToken cancellation = default);

    /// <summary>One job, or null.</summary>
    Task<JobEntry?> Job(JobName job, CancellationToken cancellation = default);

    /// <summary>
    /// Notes that a job is to be cancelled; one that nobody runs yet is at once. The entry afterwards; null when there is no such job.
    /// </summary>
    Task<JobEntry?> Cancel(JobName job, CancellationToken cancellation = default);

    /// <summary>
    /// Queues a cancelled or failed job again, or takes back a cancellation. The entry afterwards; null when there is no such job.
    /// </summary>
    Task<JobEntry?> Resume(JobName job, CancellationToken cancellation = default);

    /// <summary>Notes that a job runs, and how far it is. False when a newer attempt has the job.</summary>
    Task<bool> Report(JobName job, JobProgress progress, CancellationToken cancellation = default);

    /// <summary>Notes that these jobs are not silent, though they have ended: their results wait to be written.</summary>
    Task Beat(IReadOnlyList<(JobName Job, Attempt Attempt)> jobs, CancellationToken cancellation = default);

    /// <summary>Adds rounds to a job's trace, replacing those of the same numbers.</summary>
    Task<bool> AddRounds(JobName job, Attempt attempt, IReadOnlyList<JobRound> rounds, CancellationToken cancellation = default);

    /// <summary>Adds to a job's event log (of any attempt: what a superseded coordinator saw is worth reading too).</summary>
    Task AddEvent(JobName job, string node, string words, CancellationToken cancellation = default);

    /// <summary>The events of a job after a number (0: all), in order.</summary>
    Task<IReadOnlyList<JobEvent>> Events(JobName job, long after = 0, CancellationToken cancellation = default);

    /// <summary>A job's trace.</summary>
    Task<IReadOnlyList<JobRound>> Rounds(JobName job, CancellationToken cancellation = default);

    /// <summary>
    /// Ends a job: stores its result files (name and content; none unless converged or stopped, or failed with a best so far) and its state
    /// in one transaction, so that a job that is done has all of its results. False when a newer attempt has the job. The shards' parts of
    /// the results are deleted, and the checkpoints of a converged or stopped job, but for the newest up to <paramref name="resume"/>, from
    /// which a job that a limit stopped can be gone on with.
    /// </summary>
    Task<bool> End(
        JobName job, JobProgress progress, JobState state, string reason,
        IReadOnlyList<(string Name, string Path)> files, Round? resume = null,
        CancellationToken cancellation = default);

    /// <summary>The result files of a job.</summary>
    Task<IReadOnlyList<ResultFile>> Results(JobName job, CancellationToken cancellation = default);

    /// <summary>Copies one result file; its checksum is verified.</summary>
    Task CopyResult(JobName job, ResultFile file, Stream to, CancellationToken cancellation = default);

    /// <summary>Reports a node.</summary>
    Task ReportNode(NodeEntry node, CancellationToken cancellation = default);

    /// <summary>
    /// Returns when a job was submitted, cancelled or resumed by any process since the last call returned, or the time is over; at once at
    /// the first call, and after the store was away, since nobody knows what was missed. A store that is away is waited for.
    /// </summary>
    Task WaitForSubmission(TimeSpan atMost, CancellationToken cancellation = default);
}

/// <summary>A store could not do what it was asked: one sentence that says what and why, without a password.</summary>
/// <param name="message">The sentence.</param>
/// <param name="isUnreachable">Whether it could not be reached at all (or refused the user), so that trying again later may help.</param>
/// <param name="inner">The cause.</param>
public sealed class ClusterStoreException(string message, bool isUnreachable, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the store could not be reached at all, or refused the user.</summary>
    public bool IsUnreachable { get; } = isUnreachable;
}

/// <summary>
/// Asks for the jobs that have not ended, and for the room there is; asked by the job directory. The job's name is left empty.
/// </summary>
public sealed record ListOpenJobs() : StoreRequest(default(JobName));

/// <summary>The answer to <see cref="ListOpenJobs"/>.</summary>
/// <param name="Jobs">The queued and running jobs, in the order they were submitted.</param>
/// <param name="Capacity">The shards that all live nodes together host.</param>
public sealed record OpenJobsFound(IReadOnlyList<OpenJob> Jobs, long Capacity) : StoreReply;

/// <summary>A job that has not ended.</summary>
/// <param name="Submission">What was submitted.</param>
/// <param name="IsRunning">Whether a coordinator has reported since it was queued.</param>
/// <param name="CancelWanted">Whether a user wants it cancelled.</param>
/// <param name="SilentSeconds">How long its coordinator has not reported; 0 for a queued job.</param>
public sealed record OpenJob(JobSubmission Submission, bool IsRunning, bool CancelWanted, double SilentSeconds);
