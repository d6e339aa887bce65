using FitCluster.Messages;
using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>
/// Takes what comes to this node itself: bundles, whose messages go to the actors here. Those of actors that are here no more go to their
/// mailboxes, so that a sender's knowledge of places may be old.
/// </summary>
internal sealed class NodeConsumer(IChannel channel, string queue, RabbitMqHost host, BrokerSession session)
    : AsyncDefaultBasicConsumer(channel)
{
    private readonly FrameReader _reader = new();

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
        try
        {
            switch (_reader.Read(body.Span))
            {
                case (null, _):
                    break;
                case (Bundle bundle, var sender):
                    ClusterMeters.Received(body.Length);
                    session.Nodes.Heard(sender, properties.ReplyTo);
                    var cause = TraceHeader.Read(properties);
                    foreach (var (to, message) in bundle.Messages.Select(m => Unpack(m, bundle.Arrays)).ToList())
                    {
                        host.Send(to, new Envelope(message, sender, Cause: cause));
                    }

                    break;
                case var (other, _):
                    throw new FrameException($"a {other.GetType().Name} is for an actor, not for a node");
            }
        }
        catch (Exception error)
        {
            // Of whatever kind: it would come again for ever, and stop up the queue.
            session.SayRefused($"a message to {queue} was dropped: {error.Message.ReplaceLineEndings(" ")}");
        }

        _ = session.Guard(() => Channel.BasicAckAsync(deliveryTag, multiple: false, CancellationToken.None).AsTask());
        return Task.CompletedTask;
    }

    /// <summary>Somebody has deleted the queue: what others send comes to the mailboxes.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        session.Publisher.ReplyTo = null;
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    private static (ActorAddress To, IMessage Message) Unpack(BundledMessage packed, ArraySet arrays)
    {
        if (!LeaseText.IsAddress(packed.To))
        {
            throw new FrameException("a message of a bundle is for an address that no actor has");
        }

        return MessageCodec.Decode(packed.Frame.Span) is IBroadcast message ? (packed.To, message.With(arrays))
            : throw new FrameException($"a message of a bundle to {packed.To} takes no arrays");
    }
}
