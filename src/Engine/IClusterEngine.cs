using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// An engine of a cluster: what a node and a client of one need of it, whatever carries the messages. A process registers kinds, starts,
/// and is given actors up to its capacity; a client only tells. Made by <see cref="ClusterEngines.Connect"/>.
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

    /// <summary>Waits until everything told so far is out of this process, or dropped for a reason that was reported.</summary>
    Task Flush(CancellationToken cancellation = default);

    /// <summary>
    /// Takes no new actors, tells those that are here (<see cref="Draining"/>), and waits until all have stopped, or the limit has passed.
    /// Those that stop are activated elsewhere at once; those that do not are when the engine ends. The number that did not stop in time.
    /// </summary>
    Task<int> Drain(TimeSpan limit);

    /// <summary>
    /// Tells so many actors of a kind, those that came last, that they are to go elsewhere; takes none of that kind until they have gone.
    /// </summary>
    Task GiveUp(string kind, int count);

    /// <summary>
    /// Tells those actors of a kind that they are to go elsewhere, because this process cannot serve them: marked when this returns, so
    /// that one that stops itself is handed over. None of that kind is taken until they have gone.
    /// </summary>
    void GiveUp(string kind, Func<ActorAddress, bool> which);
}
