namespace FitCluster.Node;

/// <summary>What a node is told on its command line.</summary>
internal sealed record NodeOptions
{
    public required string Broker { get; init; }

    public required string Store { get; init; }

    public required string Name { get; init; }

    /// <summary>The most shards.</summary>
    public int Capacity { get; init; }

    /// <summary>The most coordinators; 0: this node only works.</summary>
    public int Coordinators { get; init; }

    public int Threads { get; init; }

    /// <summary>Where /healthz is; null: nowhere.</summary>
    public string? Listen { get; init; }

    public TimeSpan Drain { get; init; }
}
