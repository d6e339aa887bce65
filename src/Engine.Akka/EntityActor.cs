using Akka.Actor;
using Akka.Cluster.Sharding;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The thin actor of Akka's around one of ours: while it lives, the right to host the address is this node's. All work is done by the cell,
/// on the host's own threads, never on Akka's.
/// </summary>
internal sealed class EntityActor : UntypedActor, IWithTimers
{
    /// <summary>How long an actor that could not be served here waits for being moved before it takes messages again.</summary>
    private static readonly TimeSpan MoveLimit = TimeSpan.FromSeconds(3);

    private readonly AkkaHost _host;
    private readonly ActorAddress _address;
    private readonly Lock _gate = new();
    private readonly List<Letter> _late = [];
    private ActorCell _cell;
    private IActorRef? _self;
    private IActorRef? _parent;
    private bool _isClosing;
    private bool _isMoved;

    public EntityActor(AkkaHost host, ActorAddress address)
    {
        (_host, _address) = (host, address);
        _cell = NewCell();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether it is to go to another node as soon as it stops.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>Gives a message to the actor. False while it closes: then the message goes by the region, which keeps it.</summary>
    public bool Post(in Envelope envelope)
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                return false;
            }

            if (_cell.Post(envelope))
            {
                return true;
            }

            _cell = NewCell();
            return _cell.Post(envelope);
        }
    }

    /// <summary>This node cannot serve it: once it stops, it waits to be moved.</summary>
    public void GiveUp()
    {
        IsGivenUp = true;
        Post(new Envelope(new Draining(), null));
    }

    /// <summary>An activation has ended by its own wish.</summary>
    /// <param name="cell">Its cell: that of an actor that was here before and ends late is none of this one's.</param>
    public void Stopped(ActorCell cell)
    {
        if (IsGivenUp)
        {
            Close(cell);
        }
    }

    /// <summary>The cell has neither messages nor an activation.</summary>
    public void Idle(ActorCell cell)
    {
        lock (_gate)
        {
            if (_isClosing || cell != _cell || !cell.IsRetired)
            {
                return;
            }

            // From here on what comes goes by the region, which keeps it until this one has gone.
            _isClosing = true;
        }

        if (!IsGivenUp)
        {
            _parent!.Tell(new Passivate(StopNow.Instance), _self);
        }
        else if (_isMoved)
        {
            _self!.Tell(StopNow.Instance);
        }
        else
        {
            _self!.Tell(WaitForMove.Instance);
        }
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        (_self, _parent) = (Self, Context.Parent);
        _host.Begun(_address, this);
        Post(new Envelope(null, null));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        lock (_gate)
        {
            _isClosing = true;
            _cell.Kill();
        }

        _host.Ended(_address, this, _isMoved);
        // What came too late for this one is for the next, wherever it is.
        _late.ForEach(_host.ByRegion);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Letter letter:
                _host.TellPlace(letter);
                // A large one of this node's own may wait for it: the letter that wakes was sent in its place.
                _late.AddRange(_host.HeldFor(_address).Append(letter).Where(one => !one.IsEmpty && !_host.Deliver(one, this)));
                break;
            case GoElsewhere:
                _isMoved = true;
                IsGivenUp = true;
                if (!Post(new Envelope(new Draining(), null)))
                {
                    Context.Stop(Self);
                }

                break;
            case WaitForMove:
                Timers.StartSingleTimer(nameof(MoveLimit), MoveIsLate.Instance, MoveLimit);
                break;
            case MoveIsLate:
                // What comes until it has stopped is kept for the next one.
                Context.Parent.Tell(new Passivate(StopNow.Instance));
                break;
            case StopNow:
                Context.Stop(Self);
                break;
        }
    }

    private void Close(ActorCell cell)
    {
        lock (_gate)
        {
            if (_isClosing || cell != _cell)
            {
                return;
            }

            // What waits behind is for the next holder: another activation here would only begin it.
            _isClosing = true;
            _cell.Kill();
        }

        _self!.Tell(_isMoved ? StopNow.Instance : WaitForMove.Instance);
    }

    private ActorCell NewCell() => new(_host, _address, _host.FactoryOf(_address.Kind)!);

    /// <summary>Sharding's word that the actor is to move: to let go of what it has, and stop.</summary>
    public sealed class GoElsewhere
    {
        public static readonly GoElsewhere Instance = new();
    }

    private sealed class StopNow
    {
        public static readonly StopNow Instance = new();
    }

    private sealed class MoveIsLate
    {
        public static readonly MoveIsLate Instance = new();
    }

    private sealed class WaitForMove
    {
        public static readonly WaitForMove Instance = new();
    }
}
