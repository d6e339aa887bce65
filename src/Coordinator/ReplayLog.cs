using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>
/// The broadcasts since the newest checkpoint, by which a lost shard is brought to the present. Nobody writes to their arrays.
/// </summary>
internal sealed class ReplayLog
{
    private readonly List<ArraySet> _broadcasts = [];

    /// <summary>The broadcast before the first one held: held are <see cref="After"/> + 1, + 2, ...</summary>
    public Round After { get; private set; }

    public int Count => _broadcasts.Count;

    public long Bytes { get; private set; }

    public void Clear(Round after)
    {
        _broadcasts.Clear();
        (After, Bytes) = (after, 0);
    }

    /// <summary>Adds the broadcast of the round after the last one held.</summary>
    public void Add(ArraySet broadcast)
    {
        _broadcasts.Add(broadcast);
        Bytes += broadcast.Bytes;
    }

    /// <summary>The broadcast of a round.</summary>
    public ArraySet this[Round round] => _broadcasts[(int)(round.Value - After.Value - 1)];

    /// <summary>Whether a shard in the state after this round can be brought to the present.</summary>
    public bool Reaches(Round round) => round >= After;

    /// <summary>Drops the broadcasts up to a round.</summary>
    public void DropUpTo(Round round)
    {
        var count = (int)long.Clamp(round.Value - After.Value, 0, _broadcasts.Count);
        Bytes -= _broadcasts.Take(count).Sum(b => b.Bytes);
        _broadcasts.RemoveRange(0, count);
        After = new Round(After.Value + count);
    }

    /// <summary>Whether it holds more than so many broadcasts or bytes; the one in hand is always kept.</summary>
    public bool Exceeds(long rounds, long bytes) => Count > 1 && (Count > rounds || Bytes > bytes);
}
