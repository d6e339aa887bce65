using FitCluster.Coordinator;
using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>The actors that nodes host, by their addresses.</summary>
internal static class NodeActors
{
    /// <summary>The most actors of each kind that a node hosts.</summary>
    public static IReadOnlyDictionary<string, int> Capacity(NodeOptions options) => new Dictionary<string, int>
    {
        [ShardAddress.Kind] = options.Capacity,
        [ShardAddress.CoordinatorKind] = options.Coordinators,
        [JobDirectory.Kind] = int.Min(1, options.Coordinators),
    };

    /// <summary>What is not the address of an actor of ours is never hosted, whoever wants it to be.</summary>
    public static bool IsOurs(ActorAddress address)
    {
        var slash = address.Id.LastIndexOf('/');
        return address.Kind switch
        {
            ShardAddress.Kind => slash > 0 && JobName.IsValid(address.Id[..slash]) &&
                address.Id[(slash + 1)..] is { Length: <= 6 } index && index.All(char.IsAsciiDigit),
            ShardAddress.CoordinatorKind => JobName.IsValid(address.Id),
            _ => address == JobDirectory.Address,
        };
    }

    /// <summary>The job of a shard's or a coordinator's address.</summary>
    public static JobName JobOf(ActorAddress address) =>
        address.Kind == ShardAddress.Kind ? ShardAddress.Parse(address).Job : new JobName(address.Id);
}
