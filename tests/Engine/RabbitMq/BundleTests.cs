using System.Collections.Concurrent;
using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.RabbitMq;

/// <summary>Arrays that several actors of one node are sent alike travel to that node once, and nobody goes without them.</summary>
[Trait(Effort.Quick, "no")]
public sealed class BundleTests
{
    private const int Shards = 3;
    private static readonly JobName Job = new("job");
    private static readonly ActorAddress Coordinator = new("fit", "job");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<(string Node, int Shard, long Round), ArraySet> _received = new();
    private readonly ConcurrentDictionary<int, string> _heard = new();
    private readonly ConcurrentQueue<string> _said = new();

    [Fact]
    public async Task Shards_of_one_node_get_one_copy_of_a_broadcast()
    {
        var url = await Url();
        await using var first = await Join(url, "first", "fit");
        await using var second = await Join(url, "second", "shard");
        await Hear(first, "second");
        await ExpectRound(first, "second");
        var arrays = _received.Values.First();
        Assert.All(_received.Values, received => Assert.Same(arrays, received));
    }

    [Fact]
    public async Task Shards_whose_node_has_gone_get_their_broadcast_where_they_are_now()
    {
        var url = await Url();
        await using var first = await Join(url, "first", "fit");
        await using (await Join(url, "second", "shard"))
        {
            await Hear(first, "second");
        }

        await using var third = await Join(url, "third", "shard");
        await ExpectRound(first, "third");
    }

    [Fact]
    public async Task Shards_that_their_node_has_handed_on_get_their_broadcast_where_they_are_now()
    {
        var url = await Url();
        await using var first = await Join(url, "first", "fit");
        await using var second = await Join(url, "second", "shard");
        await Hear(first, "second");
        await using var third = await Join(url, "third", "shard");
        Assert.Equal(0, await second.Drain(Limit));
        await ExpectRound(first, "third");
    }

    [Fact]
    public async Task What_no_bundle_may_hold_is_dropped_with_words_and_the_next_is_taken()
    {
        var url = await Url();
        await using var first = await Join(url, "first", "fit");
        await using var second = await Join(url, "second", "shard");
        await Hear(first, "second");
        var queue = (await (await RabbitServer.Shared()).Control(
            "-q", "list_queues", "-p", Uri.UnescapeDataString(new Uri(url).AbsolutePath[1..]), "name"))
            .Split('\n').Single(name => name.StartsWith("node.second.", StringComparison.Ordinal)).Trim();
        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(url) };
        await using (var connection = await factory.CreateConnectionAsync())
        {
            await using var channel = await connection.CreateChannelAsync();
            foreach (var message in new IMessage[]
            {
                new WakeDirectory(),
                new Bundle(new ArraySet(), [new BundledMessage(new ActorAddress("shard", "../x"), Frame(Run(0, 1, new ArraySet())))]),
                new Bundle(new ArraySet(), [new BundledMessage(new ActorAddress("shard", "job/0"), Frame(new WakeDirectory()))]),
                new Bundle(new ArraySet(), [new BundledMessage(new ActorAddress("shard", "job/0"), new byte[] { 1, 2, 3 })]),
            })
            {
                var frame = Frame(message);
                var body = new byte[Parcel.Overhead(null) + frame.Length];
                frame.CopyTo(body, Parcel.WriteHeader(body, null, Guid.NewGuid(), 0, frame.Length));
                await RabbitMQ.Client.IChannelExtensions.BasicPublishAsync(channel, "", queue, body);
            }

            await RabbitMQ.Client.IChannelExtensions.BasicPublishAsync(channel, "", queue, new byte[] { 0 });
        }

        await Until(() => _said.Count(words => words.StartsWith("a message to node.second.", StringComparison.Ordinal)) == 5);
        await ExpectRound(first, "second");
    }

    private static async Task<string> Url()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        return await (await RabbitServer.Shared()).NewVirtualHost();
    }

    private static RunRound Run(int shard, long round, ArraySet arrays) =>
        new(Job, new Attempt(1), 1, new ShardId(shard), new Round(round), false, arrays);

    private static byte[] Frame(IMessage message)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); !condition(); await Task.Delay(20))
        {
            Assert.True(clock.Elapsed < Limit, "it did not come");
        }
    }

    /// <summary>Waits until the coordinator has heard from every shard.</summary>
    private async Task Hear(RabbitMqEngine engine, string node)
    {
        engine.Tell(Coordinator, new TimerElapsed("ask", 0));
        await Until(() => Enumerable.Range(0, Shards).All(shard => _heard.GetValueOrDefault(shard) == node));
    }

    /// <summary>The coordinator broadcasts; every shard gets it, on this node.</summary>
    private async Task ExpectRound(RabbitMqEngine engine, string node)
    {
        engine.Tell(Coordinator, new TimerElapsed("round", 7));
        await Until(() => _received.Count == Shards);
        Assert.All(Enumerable.Range(0, Shards), shard => Assert.Equal([7, 8, 9], _received[(node, shard, 7)]["F"]));
    }

    private async Task<RabbitMqEngine> Join(string url, string node, string kind)
    {
        var options = new ClusterEngineOptions
        {
            Node = node, Threads = 1, Capacity = new Dictionary<string, int> { [kind] = 10 }, Say = _said.Enqueue
        };
        var engine = await RabbitMqEngine.Connect(url, options, new InMemoryCheckpointStore(), TestContext.Current.CancellationToken);
        engine.Register(kind, address => new ScriptedActor((message, context) => Receive(node, address, message, context)));
        await engine.Start(TestContext.Current.CancellationToken);
        return engine;
    }

    private void Receive(string node, ActorAddress self, IMessage message, IActorContext context)
    {
        switch (message)
        {
            case TimerElapsed { Kind: "ask" }:
                Tell(shard => new SaveShard(Job, new Attempt(1), 1, new ShardId(shard), default));
                break;
            case TimerElapsed { Kind: "round" } round:
                var arrays = new ArraySet().Set("F", [round.Number, round.Number + 1, round.Number + 2]);
                Tell(shard => Run(shard, round.Number, arrays));
                break;
            case SaveShard save:
                context.Tell(Coordinator, new ShardNotSaved(Job, save.Attempt, 1, save.Shard, default, node));
                break;
            case ShardNotSaved heard:
                _heard[heard.Shard.Value] = heard.Reason;
                break;
            case RunRound run:
                Assert.Equal($"job/{run.Shard}", self.Id);
                Assert.Equal(Coordinator, context.Sender);
                _received.TryAdd((node, run.Shard.Value, run.Round.Value), run.Broadcast);
                break;
            case Draining:
                context.Stop();
                break;
        }

        void Tell(Func<int, IMessage> make)
        {
            for (var shard = 0; shard < Shards; shard++)
            {
                context.Tell(new ActorAddress("shard", $"job/{shard}"), make(shard));
            }
        }
    }
}
