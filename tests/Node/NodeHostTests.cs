using System.Collections.Concurrent;
using FitCluster.Engine;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class NodeHostTests : IAsyncDisposable
{
    private static readonly NodeOptions Options = new()
    {
        Store = "", Name = "n", Capacity = 8, Coordinators = 3, Threads = 1, Drain = TimeSpan.FromSeconds(4),
    };

    private readonly FakeStore _store = new();
    private readonly ConcurrentQueue<string> _said = new();
    private FakeEngine? _engine;

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_node_joins_reports_and_leaves_in_order()
    {
        await using (var node = await Start())
        {
            Assert.True(_engine!.IsStarted);
            Assert.Equal(["directory", "fit", "shard"], _engine.Registered.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(
                (8, 3, 1), (_engine.Options.Capacity["shard"], _engine.Options.Capacity["fit"], _engine.Options.Capacity["directory"]));
            Assert.Single(_said, Ends(" node n is ready: store fake://here, at most 8 shards and 3 coordinators"));
            Assert.Equal(["joining", "up"], _store.NodeReports.Take(2).Select(report => report.State));
            var entry = _store.NodeReports.ElementAt(1);
            Assert.Equal(("n", "127.0.0.1:4053+4054", 8, 3), (entry.Name, entry.Address, entry.Capacity, entry.Coordinators));
            Assert.Null(node.NotReady);

            _engine.NotConnected = "nothing carries messages";
            Assert.Equal("nothing carries messages", node.NotReady);

            _engine.Hosted = [new ActorAddress("shard", "job/0")];
            await node.Drain();
            Assert.Equal("the node is draining", node.NotReady);
            Assert.Single(_said, Ends(" 1 actors had not stopped in time: others go on from their last checkpoint"));
            Assert.Contains(_store.NodeReports, report => report.State == "draining");
        }

        Assert.True(_engine.IsDisposed && _store.IsDisposed);
        var left = _store.NodeReports.Last();
        Assert.Equal("left", left.State);
        Assert.Contains(left.LastLines, line => line.Contains("n is ready", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_cannot_report_has_not_joined_and_its_engine_is_ended()
    {
        _store.IsAway = true;
        await Assert.ThrowsAsync<ClusterStoreException>(() => Start());
        Assert.True(_engine!.IsDisposed);
        Assert.False(_engine.IsStarted);
        Assert.Empty(_said);
    }

    [Fact]
    public async Task Shards_that_were_here_when_the_cluster_went_on_without_the_node_did_not_kill_it()
    {
        await using var node = await Start([new ActorAddress("shard", "job/4"), new ActorAddress("fit", "job")]);
        var told = Assert.Single(_engine!.Told, told => told.Message is ShardCutOff);
        Assert.Equal((new ActorAddress("fit", "job"), new ShardId(4)), (told.To, ((ShardCutOff)told.Message).Shard));
    }

    [Theory]
    [InlineData("shard", "job/0", true)]
    [InlineData("shard", "job/999999", true)]
    [InlineData("shard", "job/1000000", false)]
    [InlineData("shard", "job/-1", false)]
    [InlineData("shard", "../x/0", false)]
    [InlineData("shard", "job", false)]
    [InlineData("fit", "job", true)]
    [InlineData("fit", "../job", false)]
    [InlineData("directory", "other", false)]
    [InlineData("node", "job", false)]
    public void Only_addresses_of_actors_of_ours_are_hosted(string kind, string id, bool isOurs) =>
        Assert.Equal(isOurs, NodeActors.IsOurs(new ActorAddress(kind, id)));

    private static Predicate<string> Ends(string words) => line => line.EndsWith(words, StringComparison.Ordinal);

    private Task<NodeHost> Start() => Start([]);

    private Task<NodeHost> Start(IReadOnlyList<ActorAddress> cutOff) => NodeHost.Start(
        Options,
        _store,
        (options, joining) => Task.FromResult<IClusterEngine>(_engine = new FakeEngine(options, joining)),
        _said.Enqueue,
        cutOff);
}
