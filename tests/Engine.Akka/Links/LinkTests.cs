using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>Links between nodes, over loopback.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly ConcurrentQueue<string> _said = new();
    private readonly ConcurrentQueue<string> _arrived = new();
    private readonly List<IDisposable> _open = [];
    private int _ended;

    public void Dispose() => _open.ForEach(one => one.Dispose());

    private static LinkIdentity Identity(int port, string name = "a", string version = "1") =>
        new(name, new NodePlace("127.0.0.1", port, port), version, null);

    private static Letter Letter(int number, int bytes = 0) =>
        new(new ActorAddress("shard", FormattableString.Invariant($"{number}")), null, "", new byte[bytes]);

    private LinkListener Listen(int port = 0, string version = "1")
    {
        var listener = new LinkListener(
            new IPEndPoint(IPAddress.Loopback, port), (_, _, bytes) => _arrived.Enqueue(LetterFormat.Read(bytes).To.Id), _said.Enqueue);
        _open.Add(listener);
        listener.Start(Identity(listener.Port, "b", version));
        return listener;
    }

    private NodeLink Link(int port)
    {
        var link = new NodeLink(
            new NodePlace("127.0.0.1", port, port), Identity(port), () => Interlocked.Increment(ref _ended), _said.Enqueue);
        _open.Add(link);
        return link;
    }

    /// <summary>A port where a test answers as it likes.</summary>
    private int Answer(Func<NetworkStream, Task> answer)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _open.Add(listener);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                _ = Task.Run(async () => await answer(new NetworkStream(socket, ownsSocket: true)));
            }
        });
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task Greet(NetworkStream stream)
    {
        await LinkHello.Read(stream, default);
        await Identity(1, "b").Hello(LinkPurpose.Accepted, "1").Write(stream, default);
    }

    private static async Task Until(Func<bool> condition, string what, int seconds = 10)
    {
        for (var until = Environment.TickCount64 + (seconds * 1000); !condition(); await Task.Delay(5))
        {
            Assert.True(Environment.TickCount64 < until, what);
        }
    }

    [Fact]
    public async Task What_is_sent_arrives_in_order_and_again_when_the_other_has_come_back_and_its_end_is_proven_in_between()
    {
        var listener = Listen();
        var (port, link) = (listener.Port, Link(listener.Port));
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(link.Send(LinkItem.Of(Letter(i))));
        }

        await Until(() => _arrived.Count == 1000, "letters are missing");
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => FormattableString.Invariant($"{i}")), _arrived);
        Assert.Equal(0, _ended);
        var ended = System.Diagnostics.Stopwatch.StartNew();
        listener.Dispose();
        await Until(() => _ended > 0, "the end was not noticed");
        // Two refusals take 40 ms; the rest is for a machine that is busy.
        Assert.InRange(ended.ElapsedMilliseconds, 0, 4000);
        // A heartbeat that was on its way may have undone the first word.
        await Until(() => _ended > 2, "it is not said again");
        Listen(port);
        await Until(
            () =>
            {
                link.Send(LinkItem.Of(Letter(5000)));
                return _arrived.Contains("5000");
            },
            "the link was not made anew");
        Assert.Empty(_said);
    }

    [Fact]
    public async Task A_peer_that_says_nothing_or_ends_every_link_is_no_proof_and_does_not_end_the_process()
    {
        var silent = Link(Answer(_ => Task.Delay(-1)));
        var ending = Link(Answer(async stream =>
        {
            await Greet(stream);
            await stream.DisposeAsync();
        }));
        for (var until = Environment.TickCount64 + 2500; Environment.TickCount64 < until; await Task.Delay(1))
        {
            ending.Send(LinkItem.Of(Letter(1, 5000)));
            silent.Send(LinkItem.Of(Letter(1)));
        }

        Assert.Equal(0, _ended);
        Assert.True(ending.IsRunning && silent.IsRunning);
    }

    [Fact]
    public async Task What_waits_for_a_peer_that_does_not_read_has_a_bound_is_told_seldom_and_holds_no_thread_when_it_is_over()
    {
        var link = Link(Answer(async stream =>
        {
            await Greet(stream);
            await Task.Delay(-1);
        }));
        var (letter, sent, refused) = (Letter(1, 8 << 20), 0, 0);
        for (var i = 0; i < 400; i++)
        {
            (sent, refused) = link.Send(LinkItem.Of(letter)) ? (sent + 1, refused) : (sent, refused + 1);
            await Task.Delay(1);
        }

        // Again only after some could go: 260 and more were dropped.
        Assert.InRange(refused, 1, 3);
        Assert.True(sent > 120);
        Assert.True(link.IsRunning);
        Assert.Equal(0, _ended);
        link.Dispose();
        await Until(() => !link.IsRunning, "its thread still writes");
    }

    [Fact]
    public async Task Another_version_is_refused_in_words_to_both_and_not_a_thousand_times()
    {
        var listener = Listen(version: "2");
        Link(listener.Port);
        var error = await Assert.ThrowsAsync<FrameException>(
            () => Identity(listener.Port).Connect(new("127.0.0.1", listener.Port, listener.Port), LinkPurpose.Probe, default));
        Assert.Equal("node a runs FitCluster 1, node b runs 2: run the same on every node", error.Message);
        await Task.Delay(1200);
        Assert.Equal(1, _said.Count(words => words == error.Message));
        Assert.Equal(1, _said.Count(words => words.Contains("cannot be made: " + error.Message)));
        Assert.Equal(2, _said.Count);
    }

    [Fact]
    public async Task Who_cannot_be_reached_back_is_told_what_to_do()
    {
        var (listener, free) = (Listen(), new TcpListener(IPAddress.Loopback, 0));
        free.Start();
        var closed = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var error = await Assert.ThrowsAsync<FrameException>(
            () => Identity(closed).Connect(new("127.0.0.1", listener.Port, listener.Port), LinkPurpose.Probe, default));
        Assert.StartsWith(
            $"node a says that it is at 127.0.0.1:{closed}, where node b cannot reach it (Connection refused)", error.Message);
        Assert.EndsWith("give an address that every node can reach by --advertise, and let the port pass", error.Message);
        Assert.Equal([error.Message], _said);
    }

    [Fact]
    public async Task Strangers_fill_neither_the_log_nor_the_memory_and_nodes_are_still_answered()
    {
        var listener = Listen();
        var random = new Random(3);
        var hello = new MemoryStream();
        await Identity(1).Hello(LinkPurpose.Letters, "1").Write(hello, default);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 400; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, listener.Port);
            var noise = new byte[random.Next(1, 300)];
            random.NextBytes(noise);
            if (i % 2 == 0)
            {
                // Known words first, then nonsense: lengths and kinds of all sorts.
                await socket.SendAsync(hello.ToArray());
                var length = random.Next(8) == 0 ? uint.MaxValue : (uint)random.Next(400);
                BitConverter.TryWriteBytes(noise.Length > 4 ? noise : new byte[4], length);
            }

            await socket.SendAsync(noise);
        }

        var link = Link(listener.Port);
        link.Send(LinkItem.Of(Letter(77)));
        await Until(() => _arrived.Contains("77"), "nobody answers any more");
        Assert.InRange(_said.Count, 0, 50);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64L << 20);
    }
}
