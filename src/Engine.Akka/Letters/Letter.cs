using System.Diagnostics;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>A message on its way between nodes.</summary>
/// <param name="To">Its receiver.</param>
/// <param name="From">Its sender; null for what comes from outside the actors.</param>
/// <param name="Node">Where its sender is, so that answers find their way ("host:port"); empty when nobody needs to know.</param>
/// <param name="Frame">The message as <see cref="MessageCodec"/> writes it; empty for a letter that only wakes.</param>
/// <param name="Cause">The span it comes from.</param>
internal sealed record Letter(
    ActorAddress To, ActorAddress? From, string Node, ReadOnlyMemory<byte> Frame, ActivityContext Cause = default)
{
    /// <summary>Whether it only wakes its receiver.</summary>
    public bool IsEmpty => Frame.IsEmpty;

    /// <summary>A letter that only wakes its receiver, and tells it who asks.</summary>
    public static Letter Wake(ActorAddress to, string node) => new(to, null, node, default);
}
