using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What waits in a mailbox: a message, a store's answer with the function that makes a message of it, or neither (which only wakes the
/// actor).
/// </summary>
/// <param name="Message">The message; null for an answer.</param>
/// <param name="Sender">Who sent it; null for the engine, timers, and users outside.</param>
/// <param name="Activation">The only activation that may get it; 0 for any.</param>
/// <param name="Reply">The store's answer.</param>
/// <param name="Answer">Makes the message; called on the actor's turn, so it may look at the actor's state.</param>
/// <param name="Handled">Called when the message has been handled, or dropped for good; not when its cell was killed.</param>
/// <param name="Cause">The span it comes from; default when nobody listens.</param>
internal readonly record struct Envelope(
    IMessage? Message,
    ActorAddress? Sender,
    long Activation = 0,
    StoreReply? Reply = null,
    Func<StoreReply, IMessage>? Answer = null,
    Action? Handled = null,
    ActivityContext Cause = default);
