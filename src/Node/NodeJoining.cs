using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>What an engine has to know of a node besides what it hosts.</summary>
/// <param name="Joined">Notes in the store that the node is a member.</param>
/// <param name="Permanent">Actors that there always have to be.</param>
/// <param name="CannotServe">Whether a node, as it last reported, cannot serve an actor.</param>
internal sealed record NodeJoining(
    Func<Task> Joined, IReadOnlyList<ActorAddress> Permanent, Func<NodeEntry, ActorAddress, bool> CannotServe);
