using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;
using Xunit;

namespace FitCluster.Coordinator.Tests;

public sealed class ShardWorkerTests : IActorContext
{
    private static readonly ShardId Shard = new(1);

    private readonly List<IMessage> _sent = [];
    private readonly List<(StoreRequest Request, Func<StoreReply, IMessage> Answer)> _asked = [];
    private readonly Queue<IMessage> _due = new();
    private readonly ShardWorker _worker;
    private IFitJob _job = new CountingModel(9);

    public ShardWorkerTests()
    {
        _worker = new ShardWorker(_ => _job);
        _worker.Receive(new Activated(), this);
    }

    public ActorAddress Self => ShardAddress.Of(Bench.Job, Shard);

    public ActorAddress? Sender => ShardAddress.OfCoordinator(Bench.Job);

    public TimeSpan Now => default;

    [Fact]
    public void A_repeated_round_gets_the_same_answer_without_being_done_again()
    {
        Give(Load(1, 1));
        var first = Assert.IsType<RoundAnswer>(Give(Run(1, 1, 1)));
        var again = Assert.IsType<RoundAnswer>(Give(Run(1, 1, 1)));
        Assert.Same(first.Partial, again.Partial);
        Assert.Equal(4, Assert.IsType<RoundAnswer>(Give(Run(1, 1, 2))).Partial.Scalar("value"));
    }

    [Fact]
    public void A_round_that_is_not_the_next_one_finds_it_empty()
    {
        Give(Load(1, 1));
        Assert.IsType<ShardEmpty>(Give(Run(1, 1, 2)));
    }

    [Fact]
    public void A_message_of_an_old_attempt_or_load_is_dropped_and_told_so()
    {
        Give(Load(3, 2));
        var stale = Assert.IsType<StaleAttempt>(Give(Run(2, 9, 1)));
        Assert.Equal((3, 2), (stale.Current.Value, stale.CurrentLoad));
        Assert.IsType<StaleAttempt>(Give(Run(3, 1, 1)));
        Assert.IsType<StaleAttempt>(Give(Load(2, 1)));
        Assert.IsType<ShardEmpty>(Give(Run(3, 3, 1)));
    }

    [Fact]
    public void What_is_saved_first_is_the_state_before_the_round()
    {
        Give(Load(1, 1));
        Give(Run(1, 1, 1));
        Give(Run(1, 1, 2) with { SaveFirst = true });
        var save = Assert.IsType<SavePart>(_asked[^1].Request);
        Assert.Equal((1, 1.0), (save.Round.Value, save.State.Scalar("count")));
        var saved = Assert.IsType<ShardSaved>(Give(_asked[^1].Answer(new PartSaved("sum", 8))));
        Assert.Equal((1, "sum"), (saved.Round.Value, saved.Checksum));
        Assert.Equal(saved, Give(new SaveShard(Bench.Job, new Attempt(1), 1, Shard, new Round(1))));
    }

    [Fact]
    public void A_part_that_could_not_be_saved_is_kept_and_saved_when_asked_again()
    {
        Give(Load(1, 1));
        Give(Run(1, 1, 1) with { SaveFirst = true });
        Assert.IsType<ShardNotSaved>(Give(_asked[^1].Answer(new StoreReply("the disk is full"))));
        Give(new SaveShard(Bench.Job, new Attempt(1), 1, Shard, new Round(0)));
        Assert.Equal(2, _asked.Count);
        Assert.Equal(0.0, ((SavePart)_asked[^1].Request).State.Scalar("count"));
    }

    [Fact]
    public void Results_are_saved_as_a_part_of_the_attempt_and_said_to_be_when_asked_again()
    {
        Give(Load(2, 1));
        Give(Run(2, 1, 1));
        var collect = new CollectShard(Bench.Job, new Attempt(2), 1, Shard, new Round(1));
        Assert.IsType<ShardEmpty>(Give(collect with { Round = new Round(2) }));
        Assert.Null(Give(collect));
        var save = Assert.IsType<SavePart>(_asked[^1].Request);
        Assert.Equal(
            (new Attempt(2), new Round(1), Shard, PartKind.Result, 1.0),
            (save.Attempt, save.Round, save.Shard, save.Kind, save.State.Scalar("count")));
        var refused = Assert.IsType<ShardNotSaved>(Give(_asked[^1].Answer(new StoreReply("attempt 3 has taken over", IsFenced: true))));
        Assert.True(refused.IsFenced);
        Give(collect);
        Assert.Same(save.State, Assert.IsType<SavePart>(_asked[^1].Request).State);
        var collected = Assert.IsType<ShardCollected>(Give(_asked[^1].Answer(new PartSaved("sum", 8))));
        Assert.Equal(("sum", 8), (collected.Checksum, collected.Bytes));
        var asked = _asked.Count;
        Assert.Equal(collected, Give(collect));
        Assert.Equal(asked, _asked.Count);
    }

    [Fact]
    public void Data_that_cannot_be_read_are_a_failure_in_words()
    {
        _job = new Unreadable();
        var failed = Assert.IsType<ShardFailed>(Give(Load(1, 1)));
        Assert.Contains("no such file", failed.Reason, StringComparison.Ordinal);
        Assert.False(failed.IsPermanent);
    }

    [Fact]
    public void An_activation_says_once_that_it_begins_a_load_before_it_opens_the_data()
    {
        _worker.Receive(Load(1, 1), this);
        Assert.IsType<ShardLoading>(Assert.Single(_sent));
        _worker.Receive(Load(1, 1), this);
        Assert.Single(_sent);
        Assert.Equal(2, _due.Count);
        _sent.Clear();
        while (_due.TryDequeue(out var due))
        {
            _worker.Receive(due, this);
        }

        Assert.IsType<ShardReady>(Assert.Single(_sent));
    }

    [Fact]
    public void A_worker_that_drains_while_it_loads_says_that_it_leaves()
    {
        _worker.Receive(Load(1, 1), this);
        _sent.Clear();
        _worker.Receive(new Draining(), this);
        Assert.IsType<ShardLeaving>(Assert.Single(_sent));
    }

    [Fact]
    public void A_damaged_part_is_reported()
    {
        Give(Load(1, 1) with { FromCheckpoint = true, CheckpointRound = new Round(4) });
        Assert.IsType<PartDamaged>(Give(_asked[^1].Answer(new StoreReply("SHA-256 differs", IsCorrupt: true))));
    }

    void IActorContext.Tell(ActorAddress to, IMessage message) => _sent.Add(message);

    void IActorContext.Schedule(TimeSpan delay, IMessage message)
    {
        if (delay == TimeSpan.Zero)
        {
            _due.Enqueue(message);
        }
    }

    void IActorContext.Ask(StoreRequest request, Func<StoreReply, IMessage> answer) => _asked.Add((request, answer));

    void IActorContext.Stop()
    {
    }

    private static LoadShard Load(long attempt, long load) =>
        new(Bench.Job, new Attempt(attempt), load, Shard, 3, "spec", false, default, default, "");

    private static RunRound Run(long attempt, long load, long round) =>
        new(Bench.Job, new Attempt(attempt), load, Shard, new Round(round), false, new ArraySet().Set("round", round - 1));

    private IMessage? Give(IMessage message)
    {
        _sent.Clear();
        _worker.Receive(message, this);
        while (_due.TryDequeue(out var due))
        {
            _worker.Receive(due, this);
        }

        return _sent.LastOrDefault();
    }

    private sealed class Unreadable : IFitJob
    {
        public IFitModel Model { get; } = new CountingModel(9);

        public int Shards => 3;

        public ShardData Load(ShardId shard) => throw new IOException("no such file");
    }
}
