using System.Net;

namespace FitCluster.Node;

/// <summary>What a node is told when it is started.</summary>
internal sealed record NodeOptions
{
    /// <summary>The URL by whose scheme the engine is chosen.</summary>
    public required string Broker { get; init; }

    /// <summary>The URL by whose scheme the store is chosen.</summary>
    public required string Store { get; init; }

    public required string Name { get; init; }

    /// <summary>The most shards.</summary>
    public int Capacity { get; init; }

    /// <summary>The most coordinators; 0: this node only works.</summary>
    public int Coordinators { get; init; }

    public int Threads { get; init; }

    /// <summary>Where /healthz is; null: nowhere.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>How long handing over may take.</summary>
    public TimeSpan Drain { get; init; }
}
