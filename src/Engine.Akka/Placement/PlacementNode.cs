using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>A node as a host of actors.</summary>
/// <param name="name">How it is told apart and ordered: "host:port".</param>
/// <param name="hasCoordinator">Whether sharding's own coordinator is there.</param>
/// <param name="actors">The actors that were placed there, in the order in which they came.</param>
/// <param name="capacity">The most actors of a kind that it hosts.</param>
/// <param name="canServe">Whether it can serve an actor, as far as it has said.</param>
internal sealed class PlacementNode(
    string name,
    bool hasCoordinator,
    IReadOnlyList<ActorAddress> actors,
    Func<string, int> capacity,
    Func<ActorAddress, bool> canServe)
{
    private readonly Dictionary<string, int> _counts = actors.CountBy(actor => actor.Kind).ToDictionary(StringComparer.Ordinal);

    public string Name => name;

    public bool HasCoordinator => hasCoordinator;

    public IReadOnlyList<ActorAddress> Actors => actors;

    public int Capacity(string kind) => capacity(kind);

    public bool CanServe(ActorAddress actor) => canServe(actor);

    public int Count(string kind) => _counts.GetValueOrDefault(kind);
}
