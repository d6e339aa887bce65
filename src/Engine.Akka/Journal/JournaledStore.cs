using Akka.Actor;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// A cluster's store as a node has it: attempts, checkpoints, events and the end of a job go through its journal (Akka.Persistence.Sql, in
/// the same database), and from there into the store's tables; all else is the store's own. The journals' actors are in a system of their
/// own, which outlives the node's membership: what is noted while it leaves is written too.
/// </summary>
public sealed class JournaledStore : IClusterStore
{
    /// <summary>Within this time a request is answered, if only with an error: whoever asked asks again.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TerminateLimit = TimeSpan.FromSeconds(3);

    private readonly IClusterStore _store;
    private readonly string _node;
    private readonly TimeSpan _limit;
    private readonly ActorSystem _system;
    private readonly IActorRef _journals;
    private readonly CancellationTokenSource _end = new();

    /// <summary>Makes it over a store that has its tables.</summary>
    /// <param name="store">The store, which is this one's from here on.</param>
    /// <param name="node">This node's name.</param>
    /// <exception cref="ArgumentException">The store keeps no journals.</exception>
    public JournaledStore(IClusterStore store, string node)
        : this(
            store,
            store as IJobProjection ?? throw new ArgumentException($"the store {store} keeps no journals", nameof(store)),
            node, TimeProvider.System, AnswerLimit)
    {
    }

    internal JournaledStore(IClusterStore store, IJobProjection tables, string node, TimeProvider clock, TimeSpan limit)
    {
        (_store, _node, _limit) = (store, node, limit);
        _system = ActorSystem.Create(JournalSettings.SystemName, JournalSettings.Of(tables.Journals));
        _journals = _system.ActorOf(Props.Create(() => new JobJournals(node, tables, clock)), "jobs");
    }

    internal static StoreReply Closed { get; } = new("the node has closed its journals");

    /// <summary>Where the store is, without a password.</summary>
    public override string ToString() => _store.ToString()!;

    /// <summary>Compiles in the background what is needed when a job comes here.</summary>
    public void WarmUp() => _system.ActorOf(Props.Create(() => new JournalWarmUp(_node, TimeProvider.System))
        .WithDispatcher(JournalSettings.Dispatcher));

    /// <inheritdoc/>
    public async ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
    {
        JournalWish? wish = request switch
        {
            ClaimAttempt => new JournalWish.Claim(),
            CommitCheckpoint commit => new JournalWish.Commit(commit),
            _ => null,
        };
        if (wish is null)
        {
            return await _store.Handle(request, cancellation).ConfigureAwait(false);
        }

        if (CheckpointRules.Check(request) is { } wrong)
        {
            return new StoreReply(wrong);
        }

        var reply = await Ask(request.Job, wish, _limit, cancellation).ConfigureAwait(false);
        return reply is { Error: { } error, IsFenced: false }
            ? reply with { Error = $"{request.GetType().Name} of job {request.Job} failed: {error}" }
            : reply;
    }

    /// <inheritdoc/>
    public async Task AddEvent(JobName job, string node, string words, CancellationToken cancellation = default)
    {
        if ((await Ask(job, new JournalWish.Note(node, words), _limit, cancellation).ConfigureAwait(false)).Error is { } error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ClusterStoreException(error, isUnreachable: true);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> End(
        JobName job, JobProgress progress, JobState state, string reason,
        IReadOnlyList<(string Name, string Path)> files, Round? resume = null,
        CancellationToken cancellation = default)
    {
        var isEnded = await _store.End(job, progress, state, reason, files, resume, cancellation).ConfigureAwait(false);
        if (isEnded)
        {
            // It has ended, whether the journal has that already or finds it in the tables when it is read the next time.
            await Ask(job, new JournalWish.End(), EndLimit, CancellationToken.None).ConfigureAwait(false);
        }

        return isEnded;
    }

    /// <inheritdoc/>
    public Task Prepare(CancellationToken cancellation = default) => _store.Prepare(cancellation);

    /// <inheritdoc/>
    public Task<Submitted> Submit(JobSubmission submission, CancellationToken cancellation = default) =>
        _store.Submit(submission, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEntry>> Jobs(CancellationToken cancellation = default) => _store.Jobs(cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Job(JobName job, CancellationToken cancellation = default) => _store.Job(job, cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Cancel(JobName job, CancellationToken cancellation = default) => _store.Cancel(job, cancellation);

    /// <inheritdoc/>
    public Task<JobEntry?> Resume(JobName job, CancellationToken cancellation = default) => _store.Resume(job, cancellation);

    /// <inheritdoc/>
    public Task<bool> Report(JobName job, JobProgress progress, CancellationToken cancellation = default) =>
        _store.Report(job, progress, cancellation);

    /// <inheritdoc/>
    public Task Beat(IReadOnlyList<(JobName Job, Attempt Attempt)> jobs, CancellationToken cancellation = default) =>
        _store.Beat(jobs, cancellation);

    /// <inheritdoc/>
    public Task<bool> AddRounds(
        JobName job, Attempt attempt, IReadOnlyList<JobRound> rounds, CancellationToken cancellation = default) =>
        _store.AddRounds(job, attempt, rounds, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobEvent>> Events(JobName job, long after = 0, CancellationToken cancellation = default) =>
        _store.Events(job, after, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobRound>> Rounds(JobName job, CancellationToken cancellation = default) => _store.Rounds(job, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ResultFile>> Results(JobName job, CancellationToken cancellation = default) =>
        _store.Results(job, cancellation);

    /// <inheritdoc/>
    public Task CopyResult(JobName job, ResultFile file, Stream to, CancellationToken cancellation = default) =>
        _store.CopyResult(job, file, to, cancellation);

    /// <inheritdoc/>
    public Task ReportNode(NodeEntry node, CancellationToken cancellation = default) => _store.ReportNode(node, cancellation);

    /// <inheritdoc/>
    public Task WaitForSubmission(TimeSpan atMost, CancellationToken cancellation = default) =>
        _store.WaitForSubmission(atMost, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default) => _store.Nodes(cancellation);

    /// <inheritdoc/>
    public Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default) => _store.LockJoining(cancellation);

    /// <inheritdoc/>
    public Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default) =>
        _store.TakeLease(name, owner, validity, cancellation);

    /// <inheritdoc/>
    public Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default) =>
        _store.ReleaseLease(name, owner, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(_system.Terminate(), Task.Delay(TerminateLimit)).ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task<StoreReply> Ask(JobName job, JournalWish wish, TimeSpan limit, CancellationToken cancellation)
    {
        var work = new JournalWork(job, wish);
        using var isOver = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _end.Token);
        isOver.CancelAfter(limit);
        using var giveUp = isOver.Token.Register(() => work.Answer(
            _end.IsCancellationRequested ? Closed
            : cancellation.IsCancellationRequested ? new StoreReply("it was given up before the journal had answered")
            : new StoreReply($"the journal of job {job} did not answer within {limit.TotalSeconds:F0} s")));
        _journals.Tell(work);
        return await work.Reply.ConfigureAwait(false);
    }
}
