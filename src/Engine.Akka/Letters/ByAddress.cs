using Akka.Cluster.Sharding;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Names entities after the addresses of their actors; each is a shard of Akka's of its own, so that each is placed for itself.
/// </summary>
/// <param name="accepts">Which addresses there can be.</param>
internal sealed class ByAddress(Func<ActorAddress, bool> accepts) : IMessageExtractor
{
    /// <summary>What Akka takes a name's part for; no address has it.</summary>
    private const char Separator = ':';

    /// <summary>The name of an actor's entity.</summary>
    public static string EntityOf(ActorAddress address) => $"{address.Kind}{Separator}{address.Id.Replace('/', '|')}";

    /// <summary>The address of an entity's actor.</summary>
    public static ActorAddress AddressOf(string entity)
    {
        var separator = entity.IndexOf(Separator, StringComparison.Ordinal);
        return new ActorAddress(entity[..separator], entity[(separator + 1)..].Replace('|', '/'));
    }

    /// <inheritdoc/>
    public string? EntityId(object message) => message is Letter letter && accepts(letter.To) ? EntityOf(letter.To) : null;

    /// <inheritdoc/>
    public object EntityMessage(object message) => message;

    /// <inheritdoc/>
    public string? ShardId(object message) => EntityId(message);

    /// <inheritdoc/>
    public string ShardId(string entityId, object? messageHint = null) => entityId;
}
