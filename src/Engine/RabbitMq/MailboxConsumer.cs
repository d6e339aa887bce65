using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>Takes what comes into a mailbox, and acknowledges each message once it has been handled.</summary>
internal sealed class MailboxConsumer(IChannel channel, Acknowledgements acknowledgements, HostedActor actor, BrokerSession session)
    : AsyncDefaultBasicConsumer(channel)
{
    private readonly FrameReader _reader = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the last message before the end of consuming has been taken.</summary>
    public Task Ended => _ended.Task;

    public override Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult();
        return base.HandleBasicCancelOkAsync(consumerTag, cancellationToken);
    }

    public override Task HandleChannelShutdownAsync(object channel, RabbitMQ.Client.Events.ShutdownEventArgs reason)
    {
        _ended.TrySetResult();
        return base.HandleChannelShutdownAsync(channel, reason);
    }

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
        Envelope? envelope = null;
        try
        {
            var (message, sender) = _reader.Read(body.Span);
            if (message is not null)
            {
                envelope = new Envelope(message, sender, Handled: () => Acknowledge(deliveryTag), Cause: TraceHeader.Read(properties));
                session.Nodes.Heard(sender, properties.ReplyTo);
            }
        }
        catch (Exception error)
        {
            // Of whatever kind: a message that is neither handled nor acknowledged would come again for ever, and stop up the mailbox.
            envelope = null;
            session.SayRefused($"a message to {actor.Address} was dropped: {error.Message.ReplaceLineEndings(" ")}");
        }

        if (envelope is { } whole)
        {
            ClusterMeters.Received(body.Length);
            actor.Deliver(whole);
        }
        else
        {
            Acknowledge(deliveryTag);
        }

        return Task.CompletedTask;
    }

    private void Acknowledge(ulong deliveryTag) => _ = session.Guard(() => acknowledgements.Add(deliveryTag));
}
