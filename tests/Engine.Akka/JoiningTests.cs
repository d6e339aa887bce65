using System.Net;
using System.Net.Sockets;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>How nodes find each other in the store's table.</summary>
public sealed class JoiningTests : IAsyncDisposable
{
    private readonly MemoryMeeting _meeting = new();
    private readonly List<IAsyncDisposable> _nodes = [];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _meeting.Dispose();
    }

    private async Task<TestNode> Start(string name, Func<AkkaOptions, AkkaOptions>? akka = null)
    {
        var node = await TestNode.Start(_meeting, name, akka: akka);
        _nodes.Add(node);
        return node;
    }

    private static int Members(TestNode node) => Akka.Cluster.Cluster.Get(node.Engine.ActorSystem).State.Members.Count;

    /// <summary>An entry of the table, and a port where a test answers as it likes.</summary>
    private TcpListener Listed(string name, double secondsAgo, Func<NetworkStream, Task>? answer = null)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _meeting.Report(new NodeEntry { Name = name, Host = "elsewhere", Address = $"127.0.0.1:{port}+{port}" }, secondsAgo);
        _ = Task.Run(async () =>
        {
            while (answer is not null)
            {
                await answer(new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true));
            }
        });
        return listener;
    }

    private static Func<NetworkStream, Task> Hello(string name, TimeSpan clock) => async stream =>
    {
        await LinkHello.Read(stream, default);
        await new LinkHello(LinkPurpose.Accepted, name, "127.0.0.1:1+1", "test", DateTimeOffset.UtcNow + clock).Write(stream, default);
    };

    [Fact]
    public async Task Two_that_start_at_once_make_one_cluster_and_one_of_the_same_name_or_of_another_version_is_refused()
    {
        // What was killed a moment ago still stands in the table; so does one whose port another program has now.
        Listed("dead", 1).Dispose();
        using var reused = Listed("old", 5, Hello("somebody-else", TimeSpan.Zero));
        var nodes = await Task.WhenAll(Start("a"), Start("b"));
        for (var until = Environment.TickCount64 + 10_000; nodes.Any(node => Members(node) != 2); await Task.Delay(20))
        {
            Assert.True(Environment.TickCount64 < until, "they are no one cluster");
        }

        var name = await Assert.ThrowsAsync<ClusterEngineException>(() => Start("a"));
        Assert.StartsWith("there is a node of the name a already (process ", name.Message);
        var version = await Assert.ThrowsAsync<ClusterEngineException>(() => Start("c", akka => akka with { Version = "0.9" }));
        Assert.Matches(
            "^the cluster of node [ab] cannot be joined: node c runs FitCluster 0.9, node [ab] runs test: run the same on every node$",
            version.Message);
        Assert.All(nodes, node => Assert.Null(node.Engine.NotConnected));
    }

    [Fact]
    public async Task A_cluster_that_could_not_report_for_long_is_joined_and_no_second_one_begun()
    {
        var first = await Start("a");
        using var old = Listed("vanished", 3000, _ => Task.CompletedTask);
        _meeting.Age("a", 60);
        var second = await Start("b");
        Assert.Equal((2, 2), (Members(first), Members(second)));
    }

    [Fact]
    public async Task One_that_is_up_and_cannot_be_asked_is_an_error_that_says_where_to_look()
    {
        using var ended = Listed("x", 2, async stream => await stream.DisposeAsync());
        var error = await Assert.ThrowsAsync<ClusterEngineException>(() => Start("a"));
        Assert.Matches(
            @"^node x reported 2 s ago that it is up, and cannot be reached at 127.0.0.1, port \d+ \(.+\): every node has to reach",
            error.Message);
        Assert.EndsWith("look at --listen and --advertise there", error.Message);
    }

    [Fact]
    public async Task A_clock_that_is_an_hour_off_is_said()
    {
        using var peer = Listed("x", 1, Hello("x", TimeSpan.FromHours(-1)));
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var said = new List<string>();
        await using var engine = await AkkaEngine.Create(
            new ClusterEngineOptions { Node = "a", Say = said.Add }, new AkkaOptions { Version = "test" }, new Nothing(), _meeting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.Start(end.Token));
        Assert.Contains(said, words => System.Text.RegularExpressions.Regex.IsMatch(
            words, "^the clock of node x is (3599|3600|3601) s behind of this one's: "));
    }

    [Fact]
    public async Task A_port_that_is_taken_or_has_none_after_it_is_said_in_a_sentence()
    {
        using var taken = Listed("x", 4000);
        foreach (var port in (int[])[((IPEndPoint)taken.LocalEndpoint).Port, ((IPEndPoint)taken.LocalEndpoint).Port - 1, 65535])
        {
            var error = await Assert.ThrowsAsync<ClusterEngineException>(
                () => Start("a", akka => akka with { Listen = new IPEndPoint(IPAddress.Loopback, port) }));
            Assert.Contains("cannot be used", error.Message);
        }
    }

    private sealed class Nothing : ICheckpointStore
    {
        public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
            throw new NotSupportedException();
    }
}
