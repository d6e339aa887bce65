using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The mailbox of one address and the activation behind it. A cell is in the run queue at most once, and so is run by one worker
/// at a time; a cell that has neither messages nor an activation is retired and forgotten.
/// </summary>
internal sealed class ActorCell(ActorHost engine, ActorAddress address, ActorFactory factory)
{
    /// <summary>A turn ends after so many messages, so that a busy actor does not starve the others.</summary>
    private const int MessagesPerTurn = 64;

    /// <summary>A turn takes no further message after so long.</summary>
    private static readonly long TicksPerTurn = Stopwatch.Frequency / 1000;

    private readonly Queue<Envelope> _mailbox = new();
    private readonly ActorContext _context = new(engine, address);
    private readonly CellTracing _tracing = new(address);
    private IActor? _actor;
    private long _activation;
    private bool _isScheduled;
    private bool _isRetired;
    private volatile bool _isKilled;

    public ActorAddress Address => address;

    /// <summary>Whether it takes no more messages.</summary>
    public bool IsRetired
    {
        get
        {
            lock (_mailbox)
            {
                return _isRetired;
            }
        }
    }

    /// <summary>Puts a message into the mailbox; false when the cell is retired.</summary>
    public bool Post(Envelope envelope)
    {
        lock (_mailbox)
        {
            if (_isRetired)
            {
                return false;
            }

            _mailbox.Enqueue(envelope);
            if (_isScheduled)
            {
                return true;
            }

            _isScheduled = true;
        }

        engine.Enqueue(this);
        return true;
    }

    /// <summary>
    /// Ends the activation and takes no more messages: the right to host the actor is gone. A handler that is running goes on to its end,
    /// to no effect.
    /// </summary>
    public void Kill()
    {
        _isKilled = true;
        _tracing.EndRound("the actor was taken from this node");
        lock (_mailbox)
        {
            _isRetired = true;
            _mailbox.Clear();
            if (!_isScheduled)
            {
                // Timers may hold the cell for long, and the actor may hold much.
                _actor = null;
            }
        }
    }

    /// <summary>Handles some messages on the calling worker thread, then goes to the end of the run queue if there are more.</summary>
    public void RunTurn()
    {
        var start = Stopwatch.GetTimestamp();
        var (isEmpty, isRetired) = (false, false);
        for (var handled = 0; handled < MessagesPerTurn && !engine.IsStopped; handled++)
        {
            if (handled > 0 && Stopwatch.GetTimestamp() - start > TicksPerTurn)
            {
                break;
            }

            Envelope envelope;
            lock (_mailbox)
            {
                if (!_mailbox.TryDequeue(out envelope))
                {
                    // From here on a Post may schedule the cell again, on another thread: nothing of it is touched after the lock.
                    _isScheduled = false;
                    _actor = _isKilled ? null : _actor;
                    _isRetired = isRetired = _actor is null;
                    isEmpty = true;
                    break;
                }
            }

            Handle(envelope);
        }

        if (isRetired && !_isKilled)
        {
            engine.Forget(this);
        }
        else if (!isEmpty)
        {
            engine.Enqueue(this);
        }
    }

    private void Handle(in Envelope envelope)
    {
        try
        {
            if (envelope.Activation != 0 && (_actor is null || envelope.Activation != _activation))
            {
                return;
            }

            if (_actor is null)
            {
                _actor = factory(address) ??
                    throw new InvalidOperationException($"the factory of kind '{address.Kind}' made no actor for {address}");
                _activation++;
                if (!Deliver(new Activated(), null, null, envelope.Cause))
                {
                    return;
                }
            }

            if (envelope.Message is { } message)
            {
                Deliver(message, envelope.Sender, null, envelope.Cause);
            }
            else if (envelope.Answer is { } answer)
            {
                Deliver(answer(envelope.Reply!), null, envelope.Reply, envelope.Cause);
            }
        }
        catch (Exception error)
        {
            _actor = null;
            _tracing.EndRound(error.Message);
            engine.Report(address, error);
        }
        finally
        {
            _context.Close();
            envelope.Handled?.Invoke();
        }
    }

    /// <summary>
    /// Runs the handler and carries out its effects. If Activated itself stops the actor, the message that woke it is dropped (false):
    /// to wake it again could go on forever.
    /// </summary>
    private bool Deliver(IMessage message, ActorAddress? sender, StoreReply? reply, ActivityContext cause)
    {
        using var span = _tracing.Begin(message, reply, cause);
        _context.Open(sender);
        _actor!.Receive(message, _context);
        _context.Close();
        CarryOut(span, cause);
        _context.Effects.Clear();
        if (_context.IsStopping)
        {
            _actor = null;
            _tracing.EndRound(null);
            engine.Stopped(this);
            return false;
        }

        return true;
    }

    private void CarryOut(Activity? span, ActivityContext cause)
    {
        List<(ActorAddress To, Envelope Envelope)>? broadcasts = null;
        foreach (var effect in _isKilled ? [] : _context.Effects)
        {
            var effectCause = _tracing.CauseOf(effect.Message, span, cause);
            if (effect is { Message: IBroadcast, Delay: null })
            {
                (broadcasts ??= []).Add((effect.To, new Envelope(effect.Message, address, Cause: effectCause)));
            }
            else
            {
                engine.CarryOut(effect, this, _activation, effectCause);
            }
        }

        if (broadcasts is not null)
        {
            engine.SendTogether(broadcasts);
        }
    }
}
