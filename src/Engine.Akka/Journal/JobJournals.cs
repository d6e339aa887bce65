using Akka.Actor;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The journals of the jobs that this node has to do with: reads one when it is first needed, gives it one thing to do at a time, and reads
/// it anew, for the same request, when it has stopped: because another node has written to it, or the database was away.
/// </summary>
internal sealed class JobJournals : ReceiveActor
{
    /// <summary>
    /// Each that fails means that another has written something, here or to another job (writes of several journals go to the database
    /// together, and fail so); a database that is away is found so before the next.
    /// </summary>
    private const int Tries = 10;

    private readonly string _node;
    private readonly IJobProjection _tables;
    private readonly TimeProvider _clock;
    private readonly Dictionary<JobName, Open> _jobs = [];

    public JobJournals(string node, IJobProjection tables, TimeProvider clock)
    {
        (_node, _tables, _clock) = (node, tables, clock);
        Receive<JournalWork>(work =>
        {
            var open = Of(work.Job);
            open.Waiting.Enqueue(work);
            Next(open);
        });
        Receive<Looked>(looked => Read(looked));
        Receive<JobJournal.Answered>(answered => Done(Of(answered.Work.Job), answered.Work, answered.Reply));
        Receive<JobJournal.Failing>(failing => Failing(failing));
        Receive<JobJournal.Idle>(idle => Close(idle.Job));
        Receive<Terminated>(ended => Stopped(ended.ActorRef));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        if (_jobs.Values.FirstOrDefault(open => open.Journal?.Equals(Sender) == true) is { } open)
        {
            open.Why = error.GetBaseException().Message.ReplaceLineEndings(" ");
        }

        return Directive.Stop;
    });

    protected override void PostStop()
    {
        foreach (var work in _jobs.Values.SelectMany(open => open.Waiting.Prepend(open.Current)))
        {
            work?.Answer(JournaledStore.Closed);
        }
    }

    private Open Of(JobName job)
    {
        if (!_jobs.TryGetValue(job, out var open))
        {
            _jobs.Add(job, open = new Open(job));
        }

        return open;
    }

    private void Next(Open open)
    {
        while (open.Current is null && open.Waiting.TryDequeue(out var work))
        {
            // Nobody waits for it any more: who asked has asked again.
            open.Current = work.Reply.IsCompleted ? null : work;
        }

        if (open.Current is { Tries: 0 })
        {
            Begin(open);
        }
    }

    private void Begin(Open open)
    {
        var work = open.Current!;
        work.Tries++;
        open.Why = null;
        if (open.Journal is { } journal)
        {
            journal.Tell(work);
            return;
        }

        _tables.Standing(work.Job).ContinueWith(
            standing => standing.Status == TaskStatus.RanToCompletion
                ? new Looked(work, standing.Result.Projected, null)
                : new Looked(work, 0, standing.Exception?.GetBaseException().Message ?? "it was cancelled"),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).PipeTo(Self);
    }

    private void Read(Looked looked)
    {
        var open = Of(looked.Work.Job);
        if (looked.Error is { } error)
        {
            Done(open, looked.Work, new StoreReply(error));
            return;
        }

        var journal = new Producer(() => new JobJournal(open.Job, _node, _tables, looked.Projected, _clock));
        open.Journal = Context.Watch(Context.ActorOf(Props.CreateBy(journal).WithDispatcher(JournalSettings.Dispatcher)));
        open.Journal.Tell(looked.Work);
    }

    private void Done(Open open, JournalWork work, StoreReply reply)
    {
        work.Answer(reply);
        if (open.Current == work)
        {
            open.Current = null;
            Next(open);
        }

        if (open is { Current: null, Journal: null })
        {
            _jobs.Remove(open.Job);
        }
    }

    private void Failing(JobJournal.Failing failing)
    {
        if (_jobs.TryGetValue(failing.Job, out var open))
        {
            open.Why = failing.Why;
        }
    }

    private void Stopped(IActorRef journal)
    {
        if (_jobs.Values.FirstOrDefault(open => open.Journal?.Equals(journal) == true) is not { } open)
        {
            return;
        }

        open.Journal = null;
        if (open.Current is not { } work)
        {
            _jobs.Remove(open.Job);
        }
        else if (work.Tries < Tries && !work.Reply.IsCompleted)
        {
            Begin(open);
        }
        else
        {
            Done(open, work, new StoreReply($"the journal of job {open.Job} did not take it ({open.Why ?? "it stopped"})"));
        }
    }

    private void Close(JobName job)
    {
        if (_jobs.TryGetValue(job, out var open) && open is { Current: null, Waiting.Count: 0, Journal: not null })
        {
            _jobs.Remove(job);
            Context.Stop(open.Journal);
        }
    }

    private sealed record Looked(JournalWork Work, long Projected, string? Error);

    private sealed class Open(JobName job)
    {
        public JobName Job { get; } = job;

        public Queue<JournalWork> Waiting { get; } = new();

        public JournalWork? Current { get; set; }

        public IActorRef? Journal { get; set; }

        public string? Why { get; set; }
    }

    private sealed class Producer(Func<JobJournal> make) : IIndirectActorProducer
    {
        public Type ActorType => typeof(JobJournal);

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
        }
    }
}
