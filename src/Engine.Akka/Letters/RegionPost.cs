using Akka.Actor;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Sends letters by sharding's region: what comes before there is one waits for it, and what is too large for it waits until the receiver's
/// place is known. Thread-safe.
/// </summary>
/// <param name="now">A clock.</param>
internal sealed class RegionPost(Func<TimeSpan> now)
{
    /// <summary>What is larger does not go by the region: Akka's one connection has its heartbeats to carry.</summary>
    private const int MostRegionBytes = 256 << 10;

    private readonly HeldLetters _held = new(now);
    private readonly Queue<Letter> _early = new();
    private IActorRef? _region;

    /// <summary>There is a region: what waited for it goes.</summary>
    /// <param name="region">The region.</param>
    /// <param name="me">This node.</param>
    public void Begin(IActorRef region, string me)
    {
        lock (_early)
        {
            Volatile.Write(ref _region, region);
            while (_early.TryDequeue(out var letter))
            {
                Send(letter, me);
            }
        }
    }

    /// <summary>Sends a letter.</summary>
    /// <param name="letter">The letter.</param>
    /// <param name="me">This node.</param>
    public void Send(Letter letter, string me)
    {
        if (Volatile.Read(ref _region) is not { } region)
        {
            Keep(letter, me);
        }
        else if (letter.Frame.Length <= MostRegionBytes)
        {
            region.Tell(letter, ActorRefs.NoSender);
        }
        else if (_held.Add(letter))
        {
            // Whoever hosts it says so.
            region.Tell(Letter.Wake(letter.To, me), ActorRefs.NoSender);
        }
    }

    /// <summary>The large letters that wait for an actor, which wait no longer.</summary>
    public IReadOnlyList<Letter> TakeHeld(ActorAddress to) => _held.Take(to);

    private void Keep(Letter letter, string me)
    {
        lock (_early)
        {
            if (_region is null)
            {
                _early.Enqueue(letter);
                return;
            }
        }

        Send(letter, me);
    }
}
