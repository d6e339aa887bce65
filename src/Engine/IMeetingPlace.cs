namespace FitCluster.Engine;

/// <summary>
/// Where the nodes of a cluster find each other, and where it is decided which of two parts of a torn cluster goes on: a part of the store.
/// Thread-safe. The methods throw <see cref="ClusterStoreException"/> when the store does not answer.
/// </summary>
public interface IMeetingPlace
{
    /// <summary>All nodes that reported within the last hour, the live ones first.</summary>
    Task<IReadOnlyList<NodeEntry>> Nodes(CancellationToken cancellation = default);

    /// <summary>
    /// Held by one process at a time, while it looks whether there is a cluster to join or it is to begin one. Let go when it is disposed
    /// of, or the process ends.
    /// </summary>
    Task<IAsyncDisposable> LockJoining(CancellationToken cancellation = default);

    /// <summary>
    /// Takes a lease, renews one that the owner has, or takes over one that has run out, by the store's clock. False when another owner has
    /// it.
    /// </summary>
    Task<bool> TakeLease(string name, string owner, TimeSpan validity, CancellationToken cancellation = default);

    /// <summary>Gives a lease back. False when the owner does not have it.</summary>
    Task<bool> ReleaseLease(string name, string owner, CancellationToken cancellation = default);
}
