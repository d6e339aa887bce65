using Akka.Actor;
using Akka.Persistence;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The journal of a job: what happened to it, each entry under a number that the database gives away once, which is the fence. A request is
/// decided on what the journal has, written, then carried out in the store's tables, then answered. Of two writers the one that does not
/// know the other's last entry is refused, and stopped: what it was asked is decided anew on all there is.
/// </summary>
internal sealed class JobJournal : ReceivePersistentActor, IWithTimers
{
    /// <summary>Then it is read again when it is needed again.</summary>
    private static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CatchUpPause = TimeSpan.FromSeconds(1);

    private readonly JobName _job;
    private readonly string _node;
    private readonly IJobProjection _tables;
    private readonly TimeProvider _clock;
    private readonly Queue<(long Number, JobChange Change)> _pending = new();
    private Attempt _newest;
    private bool _isEnded;
    private bool _isEndLooked;
    private TimeSpan? _storeIsAhead;
    private JournalWork? _work;

    public JobJournal(JobName job, string node, IJobProjection tables, long projected, TimeProvider clock)
    {
        (_job, _node, _tables, _clock) = (job, node, tables, clock);
        PersistenceId = IdOf(job);
        Recover<JobChange>(change =>
        {
            Take(change);
            if (LastSequenceNr > projected)
            {
                _pending.Enqueue((LastSequenceNr, change));
            }
        });
        CommandAsync<JournalWork>(Begin);
        CommandAsync<CatchUp>(_ => CatchUpQuietly());
        Command<ReceiveTimeout>(_ => Context.Parent.Tell(new Idle(_job)));
        SetReceiveTimeout(IdleLimit);
    }

    public override string PersistenceId { get; }

    /// <summary>Set by Akka.</summary>
    public ITimerScheduler Timers { get; set; } = null!;

    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    public static string IdOf(JobName job) => $"job-{job}";

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Context.Parent.Tell(new Failing(_job, $"entry {sequenceNr} was not taken: {Sentence(cause)}"));

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Answer(new StoreReply($"the journal of job {_job} cannot take this: {Sentence(cause)}"));

    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Context.Parent.Tell(new Failing(_job, $"it cannot be read: {Sentence(reason)}"));

    /// <summary>The innermost cause; no connection string, which drivers do not print.</summary>
    private static string Sentence(Exception cause) => cause.GetBaseException().Message.ReplaceLineEndings(" ");

    private async Task Begin(JournalWork work)
    {
        _work = work;
        try
        {
            await (work.Wish is JournalWish.Note ? CatchUpQuietly() : Project()).ConfigureAwait(true);
            var (changes, reply) = await Decide(work.Wish).ConfigureAwait(true);
            if (changes.Count == 0)
            {
                Answer(reply ?? new StoreReply());
                return;
            }

            var left = changes.Count;
            PersistAll(changes, async change =>
            {
                Take(change);
                _pending.Enqueue((LastSequenceNr, change));
                if (--left == 0)
                {
                    await Written(work.Wish, reply).ConfigureAwait(true);
                }
            });
        }
        catch (Exception error) when (error is ClusterStoreException or OperationCanceledException)
        {
            Answer(new StoreReply(error.Message));
        }
    }

    /// <summary>What is in the journal is answered when the tables have it; a line of the log at once, since it cannot be lost.</summary>
    private async Task Written(JournalWish wish, StoreReply? reply)
    {
        try
        {
            var projected = await Project().ConfigureAwait(true);
            Answer(reply ?? projected);
        }
        catch (ClusterStoreException error)
        {
            Answer(wish is JournalWish.Note ? new StoreReply() : new StoreReply(error.Message));
            CatchUpSoon();
        }
    }

    /// <summary>What is to be written, and the reply, unless the tables are to give it.</summary>
    private async Task<(IReadOnlyList<JobChange> Changes, StoreReply? Reply)> Decide(JournalWish wish)
    {
        var isAboutEnd = !_isEndLooked || wish is JournalWish.Claim or JournalWish.End;
        var standing = isAboutEnd ? await _tables.Standing(_job).ConfigureAwait(true) : null;
        List<JobChange> changes = [];
        if (standing is not null)
        {
            _storeIsAhead = standing.Now - _clock.GetUtcNow();
            _isEndLooked = true;
            if (standing.HasEnded && !_isEnded && _newest.Value > 0)
            {
                changes.Add(new JobChange.Ended(
                    _newest, standing.State!.Value, standing.Reason, standing.Ended ?? standing.Now));
            }
        }

        switch (wish)
        {
            case JournalWish.Claim when standing!.HasEnded:
                return (changes, new JobHasEnded());
            case JournalWish.Claim:
                var next = new Attempt(1 + long.Max(_newest.Value, standing.Newest.Value));
                changes.Add(new JobChange.Claimed(next, standing.Restarts + 1 ?? 0, _node, standing.Now));
                break;
            case JournalWish.Commit commit:
                var refused = CheckpointRules.Fence(_job, commit.Request.Attempt, _newest) ??
                    await _tables.Refusal(commit.Request).ConfigureAwait(true);
                if (refused is not null)
                {
                    return ([], refused);
                }

                changes.Add(new JobChange.Checkpoint(commit.Request.Manifest, commit.Request.Keep, commit.Request.Resume));
                break;
            case JournalWish.Note note:
                changes.Add(new JobChange.Noted(note.Node, note.Words, _clock.GetUtcNow() + _storeIsAhead!.Value));
                break;
            default:
                break;
        }

        return (changes, null);
    }

    private void Take(JobChange change)
    {
        switch (change)
        {
            case JobChange.Claimed claimed:
                (_newest, _isEnded) = (claimed.Attempt, false);
                break;
            case JobChange.Ended:
                _isEnded = true;
                break;
            default:
                break;
        }
    }

    /// <summary>Carries out what the tables do not have yet; the reply to the last.</summary>
    private async Task<StoreReply> Project()
    {
        var reply = new StoreReply();
        while (_pending.TryPeek(out var entry))
        {
            reply = await _tables.Project(_job, entry.Number, entry.Change).ConfigureAwait(true);
            if (reply is ProjectionBehind)
            {
                // Read anew, it knows what they lack.
                throw new InvalidOperationException(reply.Error);
            }

            _pending.Dequeue();
        }

        return reply;
    }

    private async Task CatchUpQuietly()
    {
        try
        {
            await Project().ConfigureAwait(true);
        }
        catch (ClusterStoreException)
        {
            CatchUpSoon();
        }
    }

    private void CatchUpSoon() => Timers.StartSingleTimer("catch up", CatchUp.Instance, CatchUpPause);

    private void Answer(StoreReply reply)
    {
        if (_work is { } work)
        {
            _work = null;
            Context.Parent.Tell(new Answered(work, reply));
        }
    }

    /// <summary>To the parent: the reply to what this journal was asked.</summary>
    internal sealed record Answered(JournalWork Work, StoreReply Reply);

    /// <summary>To the parent: why it is about to stop.</summary>
    internal sealed record Failing(JobName Job, string Why);

    /// <summary>To the parent: nobody has asked anything for a while.</summary>
    internal sealed record Idle(JobName Job);

    private sealed record CatchUp
    {
        public static CatchUp Instance { get; } = new();
    }
}
