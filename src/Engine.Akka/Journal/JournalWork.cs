using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Something that a job's journal is to take in, and where its reply is awaited.</summary>
/// <param name="job">The job.</param>
/// <param name="wish">What is wanted.</param>
internal sealed class JournalWork(JobName job, JournalWish wish)
{
    private readonly TaskCompletionSource<StoreReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JobName Job { get; } = job;

    public JournalWish Wish { get; } = wish;

    /// <summary>How often it was begun.</summary>
    public int Tries { get; set; }

    public Task<StoreReply> Reply => _reply.Task;

    /// <summary>The first reply is the one that is heard.</summary>
    public void Answer(StoreReply reply) => _reply.TrySetResult(reply);
}

/// <summary>What may be wanted of a job's journal; whether it can be had is decided on what is in it.</summary>
internal abstract record JournalWish
{
    /// <summary>The next attempt.</summary>
    public sealed record Claim : JournalWish;

    /// <summary>A checkpoint, all of whose parts are saved.</summary>
    public sealed record Commit(CommitCheckpoint Request) : JournalWish;

    /// <summary>A line of the event log.</summary>
    public sealed record Note(string Node, string Words) : JournalWish;

    /// <summary>That the job has ended, if the tables say so.</summary>
    public sealed record End : JournalWish;
}
