using System.Collections.Concurrent;
using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node.Tests;

/// <summary>A cluster's store that keeps what a node writes in lists, and can be away.</summary>
internal sealed class FakeStore : IClusterStore
{
    public ConcurrentQueue<(string Job, string Node, string Words)> Added { get; } = new();

    public ConcurrentQueue<JobRound> AddedRounds { get; } = new();

    public ConcurrentQueue<JobProgress> Reported { get; } = new();

    public ConcurrentQueue<(JobState State, string Reason, JobProgress Progress, int Files)> Ended { get; } = new();

    public ConcurrentQueue<(JobName Job, Attempt Attempt)> Beats { get; } = new();

    public ConcurrentQueue<NodeEntry> NodeReports { get; } = new();

    /// <summary>While true, everything fails as if nothing listened.</summary>
    public volatile bool IsAway;

    /// <summary>Whether the attempts that report are the newest.</summary>
    public volatile bool IsOurs = true;

    /// <summary>How the one job stands; null: there is none.</summary>
    public JobEntry? Entry { get; set; }

    /// <summary>Ends wait for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public IReadOnlyList<NodeEntry> OtherNodes { get; set; } = [];

    public bool IsDisposed { get; private set; }

    public override string ToString() => "fake://here";

    public Task Prepare(CancellationToken cancellation = default) => Answer(0);

    public Task<Submitted> Submit(JobSubmission submission, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<JobEntry>> Jobs(CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<JobEntry?> Job(JobName job, CancellationToken cancellation = default) => Answer(Entry);

    public Task<JobEntry?> Cancel(JobName job, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<JobEntry?> Resume(JobName job, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<bool> Report(JobName job, JobProgress progress, CancellationToken cancellation = default) =>
        Answer(IsOurs, () => Reported.Enqueue(progress));

    public Task Beat(IReadOnlyList<(JobName Job, Attempt Attempt)> jobs, CancellationToken cancellation = default) =>
        Answer(0, () => jobs.ToList().ForEach(Beats.Enqueue));

    public Task<bool> AddRounds(JobName job, Attempt attempt, IReadOnlyList<JobRound> rounds, CancellationToken cancellation = default) =>
        Answer(IsOurs, () => rounds.ToList().ForEach(AddedRounds.Enqueue));

    public Task AddEvent(JobName job, string node, string words, CancellationToken cancellation = default) =>
        Answer(0, () => Added.Enqueue((job.Value, node, words)));

    public Task<IReadOnlyList<JobEvent>> Events(JobName job, long after = 0, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<JobRound>> Rounds(JobName job, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public async Task<bool> End(
        JobName job,
        JobProgress progress,
        JobState state,
        string reason,
        IReadOnlyList<(string Name, string Path)> files,
        Round? resume = null,
        CancellationToken cancellation = default)
    {
        await Gate.WaitAsync(cancellation);
        return await Answer(IsOurs, () => Ended.Enqueue((state, reason, progress, files.Count)));
    }

    public Task<IReadOnlyList<ResultFile>> Results(JobName job, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task CopyResult(JobName job, ResultFile file, Stream to, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task ReportNode(NodeEntry node, CancellationToken cancellation = default) => Answer(0, () => NodeReports.Enqueue(node));

    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default) => Answer(OtherNodes);

    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public Task WaitForSubmission(TimeSpan atMost, CancellationToken cancellation = default) => Task.Delay(atMost, cancellation);

    public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private async Task<T> Answer<T>(T answer, Action? take = null)
    {
        await Task.Yield();
        if (IsAway)
        {
            throw new ClusterStoreException("the store fake://here cannot be reached", isUnreachable: true);
        }

        take?.Invoke();
        return answer;
    }
}
