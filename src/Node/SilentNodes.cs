using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>What is known of nodes that had a shard and are silent now: what they, or their supervisors, reported last.</summary>
internal static class SilentNodes
{
    /// <summary>A node that has not reported for so long has ended.</summary>
    private const double NodeGoneSeconds = 3;

    private const int LinesTold = 3;

    /// <summary>The words that follow the reason of a job that failed for a shard; empty for no shard, or when nothing is known.</summary>
    public static async Task<string> OfShard(IClusterStore store, JobName job, ShardId? culprit, CancellationToken cancellation)
    {
        if (culprit is not { } shard)
        {
            return "";
        }

        // The last of them may just have died, and its supervisor have a word to say.
        await Task.Delay(TimeSpan.FromSeconds(NodeGoneSeconds), cancellation).ConfigureAwait(false);
        return Words(ShardAddress.Of(job, shard), await store.Nodes(cancellation).ConfigureAwait(false));
    }

    /// <summary>The words about those nodes that had an actor and are gone.</summary>
    public static string Words(ActorAddress actor, IReadOnlyList<NodeEntry> nodes)
    {
        var gone = nodes
            .Where(node => node.Actors.Contains(actor.ToString()))
            .Where(node => node.SeenSecondsAgo > NodeGoneSeconds || !IsRunning(node));
        return string.Concat(gone.Select(node => $"; {Words(node)}"));
    }

    private static string Words(NodeEntry node)
    {
        var how = IsRunning(node) ? "ended without a word (its exit code is known to 'node --supervise' only)" : $"ended: {node.State}";
        var last = node.LastLines.Count > 0 ? $"; its last lines: {string.Join(" | ", node.LastLines.TakeLast(LinesTold))}" : "";
        return FormattableString.Invariant(
            $"node {node.Name} {how}, with {node.MemoryBytes / 1e6:F0} MB of {node.MemoryLimitBytes / 1e6:F0} MB in use{last}");
    }

    private static bool IsRunning(NodeEntry node) => node.State is "up" or "draining";
}
