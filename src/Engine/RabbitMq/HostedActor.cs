using FitCluster.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>
/// One actor that is hosted here: the lease, the only consumer of the mailbox, and the cell that runs it. Lease and consumer are of one
/// connection and end with it.
/// </summary>
internal sealed class HostedActor(BrokerSession session, RabbitMqHost host, ActorAddress address, Lease lease)
{
    private const ushort Prefetch = 64;

    /// <summary>
    /// How long another consumer may still have the mailbox before the lease is taken for a second one of the same actor.
    /// </summary>
    private static readonly TimeSpan OtherConsumer = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan IdleBeforeRetiring = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private ActorCell _cell = new(host, address, host.FactoryOf(address.Kind)!);
    private IChannel _channel = null!;
    private Acknowledgements _acknowledgements = null!;
    private MailboxConsumer _consumer = null!;
    private string _consumerTag = "";
    private bool _hasBegun;
    private bool _isClosing;
    private bool _isKilled;
    private volatile bool _insists = lease.IsRedelivered;

    public ActorAddress Address => address;

    /// <summary>Whether the lease goes to another node as soon as the actor stops.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Whether it is letting go of the mailbox and the lease.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_gate)
            {
                return _isClosing;
            }
        }
    }

    /// <summary>
    /// Takes the mailbox and wakes the actor. False when another holder of a lease has the mailbox: this lease is one too many. A lease
    /// that was another node's before may be the only one, and its mailbox taken only until the broker has seen the end of that node: it
    /// waits for as long as that takes.
    /// </summary>
    public async Task<bool> Begin()
    {
        var until = Environment.TickCount64 + (long)OtherConsumer.TotalMilliseconds;
        var pause = TimeSpan.FromMilliseconds(10);
        while (true)
        {
            try
            {
                await Consume(newChannel: true).ConfigureAwait(false);
                lock (_gate)
                {
                    _hasBegun = true;
                }

                Deliver(new Envelope(null, null));
                return true;
            }
            catch (OperationInterruptedException error) when (BrokerQueues.IsRefused(error))
            {
                // A holder that has died may be there for a moment after its lease came here.
                await _channel.DisposeAsync().ConfigureAwait(false);
                if (Environment.TickCount64 > until && !_insists)
                {
                    return false;
                }
            }

            if (IsGivenUp)
            {
                throw new OperationCanceledException("the node gives up what it has");
            }

            await Task.Delay(pause).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Another lease of this actor has come here and is dropped: this one may be the only one that is left.</summary>
    public void Insist() => _insists = true;

    /// <summary>
    /// Gives a message of this process to the actor; false before it has its mailbox, and after: then the message goes by the broker.
    /// </summary>
    public bool Post(in Envelope envelope)
    {
        lock (_gate)
        {
            return _hasBegun && Give(envelope);
        }
    }

    /// <summary>Gives a message of the mailbox to the actor.</summary>
    public bool Deliver(in Envelope envelope)
    {
        lock (_gate)
        {
            return Give(envelope);
        }
    }

    private bool Give(in Envelope envelope)
    {
        if (_isKilled)
        {
            return false;
        }

        if (_cell.Post(envelope))
        {
            return true;
        }

        _cell = new ActorCell(host, address, host.FactoryOf(address.Kind)!);
        return _cell.Post(envelope);
    }

    /// <summary>Tells the actor that it is to go elsewhere.</summary>
    public void GiveUp()
    {
        IsGivenUp = true;
        Post(new Envelope(new Draining(), null));
    }

    /// <summary>The right to host it is gone, with the connection.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            _isKilled = true;
            _cell.Kill();
        }
    }

    /// <summary>An activation has ended by its own wish.</summary>
    public void Stopped()
    {
        if (IsGivenUp && BeginClosing(null))
        {
            // What waits behind is for the next holder: another activation here would only begin it.
            Kill();
            _ = session.Guard(() => Closing(HandOver));
        }
    }

    /// <summary>The cell has neither messages nor an activation.</summary>
    public void Idle(ActorCell cell)
    {
        if (!IsGivenUp)
        {
            _ = session.Guard(() => RetireLater(cell));
        }
        else if (BeginClosing(cell))
        {
            _ = session.Guard(() => Closing(HandOver));
        }
    }

    /// <summary>
    /// A message that reaches the mailbox in the moment in which it is deleted is lost, confirmed or not: so it is deleted only when
    /// nothing has come for a while.
    /// </summary>
    private async Task RetireLater(ActorCell cell)
    {
        await Task.Delay(IdleBeforeRetiring).ConfigureAwait(false);
        if (BeginClosing(cell))
        {
            await Closing(IsGivenUp ? HandOver : Retire).ConfigureAwait(false);
        }
    }

    private bool BeginClosing(ActorCell? idle)
    {
        lock (_gate)
        {
            return !_isKilled && !_isClosing && (idle is null || idle == _cell) && (_isClosing = true);
        }
    }

    private async Task Consume(bool newChannel)
    {
        if (newChannel)
        {
            _channel = await session.Connection.CreateChannelAsync().ConfigureAwait(false);
            _acknowledgements = new Acknowledgements(_channel);
            _channel.ChannelShutdownAsync += OnShutdown;
            await _channel.BasicQosAsync(0, Prefetch, false).ConfigureAwait(false);
            await session.Queues.DeclareMailbox(_channel, address, CancellationToken.None).ConfigureAwait(false);
        }

        _consumer = new MailboxConsumer(_channel, _acknowledgements, this, session);
        _consumerTag = await _channel.BasicConsumeAsync(
            BrokerQueues.Mailbox(address), autoAck: false, "", noLocal: false, exclusive: true, null, _consumer).ConfigureAwait(false);
    }

    /// <summary>Whatever goes wrong while it lets go: nothing of it stays here, and its lease goes to whoever can take it.</summary>
    private async Task Closing(Func<Task> close)
    {
        try
        {
            await close().ConfigureAwait(false);
        }
        catch (Exception) when (session.Connection.IsOpen)
        {
            Kill();
            session.Remove(this);
            try
            {
                await Close().ConfigureAwait(false);
            }
            finally
            {
                await lease.Return().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Nothing is left to do: the mailbox goes, if it is empty, and then the lease.</summary>
    private async Task Retire()
    {
        await _channel.BasicCancelAsync(_consumerTag).ConfigureAwait(false);
        await _consumer.Ended.ConfigureAwait(false);
        lock (_gate)
        {
            // From here on senders in this process go by the broker, where the emptiness of the mailbox decides.
            _isKilled = _cell.IsRetired;
        }

        if (!_isKilled)
        {
            // Messages had come before the consumer ended.
            await Consume(newChannel: false).ConfigureAwait(false);
            Reopen();
            return;
        }

        // What was on its way here and not taken is in the mailbox again when the channel has closed: so emptiness is asked for afterwards.
        await Close().ConfigureAwait(false);
        if (!await session.DeleteIfEmpty(BrokerQueues.Mailbox(address)).ConfigureAwait(false))
        {
            Reopen();
            await Consume(newChannel: true).ConfigureAwait(false);
            return;
        }

        session.Remove(this);
        await lease.Complete().ConfigureAwait(false);
    }

    private void Reopen()
    {
        ActorCell cell;
        var wasOpen = false;
        lock (_gate)
        {
            wasOpen = !_isKilled;
            (_isClosing, _isKilled, cell) = (false, false, _cell);
        }

        // It may have become idle while it was closing, when nobody listened.
        if (wasOpen && cell.IsRetired)
        {
            Idle(cell);
        }
    }

    /// <summary>The mailbox is let go first, so that the next holder of the lease finds it free.</summary>
    private async Task HandOver()
    {
        Kill();
        await Close().ConfigureAwait(false);
        session.Remove(this);
        await lease.Return().ConfigureAwait(false);
    }

    private async Task Close()
    {
        _channel.ChannelShutdownAsync -= OnShutdown;
        await _acknowledgements.Close().ConfigureAwait(false);
        await _channel.DisposeAsync().ConfigureAwait(false);
    }

    private Task OnShutdown(object sender, ShutdownEventArgs reason)
    {
        // A mailbox that was deleted under us, or held a message for too long: with the connection up, the actor goes to whoever gets the
        // lease next.
        if (reason.Initiator == ShutdownInitiator.Peer && session.Connection.IsOpen && reason.ReplyCode is not (403 or 406) &&
            BeginClosing(null))
        {
            host.Say(
                $"the mailbox of {address} was taken away by the broker ({reason.ReplyText}): " +
                "the actor goes back to where any node can take it");
            Kill();
            session.Remove(this);
            _ = session.Guard(() => lease.Return());
        }

        return Task.CompletedTask;
    }
}
