using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Tells Akka's sharding where actors go, by <see cref="Placement"/>. Asked on the node that has sharding's coordinator, by one thread at a
/// time.
/// </summary>
internal sealed class CapacityAllocation : IShardAllocationStrategy, IDisposable
{
    /// <summary>The most places of ended actors that are freed at once: each costs every node a message.</summary>
    private const int MostFreed = 200;

    /// <summary>A decision that is not noted for so long never will be.</summary>
    private static readonly TimeSpan DecidedLimit = TimeSpan.FromSeconds(5);

    private readonly Cluster _cluster;
    private readonly HostedReports _reports;
    private readonly string _evenKind;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>
    /// What was decided and is not yet among the allocations: sharding asks for many actors at once before it has noted the first, and all
    /// would go to one node, above its capacity too.
    /// </summary>
    private readonly Dictionary<string, (string Member, TimeSpan Since)> _decided = new(StringComparer.Ordinal);

    public CapacityAllocation(Cluster cluster, IMeetingPlace meeting, Func<NodeEntry, ActorAddress, bool>? cannotServe, string evenKind)
    {
        (_cluster, _evenKind) = (cluster, evenKind);
        _reports = new HostedReports(meeting, cannotServe, () => Now);
    }

    private TimeSpan Now => Stopwatch.GetElapsedTime(_started);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <inheritdoc/>
    public async Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await _reports.Read().ConfigureAwait(false);
            var actor = ByAddress.AddressOf(shardId);
            var regions = Regions(currentShardAllocations);
            var chosen = Placement.Choose(actor, [.. regions.Select(region => region.Node)], isEven: actor.Kind == _evenKind)
                // A failure is no answer, and Akka asks again: when there is room.
                ?? throw new NoRoomException(actor);
            _decided[shardId] = (chosen.Name, Now);
            return regions.First(region => region.Node == chosen).Region;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await _reports.Read().ConfigureAwait(false);
            var placed = currentShardAllocations.SelectMany(
                region => region.Value.Select(shard => (MemberOf(region.Key), ByAddress.AddressOf(shard))));
            var ended = _reports.EndedOf(placed).Take(MostFreed).ToList();
            // What moves is given time to arrive before more is moved; what has ended takes none.
            var moves = rebalanceInProgress.Count > 0 ? []
                : Placement.Moves([.. Regions(currentShardAllocations).Select(region => region.Node)], _evenKind);
            return ended.Concat(moves).Select(ByAddress.EntityOf).Except(rebalanceInProgress).ToImmutableHashSet();
        }
        finally
        {
            _turn.Release();
        }
    }

    private List<(IActorRef Region, PlacementNode Node)> Regions(IImmutableDictionary<IActorRef, IImmutableList<string>> current)
    {
        var state = _cluster.State;
        var members = state.Members
            .Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member))
            .ToDictionary(member => NodePlace.MemberOf(member.Address), StringComparer.Ordinal);
        var noted = current.Values.SelectMany(shards => shards).Where(_decided.ContainsKey).ToList();
        var old = _decided.Where(decided => Now - decided.Value.Since > DecidedLimit).Select(decided => decided.Key);
        noted.Concat(old).ToList().ForEach(shard => _decided.Remove(shard));
        var regions = new List<(IActorRef, PlacementNode)>();
        foreach (var (region, shards) in current)
        {
            var name = MemberOf(region);
            if (members.TryGetValue(name, out var member))
            {
                regions.Add((region, new PlacementNode(
                    name,
                    region.Path.Address.HasLocalScope,
                    [.. shards.Select(ByAddress.AddressOf).Where(actor => !_reports.HasEnded(actor)),
                        .. _decided.Where(decided => decided.Value.Member == name).Select(decided => ByAddress.AddressOf(decided.Key))],
                    kind => AkkaSettings.CapacityOf(member.Roles, kind) ?? 0,
                    actor => _reports.CanServe(name, actor))));
            }
        }

        return regions;
    }

    private string MemberOf(IActorRef region) =>
        NodePlace.MemberOf(region.Path.Address.HasLocalScope ? _cluster.SelfAddress : region.Path.Address);

    private sealed class NoRoomException(ActorAddress actor) : Exception($"no node has room for {actor}");
}
