using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace FitCluster.Engine;

/// <summary>
/// Akka's phi accrual detector, and beside it what is known for certain: an address whose process has ended is unavailable at once. Made
/// by Akka.
/// </summary>
internal sealed class ConfirmedFailureDetector(Config config, EventStream events) : PhiAccrualFailureDetector(config, events)
{
    /// <summary>The addresses of each actor system, by its event stream: the only thing of it that a detector is given.</summary>
    private static readonly ConditionalWeakTable<EventStream, ConcurrentDictionary<string, bool>> Ended = [];

    private readonly ConcurrentDictionary<string, bool> _ended = Of(events);

    /// <inheritdoc/>
    public override bool IsAvailable => !_ended.ContainsKey(Address) && base.IsAvailable;

    /// <summary>The process at an address has ended.</summary>
    public static void Confirm(EventStream events, string address) => Of(events)[address] = true;

    /// <summary>Nobody is at an address any more, and who comes there next is another.</summary>
    public static void Forget(EventStream events, string address) => Of(events).TryRemove(address, out _);

    /// <inheritdoc/>
    public override void HeartBeat()
    {
        // Somebody answers at that address: a new process, or the proof was none.
        _ended.TryRemove(Address, out _);
        base.HeartBeat();
    }

    private static ConcurrentDictionary<string, bool> Of(EventStream events) => Ended.GetValue(events, _ => new());
}
