using System.Collections.Concurrent;
using System.Diagnostics;
using FitCluster.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>
/// Everything that lives and dies with one connection: the leases held over it, the mailboxes consumed over it, the channels messages leave
/// by. When the connection goes, the broker gives the leases to others; here the actors end, to no further effect.
/// </summary>
internal sealed class BrokerSession : IAsyncDisposable
{
    private const int PublishingChannels = 4;
    private const ushort NodePrefetch = 16;
    private const int RefusalsSaid = 50;
    private static readonly TimeSpan HandOverPause = TimeSpan.FromMilliseconds(500);

    private readonly RabbitMqHost _host;
    private readonly IReadOnlyDictionary<string, int> _capacity;
    private readonly ConcurrentDictionary<ActorAddress, HostedActor> _hosted = new();
    private readonly ConcurrentDictionary<string, (IChannel Channel, string Tag)> _leases = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ActorAddress> _order = new();
    private readonly SemaphoreSlim _taking = new(1);
    private int _refusals;
    private volatile bool _isDraining;

    private BrokerSession(RabbitMqHost host, IConnection connection, BrokerQueues queues, IReadOnlyDictionary<string, int> capacity)
    {
        (_host, Connection, Queues, _capacity) = (host, connection, queues, capacity);
    }

    public IConnection Connection { get; }

    public BrokerQueues Queues { get; }

    public MailboxPublisher Publisher { get; private set; } = null!;

    public IReadOnlyList<ActorAddress> Hosted => [.. _hosted.Keys];

    /// <summary>Where other actors were last heard from.</summary>
    public KnownNodes Nodes { get; } = new();

    public bool IsBlocked { get; private set; }

    /// <summary>Connects, and makes sure that queues may be made.</summary>
    /// <exception cref="ClusterEngineException">It cannot be used.</exception>
    public static async Task<BrokerSession> Open(
        RabbitMqHost host,
        BrokerConnector connector,
        IReadOnlyDictionary<string, int> capacity,
        Func<BrokerSession, ShutdownReason, Task> lost,
        CancellationToken cancellation)
    {
        var connection = await connector.Open(cancellation).ConfigureAwait(false);
        try
        {
            var queues = new BrokerQueues(connector.Url, VersionOf(connection));
            var session = new BrokerSession(host, connection, queues, capacity);
            connection.ConnectionShutdownAsync += (_, reason) =>
                lost(session, new ShutdownReason(reason.ReplyText, reason.Initiator == ShutdownInitiator.Application));
            connection.ConnectionBlockedAsync += (_, blocked) => session.Blocked(blocked.Reason);
            connection.ConnectionUnblockedAsync += (_, _) => session.Blocked(null);
            var options = new CreateChannelOptions(
                publisherConfirmationsEnabled: true,
                publisherConfirmationTrackingEnabled: true,
                outstandingPublisherConfirmationsRateLimiter: null);
            var channels = new IChannel[PublishingChannels];
            for (var i = 0; i < channels.Length; i++)
            {
                channels[i] = await connection.CreateChannelAsync(options, cancellation).ConfigureAwait(false);
            }

            session.Publisher = new MailboxPublisher(queues, channels, connection, host);
            await CheckRights(connection, connector.Url, cancellation).ConfigureAwait(false);
            return session;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw error is ClusterEngineException or OperationCanceledException ? error
                : connector.Worded(error);
        }
    }

    /// <summary>Begins to take what is for this node itself.</summary>
    public async Task TakeBundles(string node, CancellationToken cancellation)
    {
        var queue = BrokerQueues.NewNode(node);
        var channel = await Connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
        await channel.BasicQosAsync(0, NodePrefetch, false, cancellation).ConfigureAwait(false);
        await Queues.DeclareNode(channel, queue, cancellation).ConfigureAwait(false);
        var consumer = new NodeConsumer(channel, queue, _host, this);
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer, cancellation).ConfigureAwait(false);
        Publisher.ReplyTo = queue;
    }

    /// <summary>Begins, or begins again, to take leases of a kind.</summary>
    public async Task TakeLeases(string kind, CancellationToken cancellation)
    {
        await _taking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await TakeLeasesAlone(kind, cancellation).ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (BrokerQueues.IsRefused(error))
        {
            throw Queues.Refused(BrokerQueues.Leases(kind), error);
        }
        finally
        {
            _taking.Release();
        }
    }

    private async Task TakeLeasesAlone(string kind, CancellationToken cancellation)
    {
        if (!_capacity.TryGetValue(kind, out var capacity) || capacity < 1 || _isDraining)
        {
            return;
        }

        if (!_leases.TryGetValue(kind, out var held))
        {
            var channel = await Connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
            channel.ChannelShutdownAsync += async (_, reason) =>
            {
                if (reason.Initiator == ShutdownInitiator.Peer && Connection.IsOpen)
                {
                    _host.Say(
                        $"the broker took back every lease of kind {kind} ({reason.ReplyText}): if it speaks of a timeout, " +
                        "set consumer_timeout in rabbitmq.conf; the actors begin again from their last checkpoint");
                    await Connection.CloseAsync(320, "the leases are gone", TimeSpan.FromSeconds(2), abort: true).ConfigureAwait(false);
                }
            };
            await channel.BasicQosAsync(0, (ushort)int.Min(capacity, ushort.MaxValue), false, cancellation).ConfigureAwait(false);
            await Queues.DeclareLeases(channel, kind, cancellation).ConfigureAwait(false);
            held = (channel, "");
        }
        else if (held.Tag.Length > 0)
        {
            return;
        }

        var consumer = new LeaseConsumer(held.Channel, kind, this);
        var tag = await held.Channel.BasicConsumeAsync(
            BrokerQueues.Leases(kind), autoAck: false, consumer, cancellation).ConfigureAwait(false);
        _leases[kind] = (held.Channel, tag);
    }

    /// <summary>Hosts the actor of a lease.</summary>
    public async Task Take(ActorAddress address, Lease lease)
    {
        if (_isDraining)
        {
            await lease.Return().ConfigureAwait(false);
            return;
        }

        var actor = new HostedActor(this, _host, address, lease);
        while (!_hosted.TryAdd(address, actor))
        {
            if (Find(address) is { IsClosing: false } other)
            {
                // Two senders missed the actor at once, and both leases came here.
                other.Insist();
                await lease.Complete().ConfigureAwait(false);
                return;
            }

            // The one before is just letting go: this lease is for what was sent since.
            await Task.Delay(5).ConfigureAwait(false);
        }

        _order.Enqueue(address);
        try
        {
            if (!await actor.Begin().ConfigureAwait(false))
            {
                actor.Kill();
                Remove(actor);
                await lease.Complete().ConfigureAwait(false);
            }
            else if (_isDraining)
            {
                actor.GiveUp();
            }
        }
        catch (Exception error) when (Connection.IsOpen)
        {
            _host.Say($"{address} could not be hosted here ({error.Message.ReplaceLineEndings(" ")}): its lease goes back");
            actor.Kill();
            Remove(actor);
            await lease.Return().ConfigureAwait(false);
        }
    }

    /// <summary>The actor, if it is hosted here.</summary>
    public HostedActor? Find(ActorAddress address) => _hosted.GetValueOrDefault(address);

    public void Remove(HostedActor actor) => _hosted.TryRemove(new KeyValuePair<ActorAddress, HostedActor>(actor.Address, actor));

    public bool Accepts(ActorAddress address) => _host.Accepts(address);

    /// <summary>Deletes a queue that nobody uses; false when there is something in it, or somebody uses it.</summary>
    public async Task<bool> DeleteIfEmpty(string queue)
    {
        // A refusal closes the channel.
        await using var channel = await Connection.CreateChannelAsync().ConfigureAwait(false);
        try
        {
            await channel.QueueDeleteAsync(queue, ifUnused: true, ifEmpty: true).ConfigureAwait(false);
            return true;
        }
        catch (OperationInterruptedException error) when (BrokerQueues.IsPrecondition(error))
        {
            return false;
        }
    }

    /// <summary>Takes no leases any more, and tells every actor to go elsewhere.</summary>
    public async Task BeginDraining()
    {
        _isDraining = true;
        foreach (var kind in _leases.Keys)
        {
            await PauseLeases(kind).ConfigureAwait(false);
        }

        foreach (var actor in _hosted.Values)
        {
            actor.GiveUp();
        }
    }

    /// <summary>Tells some actors of a kind to go elsewhere; takes leases again when they have gone, or after a while.</summary>
    public async Task GiveUp(string kind, int count, TimeSpan limit)
    {
        while (_order.TryPeek(out var oldest) && !_hosted.ContainsKey(oldest))
        {
            _order.TryDequeue(out _);
        }

        await PauseLeases(kind).ConfigureAwait(false);
        var chosen = _order.Reverse().Distinct()
            .Where(a => a.Kind == kind).Select(Find).OfType<HostedActor>().Where(a => !a.IsGivenUp)
            .Take(count).ToList();
        chosen.ForEach(actor => actor.GiveUp());
        await ResumeWhenGone(kind, chosen, limit).ConfigureAwait(false);
    }

    /// <summary>Tells those actors of a kind to go elsewhere, at once; the task ends when leases of the kind are taken again.</summary>
    public Task GiveUp(string kind, Func<ActorAddress, bool> which, TimeSpan limit)
    {
        var chosen = _hosted.Values.Where(a => a.Address.Kind == kind && !a.IsGivenUp && which(a.Address)).ToList();
        // Before anything is waited for: who stops from now on is handed over, and is not told here again.
        chosen.ForEach(actor => actor.GiveUp());
        return chosen.Count == 0 ? Task.CompletedTask : PauseAndResume();

        async Task PauseAndResume()
        {
            await PauseLeases(kind).ConfigureAwait(false);
            await ResumeWhenGone(kind, chosen, limit).ConfigureAwait(false);
        }
    }

    private async Task ResumeWhenGone(string kind, List<HostedActor> chosen, TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < limit && Connection.IsOpen && chosen.Any(actor => Find(actor.Address) == actor))
        {
            await Task.Delay(50).ConfigureAwait(false);
        }

        // What was given back is to be with the others before this node asks for more.
        await Task.Delay(HandOverPause).ConfigureAwait(false);
        await TakeLeases(kind, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Does something beside the handlers, and throws nothing; what fails because the connection or a channel has gone is no news. The
    /// client throws from its calls as well as from their tasks.
    /// </summary>
    public async Task Guard(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (Connection.IsOpen && !_host.IsStopped && error is not AlreadyClosedException)
            {
                _host.Say($"the broker did not do what it was asked: {error.Message.ReplaceLineEndings(" ")}");
            }
        }
    }

    /// <summary>Says what was dropped, the first few times.</summary>
    public void SayRefused(string words)
    {
        var count = Interlocked.Increment(ref _refusals);
        if (count <= RefusalsSaid)
        {
            _host.Say(count < RefusalsSaid ? words : $"{words} (more of these are not told)");
        }
    }

    /// <summary>Ends every actor: the leases are gone.</summary>
    public void Kill()
    {
        foreach (var actor in _hosted.Values)
        {
            actor.Kill();
        }

        _hosted.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Connection.CloseAsync(200, "bye", TimeSpan.FromSeconds(3), abort: true).ConfigureAwait(false);
        await Connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task CheckRights(IConnection connection, BrokerUrl url, CancellationToken cancellation)
    {
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation).ConfigureAwait(false);
            var name = $"leases.check.{Guid.NewGuid():N}";
            await channel.QueueDeclareAsync(
                name, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation).ConfigureAwait(false);
            // The right to write is that of the default exchange; without it the channel is closed at the next request.
            await channel.BasicPublishAsync("", name, ReadOnlyMemory<byte>.Empty, cancellation).ConfigureAwait(false);
            await channel.BasicGetAsync(name, autoAck: true, cancellation).ConfigureAwait(false);
            await channel.QueueDeleteAsync(name, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (BrokerQueues.IsRefused(error))
        {
            throw new ClusterEngineException(
                $"the broker {url} does not let the user '{url.User}' use queues: " +
                $"give the user configure, write and read rights in the vhost '{url.VirtualHost}'",
                error);
        }
    }

    private static Version VersionOf(IConnection connection) =>
        connection.ServerProperties is { } properties && properties.TryGetValue("version", out var bytes) && bytes is byte[] text &&
        Version.TryParse(System.Text.Encoding.ASCII.GetString(text).Split('-', '+')[0], out var version)
            ? version
            : new Version(3, 0);

    private async Task PauseLeases(string kind)
    {
        await _taking.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_leases.TryGetValue(kind, out var held) && held.Tag.Length > 0)
            {
                _leases[kind] = (held.Channel, "");
                await held.Channel.BasicCancelAsync(held.Tag).ConfigureAwait(false);
            }
        }
        finally
        {
            _taking.Release();
        }
    }

    private Task Blocked(string? reason)
    {
        IsBlocked = reason is not null;
        _host.Say(reason is null ? "the broker's alarm is over: messages flow again"
            : $"the broker has raised an alarm ({reason}): it takes no messages until that is mended; " +
              "see its memory (vm_memory_high_watermark) and its disk");
        return Task.CompletedTask;
    }
}

/// <summary>Why a connection ended.</summary>
internal readonly record struct ShutdownReason(string Words, bool IsOwn);
