using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What an actor asked of its context during one handler: a message, a timer (<paramref name="Delay"/>) or a question (<paramref
/// name="Request"/>).
/// </summary>
internal readonly record struct Effect(
    ActorAddress To, IMessage? Message, TimeSpan? Delay = null, StoreRequest? Request = null, Func<StoreReply, IMessage>? Answer = null);
