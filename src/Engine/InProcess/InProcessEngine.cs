using System.Collections.Concurrent;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// The embedded default: all actors in this process, on a set of threads of its own. A mailbox is first in, first out; messages are passed
/// by reference, so neither side may write to what it sent or got. Handlers run on at most <c>threads</c> threads; store requests run on
/// the thread pool, so that slow disks do not hold up computing. Two questions of one actor may be answered in any order.
/// </summary>
public sealed class InProcessEngine : IEngine
{
    private readonly Host _host;

    /// <summary>Starts an engine.</summary>
    /// <param name="store">Carries out what actors ask.</param>
    /// <param name="threads">The most handlers that run at once, 1 or more.</param>
    /// <param name="failed">
    /// Told of every failed activation and every message that no registered actor can take. Called on the engine's threads; must be quick.
    /// </param>
    public InProcessEngine(ICheckpointStore store, int threads, Action<ActorAddress, Exception>? failed = null) =>
        _host = new Host(store, threads, failed);

    /// <summary>Time since the engine started.</summary>
    public TimeSpan Now => _host.Now;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The kind is registered already.</exception>
    public void Register(string kind, ActorFactory factory) => _host.Register(kind, factory);

    /// <inheritdoc/>
    public void Tell(ActorAddress to, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _host.Send(to, new Envelope(message, null, Cause: System.Diagnostics.Activity.Current?.Context ?? default));
    }

    /// <summary>Lets the handlers that are running end, abandons everything else, and waits until every thread has ended.</summary>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private sealed class Host(ICheckpointStore store, int threads, Action<ActorAddress, Exception>? failed)
        : ActorHost(store, threads, failed)
    {
        private readonly ConcurrentDictionary<ActorAddress, ActorCell> _cells = new();

        public override void Forget(ActorCell cell) => _cells.TryRemove(new KeyValuePair<ActorAddress, ActorCell>(cell.Address, cell));

        public override void Send(ActorAddress to, in Envelope envelope)
        {
            while (!IsStopped)
            {
                if (!_cells.TryGetValue(to, out var cell))
                {
                    if (FactoryOf(to.Kind) is not { } factory)
                    {
                        ReportUnknown(to, envelope.Message);
                        return;
                    }

                    cell = _cells.GetOrAdd(
                        to, static (address, with) => new ActorCell(with.Host, address, with.Factory), (Host: this, Factory: factory));
                }

                if (cell.Post(envelope))
                {
                    return;
                }

                Forget(cell);
            }
        }
    }
}
