using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>Takes leases of one kind, as many at once as there is room for.</summary>
internal sealed class LeaseConsumer(IChannel channel, string kind, BrokerSession session) : AsyncDefaultBasicConsumer(channel)
{
    public override Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        var lease = new Lease(Channel, deliveryTag, redelivered);
        if (LeaseText.Read(body.Span, kind) is { } address && session.Accepts(address))
        {
            // Not on the dispatcher's turn: the leases behind it are not to wait.
            _ = session.Guard(() => session.Take(address, lease));
        }
        else
        {
            session.SayRefused(
                $"a lease of {body.Length} bytes in {BrokerQueues.Leases(kind)} names no actor of this kind: it was dropped");
            _ = session.Guard(() => lease.Complete());
        }

        return Task.CompletedTask;
    }
}
