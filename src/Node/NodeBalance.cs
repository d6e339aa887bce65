using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>A node that has joined gets load: who has more than the share gives some up, at a checkpoint.</summary>
/// <param name="node">This node's name.</param>
/// <param name="engine">What hosts the shards.</param>
/// <param name="store">Knows what others host.</param>
/// <param name="reportPause">How often nodes report.</param>
/// <param name="say">Told what is done.</param>
internal sealed class NodeBalance(string node, IClusterEngine engine, IClusterStore store, TimeSpan reportPause, Action<string> say)
{
    /// <summary>Gives up what is too much, if anything is, unless the node is no longer up.</summary>
    public async Task Balance(Func<bool> isUp, CancellationToken cancellation)
    {
        try
        {
            var surplus = await Surplus(cancellation).ConfigureAwait(false);
            if (surplus == 0)
            {
                return;
            }

            // What others host is known as of their last report: of a job that has just begun this node knows its own shards, and not yet
            // theirs. Moved is what is too much in the next report too.
            await Task.Delay(2 * reportPause, cancellation).ConfigureAwait(false);
            surplus = int.Min(surplus, await Surplus(cancellation).ConfigureAwait(false));
            if (surplus > 0 && isUp())
            {
                say($"{surplus} shards go to nodes that have fewer");
                await engine.GiveUp(ShardAddress.Kind, surplus).ConfigureAwait(false);
            }
        }
        catch (ClusterStoreException)
        {
            // Next time.
        }
    }

    private async Task<int> Surplus(CancellationToken cancellation) => FairShare.Surplus(
        node, engine.Hosted.Count(address => address.Kind == ShardAddress.Kind), await store.Nodes(cancellation).ConfigureAwait(false));
}
