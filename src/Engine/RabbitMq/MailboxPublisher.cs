using System.Buffers;
using System.Diagnostics;
using FitCluster.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>
/// Sends messages to mailboxes with publisher confirms, beside the handlers. A mailbox that is not there comes back: then the actor is
/// nowhere, and its lease is published before the mailbox is made. Should two senders do that at once, there are two leases, and the second
/// to be taken is dropped, as only one consumer may have the mailbox.
/// </summary>
internal sealed class MailboxPublisher(BrokerQueues queues, IChannel[] channels, IConnection connection, RabbitMqHost host)
{
    /// <summary>A frame goes in pieces of this size: the broker's own limit of a message may be 16 MB.</summary>
    public const int PieceBytes = 4 << 20;

    private const int Stripes = 64;

    private readonly SemaphoreSlim[] _activations = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1))];

    /// <summary>The queue of this node itself, which all that is sent says; null when it has none.</summary>
    public string? ReplyTo { get; set; }

    /// <exception cref="FrameException">The message cannot be written.</exception>
    /// <exception cref="OperationInterruptedException">The connection or channel is gone: the message may be lost.</exception>
    public Task Publish(ActorAddress to, ActorAddress? sender, IMessage message, ActivityContext cause)
    {
        var channel = ChannelOf(to.GetHashCode());
        return Publish(sender, message, async piece =>
        {
            await Publish(channel, to, message, piece, cause).ConfigureAwait(false);
            return true;
        });
    }

    /// <summary>Sends to a node itself, for actors that it hosts; false when the node is there no more.</summary>
    /// <exception cref="FrameException">The message cannot be written.</exception>
    /// <exception cref="OperationInterruptedException">The connection or channel is gone: the message may be lost.</exception>
    public Task<bool> PublishToNode(string node, ActorAddress? sender, Bundle bundle, ActivityContext cause)
    {
        var channel = ChannelOf(StringComparer.Ordinal.GetHashCode(node));
        return Publish(sender, bundle, piece => TryPublish(channel, node, isDurable: false, piece, cause));
    }

    // One channel for each receiver: what is sent in order arrives in order.
    private IChannel ChannelOf(int hash) => channels[(uint)hash % (uint)channels.Length];

    private static async Task<bool> Publish(ActorAddress? sender, IMessage message, Func<ReadOnlyMemory<byte>, Task<bool>> publish)
    {
        using var frame = new FrameBuffer(Parcel.Overhead(sender));
        MessageCodec.Encode(message, frame);
        var id = Guid.NewGuid();
        var total = frame.FrameBytes;
        for (var offset = 0; offset < total; offset += PieceBytes)
        {
            if (!await publish(frame.Piece(sender, id, offset, int.Min(PieceBytes, total - offset))).ConfigureAwait(false))
            {
                return false;
            }
        }

        ClusterMeters.Sent(total);
        return true;
    }

    private async Task Publish(IChannel channel, ActorAddress to, IMessage message, ReadOnlyMemory<byte> piece, ActivityContext cause)
    {
        if (await TryPublish(channel, BrokerQueues.Mailbox(to), isDurable: false, piece, cause).ConfigureAwait(false))
        {
            return;
        }

        var stripe = _activations[(uint)to.GetHashCode() % Stripes];
        await stripe.WaitAsync().ConfigureAwait(false);
        try
        {
            // Someone here may have made it meanwhile.
            if (await TryPublish(channel, BrokerQueues.Mailbox(to), isDurable: false, piece, cause).ConfigureAwait(false))
            {
                return;
            }

            var leases = BrokerQueues.Leases(to.Kind);
            if (!await TryPublish(channel, leases, isDurable: true, LeaseText.Write(to), default).ConfigureAwait(false))
            {
                host.ReportUnknown(to, message);
                return;
            }

            // A refusal closes the channel, and is no reason to make no other mailbox.
            await using (var declaring = await connection.CreateChannelAsync().ConfigureAwait(false))
            {
                await queues.DeclareMailbox(declaring, to, CancellationToken.None).ConfigureAwait(false);
            }

            await TryPublish(channel, BrokerQueues.Mailbox(to), isDurable: false, piece, cause).ConfigureAwait(false);
        }
        finally
        {
            stripe.Release();
        }
    }

    /// <summary>False when there is no such queue.</summary>
    private async Task<bool> TryPublish(IChannel channel, string queue, bool isDurable, ReadOnlyMemory<byte> body, ActivityContext cause)
    {
        try
        {
            // New ones each time: the client writes the number of the confirm into them.
            var properties = new BasicProperties { Persistent = isDurable, ReplyTo = ReplyTo };
            TraceHeader.Write(properties, cause);
            await channel.BasicPublishAsync("", queue, mandatory: true, properties, body).ConfigureAwait(false);
            return true;
        }
        catch (PublishException error) when (error.IsReturn)
        {
            return false;
        }
        catch (PublishException error)
        {
            throw new FrameException($"the broker refused it: the queue {queue} is full or not to be had at the moment", error);
        }
    }

    /// <summary>A pooled buffer for a frame, with room before it for the header of its first piece.</summary>
    private sealed class FrameBuffer(int overhead) : IBufferWriter<byte>, IDisposable
    {
        private byte[] _bytes = [];

        public int FrameBytes { get; private set; }

        public void Advance(int count) => FrameBytes += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => Rent(sizeHint).AsMemory(overhead);

        public Span<byte> GetSpan(int sizeHint = 0) => Rent(sizeHint).AsSpan(overhead);

        /// <summary>The header goes where the end of the piece before was: that one has been sent.</summary>
        public ReadOnlyMemory<byte> Piece(ActorAddress? sender, Guid id, int offset, int length)
        {
            Parcel.WriteHeader(_bytes.AsSpan(offset), sender, id, offset, FrameBytes);
            return _bytes.AsMemory(offset, overhead + length);
        }

        public void Dispose()
        {
            if (_bytes.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_bytes);
            }

            _bytes = [];
        }

        // The codec asks once, for the size of the whole frame.
        private byte[] Rent(int frameBytes) => _bytes = ArrayPool<byte>.Shared.Rent(overhead + frameBytes);
    }
}
