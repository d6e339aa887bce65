using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// An actor: a state machine. It does no I/O of its own, reads no clock and starts no thread; the engine calls it with one
/// message at a time, and carries out what it asks of the context. It may vanish at any moment and be activated again, empty.
/// </summary>
public interface IActor
{
    /// <summary>
    /// Takes one message. An exception ends this activation: the engine reports it and activates the actor anew when it is next needed.
    /// </summary>
    void Receive(IMessage message, IActorContext context);
}

/// <summary>
/// What an actor may ask for while it handles a message. Effects happen after the handler returns, in the order asked for, but broadcasts
/// (<see cref="IBroadcast"/>) last.
/// </summary>
public interface IActorContext
{
    /// <summary>The actor's own address.</summary>
    ActorAddress Self { get; }

    /// <summary>Who sent the message in hand; null for the engine and for timers.</summary>
    ActorAddress? Sender { get; }

    /// <summary>Sends a message: at most once, or repeated, in any order; never waits.</summary>
    void Tell(ActorAddress to, IMessage message);

    /// <summary>Sends a message to the actor itself after a delay, unless its activation has ended by then.</summary>
    void Schedule(TimeSpan delay, IMessage message);

    /// <summary>
    /// Asks the checkpoint store for something; the answer comes back later as the message that <paramref name="answer"/> makes of
    /// it, unless the activation has ended by then. A failed request is an answer too (<see cref="StoreReply.Error"/>).
    /// </summary>
    void Ask(StoreRequest request, Func<StoreReply, IMessage> answer);

    /// <summary>Ends this activation. A later message activates the actor anew.</summary>
    void Stop();

    /// <summary>Time since the engine started: only for reports and for deciding when a checkpoint is due, never for results.</summary>
    TimeSpan Now { get; }
}

/// <summary>Makes an actor for an address. Called at each activation; must not do I/O.</summary>
public delegate IActor ActorFactory(ActorAddress address);

/// <summary>An engine: carries messages to actors, activates them, and runs each with one message at a time.</summary>
public interface IEngine : IAsyncDisposable
{
    /// <summary>Says which actors this process can host. Call before the first message.</summary>
    void Register(string kind, ActorFactory factory);

    /// <summary>Sends a message from outside the actors.</summary>
    void Tell(ActorAddress to, IMessage message);
}
