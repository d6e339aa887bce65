using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// An engine of a cluster: what a node needs of it, whatever carries the messages. A process registers kinds, starts, and is given
/// actors up to its capacity.
/// </summary>
public interface IClusterEngine : IEngine
{
    /// <summary>Why this process takes no part in the cluster at the moment, in words; null while it does.</summary>
    string? NotConnected { get; }

    /// <summary>The addresses that are hosted here at the moment.</summary>
    IReadOnlyList<ActorAddress> Hosted { get; }

    /// <summary>Begins to host actors of the registered kinds, up to the capacity of each.</summary>
    /// <exception cref="ClusterEngineException">The cluster does not let this process take part.</exception>
    Task Start(CancellationToken cancellation = default);

    /// <summary>Where other nodes reach this one, as it is told to the store.</summary>
    string Address { get; }

    /// <summary>
    /// Completes when the others have gone on without this process, which nobody had asked to leave: what was hosted here then is elsewhere
    /// by now. Only a new engine takes part again.
    /// </summary>
    Task<IReadOnlyList<ActorAddress>> Removed { get; }

    /// <summary>
    /// Takes no new actors, tells those that are here (<see cref="Draining"/>), and waits until all have stopped, or the limit has passed.
    /// Those that stop are activated elsewhere at once; those that do not are when the engine ends. The number that did not stop in time.
    /// </summary>
    Task<int> Drain(TimeSpan limit);

    /// <summary>
    /// Tells those actors of a kind that they are to go elsewhere, because this process cannot serve them: marked when this returns, so
    /// that one that stops itself is handed over.
    /// </summary>
    void GiveUp(string kind, Func<ActorAddress, bool> which);
}
