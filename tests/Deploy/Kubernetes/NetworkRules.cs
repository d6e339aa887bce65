using System.Globalization;
using System.Net;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>
/// What the NetworkPolicies of a namespace let through, by Kubernetes' rules: a pod that no policy selects is open, one
/// that some select has what any of them allows.
/// </summary>
internal sealed class NetworkRules(IReadOnlyList<Yaml> policies)
{
    /// <summary>The other end: a pod of this namespace, of another one, or an address outside.</summary>
    public abstract record Peer
    {
        public sealed record Here(IReadOnlyDictionary<string, string> Labels) : Peer;

        public sealed record Elsewhere(string Namespace) : Peer;

        public sealed record Outside(string Address) : Peer;
    }

    /// <summary>Whether a pod may open a connection to another pod of the namespace: both must agree.</summary>
    public bool Lets(IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to, int port) =>
        LetsOut(from, new Peer.Here(to), port) && LetsIn(new Peer.Here(from), to, port);

    public bool LetsOut(IReadOnlyDictionary<string, string> from, Peer to, int port, string protocol = "TCP") =>
        Allows("Egress", "egress", "to", from, to, port, protocol);

    public bool LetsIn(Peer from, IReadOnlyDictionary<string, string> to, int port) =>
        Allows("Ingress", "ingress", "from", to, from, port, "TCP");

    private bool Allows(
        string type, string rules, string ends, IReadOnlyDictionary<string, string> pod, Peer peer, int port, string protocol)
    {
        var selecting = policies.Where(
            p => p["spec"]["policyTypes"].Items.Any(t => t.Text == type) && Selector.Matches(p["spec"]["podSelector"], pod)).ToList();
        return selecting.Count == 0 || selecting.SelectMany(p => p["spec"][rules].Items).Any(rule =>
            (rule[ends].Items.Count == 0 || rule[ends].Items.Any(end => IsPeer(end, peer))) &&
            (rule["ports"].Items.Count == 0 || rule["ports"].Items.Any(p => IsPort(p, port, protocol))));
    }

    private static bool IsPort(Yaml rule, int port, string protocol)
    {
        var first = int.Parse(rule["port"].Text, CultureInfo.InvariantCulture);
        var last = rule["endPort"].IsThere ? int.Parse(rule["endPort"].Text, CultureInfo.InvariantCulture) : first;
        return port >= first && port <= last && rule["protocol"].Text == protocol;
    }

    private static bool IsPeer(Yaml end, Peer peer) => peer switch
    {
        Peer.Here here => end.Keys.ContainsKey("podSelector") && !end.Keys.ContainsKey("namespaceSelector") &&
            Selector.Matches(end["podSelector"], here.Labels),
        Peer.Elsewhere other => end.Keys.ContainsKey("namespaceSelector") && !end.Keys.ContainsKey("podSelector") &&
            Selector.Matches(
                end["namespaceSelector"], new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = other.Namespace }),
        Peer.Outside outside =>
            end.Keys.ContainsKey("ipBlock") && IPNetwork.Parse(end["ipBlock"]["cidr"].Text).Contains(IPAddress.Parse(outside.Address)) &&
            !end["ipBlock"]["except"].Items.Any(block => IPNetwork.Parse(block.Text).Contains(IPAddress.Parse(outside.Address))),
        _ => false,
    };
}
