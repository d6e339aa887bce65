using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// A cluster's engine: RabbitMQ carries the messages, places the actors and notices failures (docs/design/architecture.md,
/// section 3). An actor's mailbox is a queue; its lease is one message of the quorum queue of its kind's leases, and to hold that
/// unacknowledged is to host the actor. When a node dies, the broker gives its leases to others. An actor is handed one message at a time,
/// acknowledged when it has been handled; messages may be lost with a connection, or come twice.
/// </summary>
public sealed class RabbitMqEngine : IClusterEngine
{
    private static readonly TimeSpan GiveUpLimit = TimeSpan.FromSeconds(30);

    private readonly RabbitMqHost _host;
    private readonly Lock _lock = new();
    private Task? _ending;

    private RabbitMqEngine(RabbitMqHost host) => _host = host;

    /// <inheritdoc/>
    public string? NotConnected =>
        _host.Session is { Connection.IsOpen: true, IsBlocked: false } ? null : "the broker is not connected, or takes no messages";

    /// <inheritdoc/>
    public IReadOnlyList<ActorAddress> Hosted => _host.Session?.Hosted ?? [];

    /// <summary>The schemes of the URLs of its brokers.</summary>
    internal static IReadOnlyList<string> Schemes => BrokerUrl.Schemes;

    /// <summary>What the URL of a broker looks like.</summary>
    internal static string UrlForm => BrokerUrl.Form;

    /// <summary>Connects to the broker. Nothing is hosted before <see cref="Start"/>.</summary>
    /// <param name="url">
    /// amqp://user:password@host:5672/vhost, or amqps:// for TLS. Query parameters: <c>heartbeat</c> (seconds, default 4), <c>cacert</c> (a
    /// PEM file whose authorities are trusted for this connection).
    /// </param>
    /// <param name="options">How this process takes part.</param>
    /// <param name="store">Carries out what actors ask.</param>
    /// <param name="cancellation">Ends trying.</param>
    /// <exception cref="ClusterEngineException">
    /// The broker cannot be reached, refuses the user, or is not set up as a cluster needs it.
    /// </exception>
    public static Task<RabbitMqEngine> Connect(
        string url, ClusterEngineOptions options, ICheckpointStore store, CancellationToken cancellation = default) =>
        Connect(url, options, store, sendsLocally: true, cancellation);

    /// <summary>Refuses a URL that no broker can have; nothing is asked of the network.</summary>
    /// <exception cref="ClusterEngineException">The URL is not of the form, or has an unknown parameter.</exception>
    public static void CheckUrl(string url) => BrokerUrl.Parse(url);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The kind is registered already.</exception>
    public void Register(string kind, ActorFactory factory) => _host.Register(kind, factory);

    /// <inheritdoc/>
    /// <exception cref="ClusterEngineException">The broker does not let the queues of leases be made.</exception>
    public Task Start(CancellationToken cancellation = default) => _host.Start(cancellation);

    /// <inheritdoc/>
    public void Tell(ActorAddress to, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _host.Send(to, new Envelope(message, null, Cause: System.Diagnostics.Activity.Current?.Context ?? default));
    }

    /// <summary>Waits until everything told so far has been taken by the broker, or dropped for a reason that was reported.</summary>
    public Task Flush(CancellationToken cancellation = default) => _host.Flush(cancellation);

    /// <inheritdoc/>
    public Task<int> Drain(TimeSpan limit) => _host.Drain(limit);

    /// <summary>
    /// Tells so many actors of a kind, those that came last, that they are to go elsewhere; takes none of that kind until they have gone,
    /// or 30 seconds.
    /// </summary>
    public Task GiveUp(string kind, int count) =>
        _host.Session is { } session && count > 0 ? session.Guard(() => session.GiveUp(kind, count, GiveUpLimit)) : Task.CompletedTask;

    /// <inheritdoc/>
    public void GiveUp(string kind, Func<ActorAddress, bool> which)
    {
        if (_host.Session is { } session)
        {
            _ = session.Guard(() => session.GiveUp(kind, which, GiveUpLimit));
        }
    }

    /// <summary>Ends: every lease goes to other nodes, handlers that are running end to no effect.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _ending ??= _host.Close();
        }

        return new ValueTask(_ending);
    }

    internal static async Task<RabbitMqEngine> Connect(
        string url, ClusterEngineOptions options, ICheckpointStore store, bool sendsLocally, CancellationToken cancellation) =>
        new(await RabbitMqHost.Connect(url, options, store, sendsLocally, cancellation).ConfigureAwait(false));
}
