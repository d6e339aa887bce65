using System.Collections.Concurrent;
using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node.Tests;

/// <summary>A cluster's engine that carries nothing: it notes what is asked of it.</summary>
internal sealed class FakeEngine(ClusterEngineOptions options, NodeJoining joining) : IClusterEngine
{
    public ClusterEngineOptions Options => options;

    public ConcurrentDictionary<string, ActorFactory> Registered { get; } = new();

    public ConcurrentQueue<(ActorAddress To, IMessage Message)> Told { get; } = new();

    public ConcurrentQueue<(string Kind, int Count)> GivenUp { get; } = new();

    public string? NotConnected { get; set; }

    public IReadOnlyList<ActorAddress> Hosted { get; set; } = [];

    public NodeJoining Joining => joining;

    public string Address => "127.0.0.1:4053+4054";

    public TaskCompletionSource<IReadOnlyList<ActorAddress>> Lost { get; } = new();

    public Task<IReadOnlyList<ActorAddress>> Removed => Lost.Task;

    public bool IsStarted { get; private set; }

    public bool IsDisposed { get; private set; }

    public void Register(string kind, ActorFactory factory) => Registered[kind] = factory;

    public Task Start(CancellationToken cancellation = default)
    {
        IsStarted = true;
        return joining.Joined();
    }

    public void Tell(ActorAddress to, IMessage message) => Told.Enqueue((to, message));

    public Task<int> Drain(TimeSpan limit) => Task.FromResult(Hosted.Count);

    public void GiveUp(string kind, Func<ActorAddress, bool> which) => GivenUp.Enqueue((kind, Hosted.Count(which)));

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
