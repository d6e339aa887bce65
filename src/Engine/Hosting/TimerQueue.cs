using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>The timers of all actors, by the time they are due, then by the order they were set. One thread waits for the next.</summary>
internal sealed class TimerQueue(Func<TimeSpan> now)
{
    private readonly PriorityQueue<(ActorCell Cell, Envelope Envelope), (TimeSpan Due, long Number)> _timers = new();
    private long _number;
    private bool _isClosed;

    public void Add(ActorCell cell, long activation, IMessage message, TimeSpan delay)
    {
        // A delay beyond a year is as good as never, and keeps the sum from overflowing.
        var due = now() + (delay > TimeSpan.FromDays(400) ? TimeSpan.FromDays(400) : delay);
        lock (_timers)
        {
            _timers.Enqueue((cell, new Envelope(message, null, activation)), (due, _number++));
            Monitor.Pulse(_timers);
        }
    }

    /// <summary>Delivers timers until the queue is closed.</summary>
    public void Run()
    {
        while (true)
        {
            (ActorCell Cell, Envelope Envelope) timer;
            lock (_timers)
            {
                if (_isClosed)
                {
                    return;
                }

                if (!_timers.TryPeek(out _, out var next))
                {
                    Monitor.Wait(_timers);
                    continue;
                }

                var wait = next.Due - now();
                if (wait > TimeSpan.Zero)
                {
                    // Rounded up: a timer never comes before its time. Capped: Monitor.Wait takes less than 2^31 ms.
                    Monitor.Wait(_timers, (int)double.Min(double.Ceiling(wait.TotalMilliseconds), 60_000));
                    continue;
                }

                timer = _timers.Dequeue();
            }

            timer.Cell.Post(timer.Envelope);
        }
    }

    /// <summary>Ends <see cref="Run"/>; timers that are not due are abandoned.</summary>
    public void Close()
    {
        lock (_timers)
        {
            _isClosed = true;
            _timers.Clear();
            Monitor.Pulse(_timers);
        }
    }
}
