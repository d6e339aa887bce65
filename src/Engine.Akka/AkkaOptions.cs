using System.Net;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Where a node listens and how it is protected.</summary>
public sealed record AkkaOptions
{
    /// <summary>
    /// Where it listens: the port of Akka; the links have the port after it. Port 0: two free ports.
    /// </summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>The name or address by which others reach it; null: what it listens on.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>The port by which others reach Akka (the links: the one after it); 0: the one it listens on.</summary>
    public int AdvertisedPort { get; init; }

    /// <summary>The certificates by which nodes know each other; null: none, and whoever reaches the ports can take part.</summary>
    public NodeCertificates? Certificates { get; init; }

    /// <summary>The program's version: nodes of another one are not joined.</summary>
    public required string Version { get; init; }

    /// <summary>How long actors may take to let go of what they have when the node leaves.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a node, as it last reported, cannot serve an actor, so that the actor has to go to another.</summary>
    public Func<NodeEntry, ActorAddress, bool>? CannotServe { get; init; }

    /// <summary>Actors that there always have to be: woken whenever a node has gone.</summary>
    public IReadOnlyList<ActorAddress> Permanent { get; init; } = [];

    /// <summary>
    /// Called when this process has become a member, before any other looks for a cluster to join: notes in the store where it is.
    /// </summary>
    public Func<Task>? Joined { get; init; }
}
