using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>Whether a node has more shards than its share.</summary>
internal static class FairShare
{
    private const double LiveSeconds = 3;

    /// <summary>The shards a node should give up: those above its share by capacity, but for one, and at most a half at once.</summary>
    public static int Surplus(string name, int mine, IReadOnlyList<NodeEntry> nodes)
    {
        var live = nodes
            .Where(n => n.State == "up" && n.SeenSecondsAgo < LiveSeconds && n is { Capacity: > 0, Unusable.Count: 0 })
            .ToList();
        var me = live.Find(n => n.Name == name);
        if (me is null || live.Count < 2)
        {
            return 0;
        }

        var all = mine + live.Where(n => n != me).Sum(Shards);
        var share = (int)double.Ceiling((double)all * me.Capacity / live.Sum(n => (long)n.Capacity));
        // Somebody must be short of work, or the shards would only go round.
        var isShort = live.Any(n => n != me && Shards(n) + 1 < (double)all * n.Capacity / live.Sum(m => (long)m.Capacity));
        return mine > share + 1 || (mine > share && isShort) ? int.Min(mine - share, int.Max(1, mine / 2)) : 0;
    }

    private static int Shards(NodeEntry node) => node.Actors.Count(a => a.StartsWith(ShardAddress.Kind + "/", StringComparison.Ordinal));
}
