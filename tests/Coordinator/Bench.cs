using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Coordinator.Tests;

/// <summary>A coordinator on the bench: each message is handed to it by the test, and what it asks for is kept to be looked at.</summary>
internal sealed class Bench : IActorContext, IFitObserver
{
    public static readonly JobName Job = new("job");

    private readonly FitCoordinator _coordinator;

    public Bench(CountingModel model, FitSettings? settings = null, InMemoryCheckpointStore? store = null, JobOpener? open = null)
        : this(model, _ => settings ?? Settings, store, open)
    {
    }

    public Bench(CountingModel model, Func<string, FitSettings> settingsOf, InMemoryCheckpointStore? store = null, JobOpener? open = null)
    {
        Store = store ?? new InMemoryCheckpointStore();
        Start = new StartJob(Job, "spec", "hash", "data", model.Shards);
        _coordinator = new FitCoordinator(open ?? (_ => model), settingsOf, this, Store.LoadResult);
        Give(new Activated());
    }

    public static FitSettings Settings { get; } =
        new() { CheckpointRounds = 2, CheckpointSeconds = 1e9, AskAgainSeconds = 5, RetrySeconds = 1 };

    public InMemoryCheckpointStore Store { get; }

    public StartJob Start { get; }

    /// <summary>Whether the store says that the job has ended.</summary>
    public bool HasEnded { get; init; }

    /// <summary>What the store says is the job's text; null from a store of one machine.</summary>
    public string? Spec { get; init; }

    /// <summary>What the store says of attempts since the last progress.</summary>
    public int Restarts { get; init; }

    public List<(ActorAddress To, IMessage Message)> Sent { get; } = [];

    public List<string> Events { get; } = [];

    public List<long> Checkpoints { get; } = [];

    public List<Attempt> Attempts { get; } = [];

    public List<Round?> ResumedFrom { get; } = [];

    /// <summary>The last report of the shards.</summary>
    public IReadOnlyList<ShardStatus> Shards { get; private set; } = [];

    public FitOutcome? Outcome { get; private set; }

    public bool IsStopped { get; private set; }

    /// <summary>Refuses requests with these words, when it gives any.</summary>
    public Func<StoreRequest, string?> StoreFault { get; set; } = _ => null;

    public Attempt Attempt => Attempts[^1];

    public ActorAddress Self => ShardAddress.OfCoordinator(Job);

    public ActorAddress? Sender { get; set; }

    public TimeSpan Now { get; private set; }

    public long TickNumber { get; private set; }

    private List<(StoreRequest Request, Func<StoreReply, IMessage> Answer)> Questions { get; } = [];

    /// <summary>Hands over one message, then the store's answers to whatever is asked.</summary>
    public void Give(IMessage message)
    {
        _coordinator.Receive(message, this);
        while (Questions.Count > 0)
        {
            var (request, answer) = Questions[0];
            Questions.RemoveAt(0);
            var reply = StoreFault(request) is { } fault ? new StoreReply(fault) : Store.Do(request);
            _coordinator.Receive(
                answer(reply is not AttemptClaimed claimed
                    ? reply
                    : HasEnded ? new JobHasEnded() : claimed with { Restarts = Restarts, Spec = Spec }), this);
        }
    }

    /// <summary>Forgets the outcome, to see whether it is said again.</summary>
    public void Forget() => Outcome = null;

    /// <summary>Lets time pass to the next tick.</summary>
    public void Pass(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Give(new TimerElapsed("tick", TickNumber));
    }

    /// <summary>The messages of a type that were sent since last asked, each as it is.</summary>
    public List<T> Take<T>()
        where T : IMessage
    {
        var taken = Sent.Select(s => s.Message).OfType<T>().ToList();
        Sent.RemoveAll(s => s.Message is T);
        return taken;
    }

    /// <summary>Starts the job and says of every shard that it is ready.</summary>
    public void StartAll()
    {
        Give(Start);
        Ready(Take<LoadShard>());
    }

    public void Ready(IEnumerable<LoadShard> loads)
    {
        foreach (var load in loads)
        {
            Give(new ShardReady(Job, load.Attempt, load.Load, load.Shard, load.CheckpointRound, 1, 8));
        }
    }

    /// <summary>Answers what shards are asked, as workers would, until nothing is asked or the condition holds.</summary>
    public void Work(Func<bool>? until = null)
    {
        while (Outcome is null && until?.Invoke() != true)
        {
            var next = Sent.FindIndex(s => s.Message is RunRound or LoadShard or SaveShard or CollectShard);
            if (next < 0)
            {
                return;
            }

            var message = Sent[next].Message;
            Sent.RemoveAt(next);
            switch (message)
            {
                case LoadShard load:
                    Ready([load]);
                    break;
                case RunRound run:
                    if (run.SaveFirst)
                    {
                        Save(run.Attempt, run.Load, run.Shard, new Round(run.Round.Value - 1));
                    }

                    Give(Answer(run));
                    break;
                case SaveShard save:
                    Save(save.Attempt, save.Load, save.Shard, save.Round);
                    break;
                case CollectShard collect:
                    Collect(collect);
                    break;
            }
        }
    }

    public static RoundAnswer Answer(RunRound run) => new(
        Job, run.Attempt, run.Load, run.Shard, run.Round, CountingModel.Partial(run.Round.Value * (run.Shard.Value + 1)));

    public void Tell(ActorAddress to, IMessage message) => Sent.Add((to, message));

    public void Schedule(TimeSpan delay, IMessage message) =>
        TickNumber = message is TimerElapsed { Kind: "tick" } tick ? tick.Number : TickNumber;

    public void Ask(StoreRequest request, Func<StoreReply, IMessage> answer) => Questions.Add((request, answer));

    public void Stop() => IsStopped = true;

    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
        Attempts.Add(attempt);
        ResumedFrom.Add(resumedFrom);
    }

    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
    {
    }

    public void OnShards(JobName job, Attempt attempt, IReadOnlyList<ShardStatus> shards) => Shards = shards;

    public void OnEvent(JobName job, string words) => Events.Add(words);

    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) => Checkpoints.Add(round.Value);

    public void OnEnded(JobName job, FitOutcome outcome) => Outcome = outcome;

    private static ArraySet State(Round round) => new ArraySet().Set("count", round.Value);

    private void Collect(CollectShard collect)
    {
        var request = new SavePart(Job, collect.Attempt, collect.Round, collect.Shard, State(collect.Round), PartKind.Result);
        var reply = StoreFault(request) is { } fault ? new StoreReply(fault) : Store.Do(request);
        Give(reply is PartSaved saved
            ? new ShardCollected(Job, collect.Attempt, collect.Load, collect.Shard, collect.Round, saved.Checksum, saved.Bytes)
            : new ShardNotSaved(Job, collect.Attempt, collect.Load, collect.Shard, collect.Round, reply.Error!, reply.IsFenced));
    }

    private void Save(Attempt attempt, long load, ShardId shard, Round round)
    {
        var request = new SavePart(Job, attempt, round, shard, State(round));
        var reply = StoreFault(request) is { } fault ? new StoreReply(fault) : Store.Do(request);
        Give(reply is PartSaved saved
            ? new ShardSaved(Job, attempt, load, shard, round, saved.Checksum, saved.Bytes)
            : new ShardNotSaved(Job, attempt, load, shard, round, reply.Error!, reply.IsFenced));
    }
}
