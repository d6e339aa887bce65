using System.Collections.Concurrent;
using System.Net;
using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Clustered;

/// <summary>A node in this process, with actors that a test scripts and whose messages it keeps; it reports as a node does.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly MemoryMeeting _meeting;
    private readonly CancellationTokenSource _ended = new();
    private Task _reporting = Task.CompletedTask;

    private TestNode(MemoryMeeting meeting, string name) => (_meeting, Name) = (meeting, name);

    public string Name { get; }

    public AkkaEngine Engine { get; private set; } = null!;

    /// <summary>Every message an actor here has had.</summary>
    public ConcurrentQueue<(ActorAddress To, IMessage Message)> Seen { get; } = new();

    public ConcurrentQueue<string> Said { get; } = new();

    public ConcurrentQueue<Exception> Failures { get; } = new();

    public static async Task<TestNode> Start(
        MemoryMeeting meeting,
        string name,
        Dictionary<string, int>? capacity = null,
        Action<IMessage, IActorContext>? receive = null,
        Func<AkkaOptions, AkkaOptions>? akka = null,
        CancellationToken cancellation = default)
    {
        var node = new TestNode(meeting, name);
        try
        {
            await node.Begin(capacity ?? new() { ["shard"] = 100 }, receive ?? Leaves, akka ?? (o => o), cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>An actor that goes when it is asked to.</summary>
    public static void Leaves(IMessage message, IActorContext context)
    {
        if (message is Draining)
        {
            context.Stop();
        }
    }

    public int Count(string kind) => Engine.Hosted.Count(actor => actor.Kind == kind);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _reporting;
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
    }

    private async Task Begin(
        Dictionary<string, int> capacity,
        Action<IMessage, IActorContext> receive,
        Func<AkkaOptions, AkkaOptions> akka,
        CancellationToken cancellation)
    {
        var options = new ClusterEngineOptions
        {
            Node = Name,
            Threads = 2,
            Capacity = capacity,
            Say = Said.Enqueue,
            Failed = (_, error) => Failures.Enqueue(error),
        };
        Engine = await AkkaEngine.Create(
            options,
            akka(new AkkaOptions
            {
                Version = "test",
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Drain = TimeSpan.FromSeconds(10),
                Joined = () =>
                {
                    Report();
                    return Task.CompletedTask;
                },
            }),
            new NoStore(),
            _meeting);
        foreach (var kind in capacity.Keys)
        {
            Engine.Register(kind, address => new ScriptedActor((message, context) =>
            {
                Seen.Enqueue((address, message));
                receive(message, context);
            }));
        }

        await Engine.Start(cancellation);
        _reporting = Task.Run(async () =>
        {
            while (!_ended.IsCancellationRequested)
            {
                Report();
                await Task.WhenAny(Task.Delay(300, _ended.Token));
            }
        }, CancellationToken.None);
    }

    private void Report() => _meeting.Report(new NodeEntry
    {
        Name = Name,
        Host = "test",
        Address = Engine.Address,
        Actors = [.. Engine.Hosted.Select(actor => actor.ToString())],
    });

    private sealed class NoStore : ICheckpointStore
    {
        public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
            ValueTask.FromResult(new StoreReply("there is no store"));
    }
}
