using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Letters that are too large for the region, until it is known where their receivers are. What waits too long, or is too much, is dropped:
/// the protocol asks again. Thread-safe.
/// </summary>
/// <param name="now">A clock.</param>
internal sealed class HeldLetters(Func<TimeSpan> now)
{
    private const long MostBytes = 1L << 29;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ActorAddress, Queue<(long Number, Letter Letter)>> _letters = [];
    private readonly Queue<(ActorAddress To, long Number, TimeSpan Since)> _order = new();
    private long _numbers;
    private long _bytes;

    /// <summary>The bytes kept.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Keeps a letter; false when too much is kept already.</summary>
    public bool Add(Letter letter)
    {
        lock (_lock)
        {
            DropOld();
            if (_bytes + letter.Frame.Length > MostBytes)
            {
                return false;
            }

            if (!_letters.TryGetValue(letter.To, out var waiting))
            {
                _letters.Add(letter.To, waiting = new());
            }

            waiting.Enqueue((++_numbers, letter));
            _order.Enqueue((letter.To, _numbers, now()));
            _bytes += letter.Frame.Length;
            return true;
        }
    }

    /// <summary>The letters kept for an actor, which are kept no longer.</summary>
    public IReadOnlyList<Letter> Take(ActorAddress to)
    {
        // Asked whenever an actor is heard of, and nearly always there is nothing.
        if (Bytes == 0)
        {
            return [];
        }

        lock (_lock)
        {
            DropOld();
            if (!_letters.Remove(to, out var waiting))
            {
                return [];
            }

            _bytes -= waiting.Sum(held => (long)held.Letter.Frame.Length);
            return [.. waiting.Select(held => held.Letter)];
        }
    }

    /// <summary>What was taken meanwhile is passed over: by its number, since others for the same actor may have come.</summary>
    private void DropOld()
    {
        while (_order.TryPeek(out var oldest) && now() - oldest.Since > Longest)
        {
            _order.Dequeue();
            if (_letters.TryGetValue(oldest.To, out var waiting) && waiting.TryPeek(out var first) && first.Number == oldest.Number)
            {
                _bytes -= waiting.Dequeue().Letter.Frame.Length;
                if (waiting.Count == 0)
                {
                    _letters.Remove(oldest.To);
                }
            }
        }
    }
}
