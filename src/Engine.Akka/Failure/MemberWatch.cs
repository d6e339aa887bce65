using Akka.Actor;
using Akka.Cluster;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Keeps a link to every member; when one has gone, wakes what was there, so that it comes up elsewhere at once and nobody has to ask.
/// </summary>
internal sealed class MemberWatch : UntypedActor, IWithTimers
{
    /// <summary>
    /// A region may learn later than this watch that a member has gone, and what it sends there meanwhile is lost: so it is said again.
    /// </summary>
    private static readonly TimeSpan[] Pauses =
        [.. new[] { 0, 50, 100, 200, 400, 800, 1600, 3200 }.Select(ms => TimeSpan.FromMilliseconds(ms))];

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly AkkaHost _host;
    private readonly LinkIdentity _identity;
    private readonly IReadOnlyList<ActorAddress> _permanent;
    private readonly Dictionary<string, Member> _met = new(StringComparer.Ordinal);

    public MemberWatch(AkkaHost host, LinkIdentity identity, IReadOnlyList<ActorAddress> permanent) =>
        (_host, _identity, _permanent) = (host, identity, permanent);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() =>
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.MemberUp { Member: var member } when member.UniqueAddress != _cluster.SelfUniqueAddress:
                Meet(member);
                break;
            case ClusterEvent.MemberRemoved { Member: var member } when member.UniqueAddress != _cluster.SelfUniqueAddress:
                if (_met.TryGetValue(NodePlace.MemberOf(member.Address), out var met) && met.UniqueAddress == member.UniqueAddress)
                {
                    Lost(member);
                }

                break;
            case WakeAgain { Step: var step, Actors: var actors }:
                Wake(actors, step);
                break;
        }
    }

    private void Meet(Member member)
    {
        var address = member.Address;
        var place = new NodePlace(address.Host!, address.Port!.Value, AkkaSettings.LinkPortOf(member.Roles));
        if (_met.GetValueOrDefault(place.Member) is { } before && before.UniqueAddress != member.UniqueAddress)
        {
            // A process that has come back under its address: that the one before has gone may be told after it, and is no longer of use.
            Lost(before);
        }

        _met[place.Member] = member;
        var (cluster, events, host) = (_cluster, Context.System.EventStream, _host);
        host.Meet(place.Member, () => new NodeLink(
            place,
            _identity,
            () =>
            {
                if (cluster.State.Members.Any(m => m.UniqueAddress == member.UniqueAddress))
                {
                    // Both are needed: a member that is down is removed only when it is unreachable too.
                    ConfirmedFailureDetector.Confirm(events, address.ToString());
                    cluster.Down(address);
                }
            },
            host.Say));
    }

    private void Lost(Member member)
    {
        var name = NodePlace.MemberOf(member.Address);
        _met.Remove(name);
        ConfirmedFailureDetector.Forget(Context.System.EventStream, member.Address.ToString());
        var there = _host.Lose(name);
        var others = there.Count switch
        {
            0 => "",
            1 => "; what it hosted is woken elsewhere",
            var n => $"; the {n} actors heard of there are woken elsewhere",
        };
        _host.Say($"the node at {name} has left the cluster or is gone{others}");
        Wake([.. there, .. _permanent], 0);
    }

    private void Wake(IReadOnlyList<ActorAddress> actors, int step)
    {
        var rest = step == 0 ? actors : [.. actors.Where(_host.Wake)];
        if (rest.Count > 0 && step < Pauses.Length)
        {
            Timers.StartSingleTimer(rest, new WakeAgain(step + 1, rest), Pauses[step]);
        }
    }

    private sealed record WakeAgain(int Step, IReadOnlyList<ActorAddress> Actors);
}
