using System.Net;

namespace FitCluster.Node;

/// <summary>What a node is told when it is started.</summary>
internal sealed record NodeOptions
{
    /// <summary>The URL or the file by whose form the store is chosen.</summary>
    public required string Store { get; init; }

    public required string Name { get; init; }

    /// <summary>The most shards.</summary>
    public int Capacity { get; init; }

    /// <summary>The most coordinators; 0: this node only works.</summary>
    public int Coordinators { get; init; }

    public int Threads { get; init; }

    /// <summary>Where /healthz is; null: nowhere.</summary>
    public IPEndPoint? Health { get; init; }

    /// <summary>Where other nodes are answered; port 0: free ones.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The host by which others reach this node; null: what it listens on.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>The port by which others reach this node; 0: what it listens on.</summary>
    public int AdvertisedPort { get; init; }

    /// <summary>The folder with the certificates by which nodes know each other; null: none.</summary>
    public string? Tls { get; init; }

    /// <summary>How long handing over may take.</summary>
    public TimeSpan Drain { get; init; }
}
