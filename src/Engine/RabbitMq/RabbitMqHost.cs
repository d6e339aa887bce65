using System.Buffers;
using System.Diagnostics;
using FitCluster.Messages;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>
/// The actors of this process, and the connection over which they are held: made anew, with growing pauses, whenever it is lost.
/// </summary>
internal sealed class RabbitMqHost : ActorHost
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>More than this on its way out, and messages are dropped: the broker takes nothing, and memory has a bound.</summary>
    private const int MostOutstanding = 20_000;

    private static readonly ArraySet NoArrays = new();

    private readonly ClusterEngineOptions _options;
    private readonly BrokerConnector _connector;
    private readonly CancellationTokenSource _ended = new();
    private volatile BrokerSession? _session;
    private volatile bool _isTaking;
    private int _outstanding;

    private RabbitMqHost(ClusterEngineOptions options, BrokerConnector connector, ICheckpointStore store)
        : base(store, options.Threads, options.Failed)
    {
        (_options, _connector) = (options, connector);
    }

    public BrokerSession? Session => _session;

    /// <summary>Tests only: false sends to actors hosted here through the broker as well.</summary>
    public bool SendsLocally { get; init; } = true;

    /// <exception cref="ClusterEngineException">The broker cannot be used.</exception>
    public static async Task<RabbitMqHost> Connect(
        string url, ClusterEngineOptions options, ICheckpointStore store, bool sendsLocally, CancellationToken cancellation)
    {
        var connector = new BrokerConnector(BrokerUrl.Parse(url), options.Node);
        var host = new RabbitMqHost(options, connector, store) { SendsLocally = sendsLocally };
        try
        {
            host._session = await BrokerSession.Open(host, connector, options.Capacity, host.Lost, cancellation).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public bool Accepts(ActorAddress address) => _options.Accepts?.Invoke(address) ?? true;

    public void Say(string words) => _options.Say?.Invoke(words);

    public async Task Start(CancellationToken cancellation)
    {
        _isTaking = true;
        if (_session is { } session)
        {
            if (session.Queues.Warning is { } warning)
            {
                Say(warning);
            }

            try
            {
                await TakeLeases(session, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (
                error is OperationInterruptedException or AlreadyClosedException or IOException && !session.Connection.IsOpen)
            {
                // Lost in the midst of it, as of a broker that has just started: who connects again takes leases then.
            }
        }
    }

    public override void Forget(ActorCell cell) => _session?.Find(cell.Address)?.Idle(cell);

    public override void Stopped(ActorCell cell) => _session?.Find(cell.Address)?.Stopped();

    public override void Send(ActorAddress to, in Envelope envelope)
    {
        if (IsStopped || _session is not { } session)
        {
            // Lost: the protocol asks again for what matters.
            return;
        }

        if (SendsLocally && session.Find(to) is { IsGivenUp: false } actor && actor.Post(envelope))
        {
            return;
        }

        if (HasRoom(to, envelope))
        {
            var (sender, message, cause) = (envelope.Sender, envelope.Message!, envelope.Cause);
            _ = Task.Run(() => Publish(
                session, to, $"a {message.GetType().Name} to {to} was", () => session.Publisher.Publish(to, sender, message, cause)));
        }
    }

    /// <summary>Sends the arrays that several actors of another node are to have alike to that node once.</summary>
    public override void SendTogether(IReadOnlyList<(ActorAddress To, Envelope Envelope)> broadcasts)
    {
        if (IsStopped || _session is not { } session)
        {
            return;
        }

        // What is for others first: it has the longer way.
        var groups = broadcasts
            .GroupBy(b => SendsLocally && session.Find(b.To) is not null ? null : session.Nodes.Of(b.To))
            .OrderBy(group => group.Key is null);
        foreach (var group in groups)
        {
            var messages = group.ToList();
            var arrays = ((IBroadcast)messages[0].Envelope.Message!).Broadcast;
            if (group.Key is not { } node || messages.Count < 2 || messages.Any(m => ((IBroadcast)m.Envelope.Message!).Broadcast != arrays))
            {
                base.SendTogether(messages);
            }
            else if (HasRoom(messages[0].To, messages[0].Envelope))
            {
                // Begun here, not on another thread: this one is about to compute, and its node waits for the arrays to do the same.
                _ = Publish(
                    session,
                    messages[0].To,
                    $"{messages.Count} messages to {node} were",
                    () => PublishBundle(session, node, arrays, messages));
            }
        }
    }

    private bool HasRoom(ActorAddress to, in Envelope envelope)
    {
        if (Interlocked.Increment(ref _outstanding) <= MostOutstanding)
        {
            return true;
        }

        Interlocked.Decrement(ref _outstanding);
        Report(to, new InvalidOperationException(
            $"{MostOutstanding} messages wait for the broker to take them: a {envelope.Message!.GetType().Name} to {to} was dropped"));
        return false;
    }

    /// <summary>Waits until nothing is on its way out.</summary>
    public async Task Flush(CancellationToken cancellation)
    {
        while (Volatile.Read(ref _outstanding) > 0)
        {
            await Task.Delay(2, cancellation).ConfigureAwait(false);
        }
    }

    public async Task<int> Drain(TimeSpan limit)
    {
        _isTaking = false;
        if (_session is not { } session)
        {
            return 0;
        }

        var since = Stopwatch.GetTimestamp();
        await session.Guard(() => session.BeginDraining()).ConfigureAwait(false);
        while (session.Hosted.Count > 0 && session.Connection.IsOpen && Stopwatch.GetElapsedTime(since) < limit)
        {
            await Task.Delay(20).ConfigureAwait(false);
        }

        return session.Hosted.Count;
    }

    /// <summary>Ends: the leases go back with the connection.</summary>
    public async Task Close()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync().ConfigureAwait(false);
        }

        await DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    /// <summary>Sends something for which there was room.</summary>
    /// <param name="session">The session.</param>
    /// <param name="to">The receiver, or the first of several.</param>
    /// <param name="what">What it is, as the beginning of a sentence.</param>
    /// <param name="publish">Sends it.</param>
    private async Task Publish(BrokerSession session, ActorAddress to, string what, Func<Task> publish)
    {
        try
        {
            await publish().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // With the connection go the messages on it; anything else somebody should know.
            if (session.Connection.IsOpen && !IsStopped)
            {
                Report(to, new InvalidOperationException($"{what} not sent: {error.Message.ReplaceLineEndings(" ")}", error));
            }
        }
        finally
        {
            Interlocked.Decrement(ref _outstanding);
        }
    }

    private async Task PublishBundle(
        BrokerSession session, string node, ArraySet arrays, List<(ActorAddress To, Envelope Envelope)> messages)
    {
        var bare = messages.Select(m => new BundledMessage(m.To, Frame(((IBroadcast)m.Envelope.Message!).With(NoArrays))));
        var (bundle, first) = (new Bundle(arrays, [.. bare]), messages[0].Envelope);
        if (!await session.Publisher.PublishToNode(node, first.Sender, bundle, first.Cause).ConfigureAwait(false))
        {
            // The node has gone: whoever has the mailboxes now gets them there.
            messages.ForEach(m => session.Nodes.Forget(m.To));
            base.SendTogether(messages);
        }
    }

    private static ReadOnlyMemory<byte> Frame(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenMemory;
    }

    private async Task TakeLeases(BrokerSession session, CancellationToken cancellation)
    {
        await session.TakeBundles(_options.Node, cancellation).ConfigureAwait(false);
        foreach (var kind in Kinds)
        {
            await session.TakeLeases(kind, cancellation).ConfigureAwait(false);
        }
    }

    private Task Lost(BrokerSession session, ShutdownReason reason)
    {
        var hosted = session.Hosted;
        session.Kill();
        if (_ended.IsCancellationRequested || _session is not { } current || (current != session && current is not null))
        {
            return Task.CompletedTask;
        }

        _session = null;
        Say(
            $"the connection to the broker {_connector.Url} was lost ({reason.Words}): " +
            "what was hosted here goes to others; connecting again");
        _ = Task.Run(() => Reconnect(session, hosted));
        return Task.CompletedTask;
    }

    private async Task Reconnect(BrokerSession lost, IReadOnlyList<ActorAddress> hosted)
    {
        var since = Stopwatch.GetTimestamp();
        await lost.Connection.DisposeAsync().ConfigureAwait(false);
        for (var pause = ShortestPause; !_ended.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var session = await BrokerSession.Open(this, _connector, _options.Capacity, Lost, _ended.Token).ConfigureAwait(false);
                _session = session;
                if (_isTaking)
                {
                    await TakeLeases(session, _ended.Token).ConfigureAwait(false);
                }

                var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
                Say(FormattableString.Invariant($"connected to the broker again after {seconds:F1} s"));
                _options.Regained?.Invoke(hosted);
                return;
            }
            catch (Exception error) when (
                error is ClusterEngineException or OperationInterruptedException or AlreadyClosedException or OperationCanceledException
                    or IOException)
            {
                if (_session is { } half)
                {
                    _session = null;
                    await half.DisposeAsync().ConfigureAwait(false);
                }
            }

            // Jitter, so that all nodes do not come at once.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble())).ConfigureAwait(false);
        }
    }
}
