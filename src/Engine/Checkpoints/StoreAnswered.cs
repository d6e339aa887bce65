using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// An actor to itself: the store's answer to what it asked. It never leaves the activation, so it has no place in the codec.
/// </summary>
/// <param name="Purpose">What was asked for.</param>
/// <param name="Number">The actor's number for it: an answer to an older question is told by it.</param>
/// <param name="Reply">The answer.</param>
public sealed record StoreAnswered(string Purpose, long Number, StoreReply Reply) : IMessage;
