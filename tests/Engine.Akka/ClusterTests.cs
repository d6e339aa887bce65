using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Several engines in one process, as nodes of one cluster.</summary>
public sealed class ClusterTests : IAsyncDisposable
{
    private readonly MemoryMeeting _meeting = new();
    private readonly List<TestNode> _nodes = [];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _meeting.Dispose();
    }

    private async Task<TestNode> Start(string name, int capacity, Action<IMessage, IActorContext>? receive = null)
    {
        var node = await TestNode.Start(_meeting, name, new() { ["shard"] = capacity, ["fit"] = 100 }, receive);
        _nodes.Add(node);
        return node;
    }

    private static ActorAddress Shard(int id) => new("shard", FormattableString.Invariant($"job/{id}"));

    private async Task Until(Func<bool> condition, string what, int seconds = 20)
    {
        for (var until = Environment.TickCount64 + (seconds * 1000); !condition(); await Task.Delay(20))
        {
            var state = string.Join("; ", _nodes.Select(node =>
                $"{node.Name}: {string.Join(' ', node.Engine.Hosted)} " +
                $"{string.Join(' ', node.Failures.Select(f => f.Message).Distinct())} " +
                string.Join(' ', node.Said)));
            Assert.True(Environment.TickCount64 < until, $"{what}: {state}");
        }
    }

    [Fact]
    public async Task Actors_spread_by_capacity_come_up_elsewhere_when_a_node_ends_and_are_handed_over_when_one_leaves()
    {
        var (a, b, c) = (await Start("a", 6), await Start("b", 6), await Start("c", 12));
        // Until sharding has heard of all three regions, which nothing here can see.
        await Task.Delay(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 12; i++)
        {
            a.Engine.Tell(Shard(i), new TimerElapsed("x", i));
        }

        // At once, and not only after some have been moved: they are asked for faster than sharding takes note of them.
        await Until(() => a.Count("shard") == 3 && b.Count("shard") == 3 && c.Count("shard") == 6, "they are not spread");
        Assert.DoesNotContain(_nodes, node => node.Seen.Any(seen => seen.Message is Draining));
        // Without a word of anybody's: a has heard of them.
        var lost = c.Engine.Hosted;
        _nodes.Remove(c);
        await c.DisposeAsync();
        await Until(
            () => lost.All(actor => a.Engine.Hosted.Contains(actor) || b.Engine.Hosted.Contains(actor)), "they do not come up elsewhere");
        Assert.True(a.Count("shard") <= 6 && b.Count("shard") <= 6);
        Assert.Single(a.Said, words => words.Contains(" has left the cluster or is gone"));

        var d = await Start("d", 12);
        var left = b.Engine.Hosted;
        Assert.Equal(0, await b.Engine.Drain(TimeSpan.FromSeconds(15)));
        Assert.All(left, actor => Assert.Contains(b.Seen, seen => seen.To == actor && seen.Message is Draining));
        Assert.False(b.Engine.Removed.IsCompleted);
        _nodes.Remove(b);
        await b.DisposeAsync();
        for (var i = 0; i < 12; i++)
        {
            // Whoever uses them finds them: what a knew of their places is no longer used.
            a.Engine.Tell(Shard(i), new TimerElapsed("again", i));
        }

        await Until(
            () => a.Seen.Concat(d.Seen).Count(seen => seen.Message is TimerElapsed { Kind: "again" }) == 12,
            "letters were lost after a hand-over");
    }

    [Fact]
    public async Task Large_arrays_to_an_actor_whose_place_nobody_knows_arrive_once_wherever_it_is()
    {
        var arrays = new ArraySet().Set("x", new double[1 << 20]);
        var (a, b) = (await Start("a", 4), await Start("b", 4));
        for (var i = 0; i < 8; i++)
        {
            var to = new JobName("job");
            a.Engine.Tell(Shard(i), new RoundAnswer(to, new Attempt(1), 1, new ShardId(i), new Round(1), arrays));
        }

        bool Has(TestNode node, int i) =>
            node.Seen.Any(seen => seen.To == Shard(i) && seen.Message is RoundAnswer answer && answer.Shard.Value == i);
        await Until(() => Enumerable.Range(0, 8).All(i => Has(a, i) || Has(b, i)), "not all have arrived");
        await Task.Delay(300);
        Assert.Equal(8, a.Seen.Concat(b.Seen).Count(seen => seen.Message is RoundAnswer));
        Assert.Equal((4, 4), (a.Count("shard"), b.Count("shard")));
    }

    [Fact]
    public async Task The_places_of_actors_that_have_ended_are_given_to_others()
    {
        static void Short(IMessage message, IActorContext context)
        {
            if (message is not Activated)
            {
                context.Stop();
            }
        }

        var nodes = new[] { await Start("a", 40, Short), await Start("b", 40, Short) };
        for (var i = 0; i < 120; i++)
        {
            nodes[i % 2].Engine.Tell(Shard(i), new TimerElapsed("x", i));
        }

        await Until(
            () => nodes.Sum(node => node.Seen.Count(seen => seen.Message is TimerElapsed)) >= 120,
            "those who waited have found no place", 60);
        await Until(() => nodes.All(node => node.Engine.Hosted.Count == 0), "some are still here");
    }
}
