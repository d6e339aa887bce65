using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Which node an actor goes to, and which actors go to another: functions of what there is, and of nothing else.</summary>
internal static class Placement
{
    /// <summary>
    /// The node for an actor: one with room that can serve it, the emptiest by its capacity. Where no node with room can serve it, one that
    /// cannot is taken, so that the actor is told why it fails. Null: no room anywhere.
    /// </summary>
    public static PlacementNode? Choose(ActorAddress actor, IReadOnlyList<PlacementNode> nodes, bool isEven) => nodes
        .Select(node => (Node: node, Count: node.Count(actor.Kind), Capacity: node.Capacity(actor.Kind)))
        .Where(n => n.Count < n.Capacity)
        .OrderBy(n => !n.Node.CanServe(actor))
        // Not beside sharding's own coordinator: else one death takes both, and who is to place the actor anew has to be found first.
        .ThenBy(n => !isEven && n.Node.HasCoordinator)
        .ThenBy(n => (double)n.Count / n.Capacity)
        .ThenBy(n => n.Node.Name, StringComparer.Ordinal)
        .FirstOrDefault().Node;

    /// <summary>
    /// The actors that are to go elsewhere: those that their node cannot serve, where another can that has room; and of the kind that is
    /// spread evenly what a node has above its share by capacity, the latest first, at most half of it at once.
    /// </summary>
    public static IReadOnlyList<ActorAddress> Moves(IReadOnlyList<PlacementNode> nodes, string evenKind)
    {
        var stranded = Stranded(nodes);
        return stranded.Count > 0 ? stranded : Surplus(nodes, evenKind);
    }

    /// <summary>Each has a place of its own to go to: else those without one would come back and go again, for ever.</summary>
    private static List<ActorAddress> Stranded(IReadOnlyList<PlacementNode> nodes)
    {
        var taken = new Dictionary<(PlacementNode Node, string Kind), int>();
        var stranded = new List<ActorAddress>();
        foreach (var actor in nodes.SelectMany(node => node.Actors.Where(actor => !node.CanServe(actor))))
        {
            var kind = actor.Kind;
            if (nodes.FirstOrDefault(node => node.CanServe(actor) &&
                node.Count(kind) + taken.GetValueOrDefault((node, kind)) < node.Capacity(kind)) is { } place)
            {
                taken[(place, kind)] = taken.GetValueOrDefault((place, kind)) + 1;
                stranded.Add(actor);
            }
        }

        return stranded;
    }

    private static IReadOnlyList<ActorAddress> Surplus(IReadOnlyList<PlacementNode> nodes, string kind)
    {
        var hosts = nodes.Where(node => node.Capacity(kind) > 0).ToList();
        var all = hosts.Sum(node => node.Count(kind));
        var capacity = hosts.Sum(node => (long)node.Capacity(kind));
        if (hosts.Count < 2 || all == 0)
        {
            return [];
        }

        double Share(PlacementNode node) => (double)all * node.Capacity(kind) / capacity;
        var most = hosts.MaxBy(node => node.Count(kind) - Share(node))!;
        var surplus = most.Count(kind) - (int)double.Ceiling(Share(most));
        // Somebody must be short of work, or the actors would only go round. A node that cannot serve some is never given others for them.
        var taker = hosts.Where(node => node != most && node.Count(kind) + 1 < Share(node)).MinBy(node => node.Count(kind) - Share(node));
        if (surplus < 1 || (surplus == 1 && taker is null))
        {
            return [];
        }

        var movable = most.Actors.Where(actor => actor.Kind == kind &&
            hosts.Any(node => node != most && node.Count(kind) < Share(node) && node.CanServe(actor)));
        return [.. movable.TakeLast(int.Min(surplus, int.Max(1, most.Count(kind) / 2)))];
    }
}
