using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>A cluster's engine: RabbitMQ carries the messages, places the actors and notices failures (architecture.md, section 3).</summary>
public sealed class RabbitMqEngine : IEngine
{
    private RabbitMqEngine()
    {
    }

    /// <summary>Whether the connection to the broker is up.</summary>
    public bool IsConnected => throw new NotImplementedException();

    /// <summary>The addresses that are hosted here at the moment.</summary>
    public IReadOnlyList<ActorAddress> Hosted => throw new NotImplementedException();

    /// <summary>Connects to the broker. Nothing is hosted before <see cref="Start"/>.</summary>
    /// <exception cref="BrokerException">The broker cannot be reached, refuses the user, or is not set up as a cluster needs it.</exception>
    public static Task<RabbitMqEngine> Connect(RabbitMqOptions options, ICheckpointStore store, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public void Register(string kind, ActorFactory factory) => throw new NotImplementedException();

    /// <summary>Begins to host actors of the registered kinds, up to the capacity of each.</summary>
    public Task Start(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Tell(ActorAddress to, IMessage message) => throw new NotImplementedException();

    /// <summary>Waits until everything told so far has been taken by the broker, or dropped for a reason that was reported.</summary>
    public Task Flush(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>
    /// Takes no new actors, tells those that are here (<see cref="Draining"/>), and waits until all have stopped, or the limit has passed. Those that stop are
    /// activated elsewhere at once; those that do not are when the engine ends. The number that did not stop in time.
    /// </summary>
    public Task<int> Drain(TimeSpan limit) => throw new NotImplementedException();

    /// <summary>Tells so many actors of a kind, those that came last, that they are to go elsewhere; takes none of that kind until they have gone, or 30 seconds.</summary>
    public Task GiveUp(string kind, int count) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
