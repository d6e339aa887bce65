namespace FitCluster.Engine;

/// <summary>What has happened in a simulation: a run in which nothing went wrong proves nothing.</summary>
public sealed class SimulatedCounts
{
    /// <summary>Things done.</summary>
    public long Steps { get; internal set; }

    /// <summary>Messages handled.</summary>
    public long Handled { get; internal set; }

    /// <summary>Messages lost.</summary>
    public long Lost { get; internal set; }

    /// <summary>Messages repeated.</summary>
    public long Duplicated { get; internal set; }

    /// <summary>Messages held up.</summary>
    public long Delayed { get; internal set; }

    /// <summary>Actors that vanished, zombies included.</summary>
    public long Crashes { get; internal set; }

    /// <summary>Nodes that vanished.</summary>
    public long NodeCrashes { get; internal set; }

    /// <summary>Actors that were frozen and woke beside their successors.</summary>
    public long Zombies { get; internal set; }

    /// <summary>Store requests that failed, were said to fail, or were never answered.</summary>
    public long StoreFaults { get; internal set; }
}
