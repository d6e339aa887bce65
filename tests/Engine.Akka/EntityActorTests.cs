using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using FitCluster.Messages;
using Xunit;
using IMessage = FitCluster.Messages.IMessage;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>The life of an entity around an actor, with a test in the place of sharding.</summary>
public sealed class EntityActorTests : Akka.TestKit.Xunit.TestKit
{
    private static readonly ActorAddress Address = new("shard", "job/1");

    // What comes late on a machine that others use comes all the same: TestKit's own 3 seconds are an actor's limit here.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<IMessage> _seen = new();
    private readonly AkkaHost _host;
    private readonly TestProbe _shard;
    private readonly TestProbe _region;
    private Action<IMessage, IActorContext> _receive = TestNode.Leaves;

    public EntityActorTests()
        : base("""
            akka { actor.provider = cluster, loglevel = OFF, stdout-loglevel = OFF
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
            """)
    {
        (_shard, _region) = (CreateTestProbe(), CreateTestProbe());
        _host = new AkkaHost(new ClusterEngineOptions { Node = "a", Threads = 2 }, new NoStore());
        _host.Register("shard", _ => new ScriptedActor((message, context) =>
        {
            _seen.Enqueue(message);
            _receive(message, context);
        }));
        _host.Prepare(Akka.Cluster.Cluster.Get(Sys), "127.0.0.1:1");
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _host.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static Letter Number(int number, string node = "127.0.0.1:2") =>
        new(Address, null, node, LetterFrames.Of(new TimerElapsed("n", number)));

    private IActorRef Begin()
    {
        _host.Begin(_region);
        return Watch(_shard.ChildActorOf(Props.Create(() => new EntityActor(_host, Address))));
    }

    private void SeenAre(params string[] expected) => AwaitAssert(
        () => Assert.Equal(expected, _seen.Select(m =>
            m is TimerElapsed { Number: var n } ? FormattableString.Invariant($"{n}") : m.GetType().Name)),
        Patience);

    /// <summary>Does what a shard does when an entity asks to be put to rest.</summary>
    private void Passivate(IActorRef entity) => entity.Tell(_shard.ExpectMsg<Passivate>(Patience).StopMessage);

    [Fact]
    public void One_that_stops_is_put_to_rest_and_what_comes_meanwhile_is_for_the_next()
    {
        _receive = (message, context) =>
        {
            if (message is TimerElapsed { Number: 2 })
            {
                context.Stop();
            }
        };
        var entity = Begin();
        entity.Tell(Number(1));
        entity.Tell(Number(2));
        SeenAre("Activated", "1", "2");
        var rest = _shard.ExpectMsg<Passivate>();
        Assert.Equal([Address], _host.Hosted);
        entity.Tell(Number(3));
        _host.Send(Address, new Envelope(new TimerElapsed("n", 4), null));
        Assert.Equal(4, Held(_region.ExpectMsg<Letter>(Patience)));
        entity.Tell(rest.StopMessage);
        ExpectTerminated(entity, Patience);
        Assert.Equal(3, Held(_region.ExpectMsg<Letter>(Patience)));
        Assert.Empty(_host.Hosted);
        SeenAre("Activated", "1", "2");
    }

    private static long Held(Letter letter) => ((TimerElapsed)MessageCodec.Decode(letter.Frame.Span)).Number;

    [Fact]
    public void One_that_is_to_move_is_told_and_stops_and_what_waits_behind_begins_no_other_here()
    {
        var entity = Begin();
        entity.Tell(Number(1));
        SeenAre("Activated", "1");
        entity.Tell(EntityActor.GoElsewhere.Instance);
        entity.Tell(Number(2));
        ExpectTerminated(entity, Patience);
        AwaitAssert(() => Assert.Empty(_host.Hosted));
        Assert.DoesNotContain(_seen.SkipWhile(m => m is not Draining), m => m is Activated);
        Assert.Single(_seen.OfType<Draining>());
    }

    [Fact]
    public void One_that_is_given_up_waits_to_be_moved_then_is_put_to_rest_so_that_nothing_is_lost()
    {
        var entity = Begin();
        entity.Tell(Number(1));
        SeenAre("Activated", "1");
        _host.GiveUp("shard", _ => true);
        SeenAre("Activated", "1", "Draining");
        entity.Tell(Number(2));
        ExpectNoMsg(TimeSpan.FromMilliseconds(500));
        // Nobody moves it: a shard that is asked to keeps what comes until it has gone.
        Passivate(entity);
        ExpectTerminated(entity, Patience);
        Assert.Equal(2, Held(_region.ExpectMsg<Letter>(Patience)));

        _seen.Clear();
        var again = Begin();
        again.Tell(Number(5));
        SeenAre("Activated", "5");
        _host.GiveUp("shard", _ => true);
        SeenAre("Activated", "5", "Draining");
        again.Tell(EntityActor.GoElsewhere.Instance);
        ExpectTerminated(again, Patience);
    }

    [Fact]
    public void One_that_fails_while_it_drains_leaves_all_the_same()
    {
        _receive = (message, _) =>
        {
            if (message is Draining)
            {
                throw new InvalidOperationException("no");
            }
        };
        var entity = Begin();
        entity.Tell(Number(1));
        SeenAre("Activated", "1");
        entity.Tell(EntityActor.GoElsewhere.Instance);
        ExpectTerminated(entity, Patience);
    }

    [Fact]
    public void An_activation_that_ends_late_does_not_close_the_one_that_came_after_it()
    {
        using var go = new ManualResetEventSlim();
        _receive = (message, context) =>
        {
            if (message is TimerElapsed { Number: 1 })
            {
                go.Wait();
                context.Stop();
            }
        };
        var first = Begin();
        first.Tell(Number(1));
        SeenAre("Activated", "1");
        Sys.Stop(first);
        ExpectTerminated(first, Patience);
        var second = Begin();
        second.Tell(Number(2));
        SeenAre("Activated", "1", "Activated", "2");
        // It was given up and goes on meanwhile: it does not stop when it drains.
        _host.GiveUp("shard", _ => true);
        SeenAre("Activated", "1", "Activated", "2", "Draining");
        go.Set();
        Thread.Sleep(200);
        second.Tell(Number(3));
        SeenAre("Activated", "1", "Activated", "2", "Draining", "3");
    }

    [Fact]
    public void A_large_letter_of_this_node_reaches_an_actor_that_has_come_here_in_the_meantime()
    {
        var entity = Begin();
        SeenAre("Activated");
        var large = Number(9, "127.0.0.1:1") with
        {
            Frame = LetterFrames.Of(new RoundAnswer(
                new JobName("job"), new Attempt(1), 1, new ShardId(1), new Round(1), new ArraySet().Set("x", new double[100_000]))),
        };
        // It was sent while the actor before this one closed: a letter that wakes goes in its place, and finds this one.
        _host.ByRegion(large);
        var wake = _region.ExpectMsg<Letter>(Patience);
        Assert.True(wake.IsEmpty);
        entity.Tell(wake);
        SeenAre("Activated", nameof(RoundAnswer));
    }

    [Fact]
    public void What_an_actor_sends_before_there_is_a_region_goes_as_soon_as_there_is_one()
    {
        _receive = (message, context) =>
        {
            if (message is TimerElapsed)
            {
                context.Tell(new ActorAddress("shard", "other"), new TimerElapsed("n", 7));
            }
        };
        var entity = Watch(_shard.ChildActorOf(Props.Create(() => new EntityActor(_host, Address))));
        entity.Tell(Number(1));
        SeenAre("Activated", "1");
        _host.Begin(_region);
        Assert.Equal(7, Held(_region.ExpectMsg<Letter>(Patience)));
    }

    private sealed class NoStore : ICheckpointStore
    {
        public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
            ValueTask.FromResult(new StoreReply("there is no store"));
    }
}
