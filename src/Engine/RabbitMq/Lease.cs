using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>An unacknowledged message of a queue of leases: its holder is the actor's host.</summary>
internal sealed class Lease(IChannel channel, ulong tag, bool isRedelivered)
{
    /// <summary>Whether another node may have held it before.</summary>
    public bool IsRedelivered => isRedelivered;

    /// <summary>The actor is not needed any more.</summary>
    public async Task Complete() => await channel.BasicAckAsync(tag, multiple: false).ConfigureAwait(false);

    /// <summary>Another node is to host the actor.</summary>
    public async Task Return() => await channel.BasicNackAsync(tag, multiple: false, requeue: true).ConfigureAwait(false);
}
