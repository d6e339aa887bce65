namespace FitCluster.Engine;

/// <summary>What goes wrong, how often, and until when. Probabilities are from 0 to 1; all are 0 by default.</summary>
public sealed record SimulatedFaults
{
    /// <summary>Nothing goes wrong.</summary>
    public static SimulatedFaults None { get; } = new();

    /// <summary>From this virtual time on everything is reliable, and activations that are beside others end (forever).</summary>
    public TimeSpan Until { get; init; } = TimeSpan.MaxValue;

    /// <summary>A message is lost.</summary>
    public double Loss { get; init; }

    /// <summary>A message arrives twice.</summary>
    public double Duplicate { get; init; }

    /// <summary>A message (each copy by itself) is held up, by up to <see cref="LongestDelay"/>, and others overtake it.</summary>
    public double Delay { get; init; }

    /// <summary>See <see cref="Delay"/> (3 seconds).</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>An actor takes up to <see cref="LongestWork"/> over a message.</summary>
    public double SlowActor { get; init; }

    /// <summary>See <see cref="SlowActor"/> (3 seconds).</summary>
    public TimeSpan LongestWork { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>An actor vanishes while it handles a message: before it, after it, or after a part of its effects.</summary>
    public double CrashActor { get; init; }

    /// <summary>As <see cref="CrashActor"/>, with all actors of its node.</summary>
    public double CrashNode { get; init; }

    /// <summary>
    /// An actor that vanishes is only frozen: it wakes up later beside its successor, with the messages it had and copies of some that
    /// went to its successor, and goes on for a while, answering and saving.
    /// </summary>
    public double Zombie { get; init; }

    /// <summary>The longest a frozen activation sleeps, and the longest it then goes on (8 seconds).</summary>
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A store request fails, and has had no effect.</summary>
    public double StoreFails { get; init; }

    /// <summary>A store request is carried out, but said to have failed.</summary>
    public double StoreFailsAfterwards { get; init; }

    /// <summary>A store request is carried out and never answered.</summary>
    public double StoreAnswerLost { get; init; }

    /// <summary>A store request takes up to <see cref="LongestStore"/>.</summary>
    public double StoreSlow { get; init; }

    /// <summary>See <see cref="StoreSlow"/> (5 seconds).</summary>
    public TimeSpan LongestStore { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A part is written half, and the request said to have failed: garbage is left behind.</summary>
    public double StoreTorn { get; init; }

    /// <summary>With a store request, one bit of one stored part flips.</summary>
    public double StoreBitFlip { get; init; }
}
