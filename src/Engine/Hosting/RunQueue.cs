namespace FitCluster.Engine;

/// <summary>The cells that have messages, first come first served. Worker threads wait here.</summary>
internal sealed class RunQueue
{
    private readonly Queue<ActorCell> _cells = new();
    private int _waiting;
    private bool _isClosed;

    public void Enqueue(ActorCell cell)
    {
        lock (_cells)
        {
            _cells.Enqueue(cell);
            if (_waiting > 0)
            {
                Monitor.Pulse(_cells);
            }
        }
    }

    /// <summary>Waits for the next cell; null when the queue is closed.</summary>
    public ActorCell? Take()
    {
        lock (_cells)
        {
            while (!_isClosed)
            {
                if (_cells.TryDequeue(out var cell))
                {
                    return cell;
                }

                _waiting++;
                Monitor.Wait(_cells);
                _waiting--;
            }

            return null;
        }
    }

    /// <summary>Lets every waiting thread go; what is in the queue is abandoned.</summary>
    public void Close()
    {
        lock (_cells)
        {
            _isClosed = true;
            _cells.Clear();
            Monitor.PulseAll(_cells);
        }
    }
}
