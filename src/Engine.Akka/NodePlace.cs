using System.Globalization;
using System.Net;
using Akka.Actor;

namespace FitCluster.Engine;

/// <summary>Where others reach a node: its host, the port of Akka, and the port of the links. As text "host:port+port".</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port of Akka.</param>
/// <param name="LinkPort">The port of the links.</param>
internal readonly record struct NodePlace(string Host, int Port, int LinkPort)
{
    /// <summary>With its port it has to fit into a letter (<see cref="LetterFormat"/>).</summary>
    private const int LongestHost = byte.MaxValue - 6;

    /// <summary>How members are told apart: "host:port".</summary>
    public string Member => FormattableString.Invariant($"{Host}:{Port}");

    /// <summary>Where its links are answered.</summary>
    public DnsEndPoint Link => new(Host, LinkPort);

    /// <summary>How Akka names a member.</summary>
    public static string MemberOf(Address address) => FormattableString.Invariant($"{address.Host}:{address.Port}");

    /// <summary>The address by which Akka knows it.</summary>
    /// <param name="protocol">That of the own address.</param>
    public Address Address(string protocol) => new(protocol, AkkaSettings.SystemName, Host, Port);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Host}:{Port}+{LinkPort}");

    /// <summary>Reads the text; null when it is none.</summary>
    public static NodePlace? Parse(string text)
    {
        var plus = text.LastIndexOf('+');
        var colon = plus > 0 ? text.LastIndexOf(':', plus) : -1;
        return colon > 0 && colon <= LongestHost && IsHost(text[..colon]) && PortOf(text[(colon + 1)..plus]) is { } port &&
            PortOf(text[(plus + 1)..]) is { } link
                ? new NodePlace(text[..colon], port, link)
                : null;
    }

    private static bool IsHost(string host) => host.All(char.IsAscii) && Uri.CheckHostName(host) is not UriHostNameType.Unknown;

    private static int? PortOf(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : null;
}
