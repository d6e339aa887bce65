namespace FitCluster.Messages;

/// <summary>
/// A message whose arrays many actors are sent alike: an engine may carry the arrays to each node once, and the messages beside them.
/// </summary>
public interface IBroadcast : IMessage
{
    /// <summary>The arrays. Nobody writes to them.</summary>
    ArraySet Broadcast { get; }

    /// <summary>The same message with other arrays.</summary>
    IBroadcast With(ArraySet broadcast);
}

/// <summary>One engine to another: messages to several actors of its node, and the arrays that belong into each of them.</summary>
/// <param name="Arrays">The arrays.</param>
/// <param name="Messages">The messages.</param>
public sealed record Bundle(ArraySet Arrays, IReadOnlyList<BundledMessage> Messages) : IMessage;

/// <summary>A message of a <see cref="Bundle"/>.</summary>
/// <param name="To">Its receiver.</param>
/// <param name="Frame">The frame of an <see cref="IBroadcast"/> whose own set of arrays is empty.</param>
public sealed record BundledMessage(ActorAddress To, ReadOnlyMemory<byte> Frame);
