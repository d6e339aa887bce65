using System.Net;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Remote.Transport.DotNetty;
using FitCluster.Messages;
using IMessage = FitCluster.Messages.IMessage;

namespace FitCluster.Engine;

/// <summary>
/// The engine of a cluster on Akka.NET: Cluster.Sharding places, moves and revives actors; arrays go by links between nodes. Messages may
/// be lost with a node, or come twice.
/// </summary>
public sealed class AkkaEngine : IClusterEngine
{
    private const string EvenKind = ShardAddress.Kind;

    private static readonly TimeSpan TerminateLimit = TimeSpan.FromSeconds(3);

    private readonly ClusterEngineOptions _options;
    private readonly AkkaOptions _akka;
    private readonly IMeetingPlace _meeting;
    private readonly AkkaHost _host;
    private readonly TaskCompletionSource<IReadOnlyList<ActorAddress>> _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private LinkListener _listener = null!;
    private LinkIdentity _identity = null!;
    private ActorSystem _system = null!;
    private Cluster _cluster = null!;
    private bool _isLeaving;
    private Task? _ending;

    private AkkaEngine(ClusterEngineOptions options, AkkaOptions akka, ICheckpointStore store, IMeetingPlace meeting, Route route)
    {
        (_options, _akka, _meeting) = (options, akka, meeting);
        _host = new AkkaHost(options, store) { Route = route };
    }

    /// <inheritdoc/>
    public string? NotConnected => _removed.Task.IsCompleted ? "the cluster has gone on without this node"
        : _cluster.SelfMember.Status == MemberStatus.Up ? null
        : $"the node is no member of the cluster ({_cluster.SelfMember.Status})";

    /// <inheritdoc/>
    public IReadOnlyList<ActorAddress> Hosted => _host.Hosted;

    /// <inheritdoc/>
    public string Address => _identity.Place.ToString();

    /// <inheritdoc/>
    public Task<IReadOnlyList<ActorAddress>> Removed => _removed.Task;

    /// <summary>Its actor system, for tests.</summary>
    internal ActorSystem ActorSystem => _system;

    /// <summary>Takes the ports. Nothing is joined or hosted before <see cref="Start"/>.</summary>
    /// <param name="options">How this process takes part.</param>
    /// <param name="akka">Where it listens, and what Akka needs to know.</param>
    /// <param name="store">Carries out what actors ask.</param>
    /// <param name="meeting">Where the nodes find each other.</param>
    /// <exception cref="ClusterEngineException">A port cannot be used.</exception>
    public static Task<AkkaEngine> Create(
        ClusterEngineOptions options, AkkaOptions akka, ICheckpointStore store, IMeetingPlace meeting) =>
        Create(options, akka, store, meeting, Route.Shortest);

    internal static async Task<AkkaEngine> Create(
        ClusterEngineOptions options, AkkaOptions akka, ICheckpointStore store, IMeetingPlace meeting, Route route)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(akka);
        var engine = new AkkaEngine(options, akka, store, meeting, route);
        try
        {
            engine.Open();
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Register(string kind, ActorFactory factory) => _host.Register(kind, factory);

    /// <inheritdoc/>
    public async Task Start(CancellationToken cancellation = default)
    {
        _listener.Start(_identity);
        await new Joining(_meeting, _identity, _host.Say)
            .Join(_cluster, _akka.Joined ?? (() => Task.CompletedTask), cancellation).ConfigureAwait(false);
        _host.Prepare(_cluster, _identity.Place.Member);
        var region = await ClusterSharding.Get(_system).StartAsync(
            "actors",
            entity => Props.CreateBy(new Producer(typeof(EntityActor), () => new EntityActor(_host, ByAddress.AddressOf(entity)))),
            ClusterShardingSettings.Create(_system),
            new ByAddress(_host.Accepts),
            new CapacityAllocation(_cluster, _meeting, _akka.CannotServe, EvenKind),
            EntityActor.GoElsewhere.Instance).ConfigureAwait(false);
        _host.Begin(region);
        _system.ActorOf(
            Props.CreateBy(new Producer(typeof(MemberWatch), () => new MemberWatch(_host, _identity, _akka.Permanent))), "members");
    }

    /// <inheritdoc/>
    public void Tell(ActorAddress to, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _host.Send(to, new Envelope(message, null, Cause: System.Diagnostics.Activity.Current?.Context ?? default));
    }

    /// <inheritdoc/>
    public async Task<int> Drain(TimeSpan limit)
    {
        _isLeaving = true;
        var leaving = CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        await Task.WhenAny(leaving, Task.Delay(limit)).ConfigureAwait(false);
        return _host.Hosted.Count;
    }

    /// <inheritdoc/>
    public void GiveUp(string kind, Func<ActorAddress, bool> which) => _host.GiveUp(kind, which);

    /// <summary>Ends at once: handlers that are running end to no effect, and what is here comes up elsewhere.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _ending ??= End();
        }

        return new ValueTask(_ending);
    }

    private void Open()
    {
        var listen = _akka.Listen;
        if (listen.Port == IPEndPoint.MaxPort || _akka.AdvertisedPort >= IPEndPoint.MaxPort)
        {
            throw new ClusterEngineException($"port {IPEndPoint.MaxPort} cannot be used: the links have the port after Akka's");
        }

        _listener = new LinkListener(new(listen.Address, listen.Port == 0 ? 0 : listen.Port + 1), _host.Take, _host.Say);
        var host = listen.Address.ToString();
        var (publicHost, publicPort) = (_akka.AdvertisedHost ?? host, _akka.AdvertisedPort);
        var linkPort = publicPort == 0 ? _listener.Port : publicPort + 1;
        var roles = _options.Capacity.Select(kind => AkkaSettings.CapacityRole(kind.Key, kind.Value))
            .Append(AkkaSettings.LinkRole(linkPort)).Append(AkkaSettings.HostRole);
        var setup = ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AkkaSettings.Of(_akka, host, publicHost, publicPort, roles)), new MeetingSetup(_meeting));
        if (_akka.Certificates is { } certificates)
        {
            setup = setup.And(new DotNettySslSetup(
                certificates.Own, false, true, (other, _, _, _, _) => certificates.IsTrusted(other)));
        }

        try
        {
            _system = ActorSystem.Create(AkkaSettings.SystemName, setup);
            _cluster = Cluster.Get(_system);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new ClusterEngineException($"Akka's port {listen} cannot be used: {error.GetBaseException().Message}", error);
        }

        var place = new NodePlace(publicHost, _cluster.SelfAddress.Port!.Value, linkPort);
        _identity = new LinkIdentity(_options.Node, place, _akka.Version, _akka.Certificates);
        _cluster.RegisterOnMemberRemoved(Left);
    }

    private void Left()
    {
        lock (_lock)
        {
            if (!_isLeaving && _ending is null)
            {
                _removed.TrySetResult(_host.Hosted);
            }
        }
    }

    private async Task End()
    {
        // The others are to see the end at once, not when the last handler has come to its own.
        var host = _host.DisposeAsync();
        _listener?.Dispose();
        _host.CloseLinks();
        if (_system is { } system)
        {
            await Task.WhenAny(system.Terminate(), Task.Delay(TerminateLimit)).ConfigureAwait(false);
        }

        await host.ConfigureAwait(false);
    }

    private sealed class Producer(Type type, Func<ActorBase> make) : IIndirectActorProducer
    {
        public Type ActorType => type;

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
        }
    }
}
