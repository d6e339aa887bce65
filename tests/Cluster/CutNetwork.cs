using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Network namespaces, each with a cable to one switch, which is the machine's; cables can be pulled, and ways between two cut.
/// </summary>
internal sealed class CutNetwork : IAsyncDisposable
{
    private readonly int _number = Environment.ProcessId % 250;
    private readonly int _members;

    private CutNetwork(int members) => _members = members;

    /// <summary>The machine's own address.</summary>
    public string HostAddress => Address(0);

    private string Switch => $"fitsw{_number}";

    public static async Task<CutNetwork> Create(int members)
    {
        var network = new CutNetwork(members);
        Assert.SkipUnless(
            File.Exists("/usr/sbin/ip") && await network.Ip($"link add {network.Switch} type bridge"),
            "network namespaces are not to be had here (root and iproute2)");
        await network.Must($"addr add {network.HostAddress}/24 dev {network.Switch}");
        await network.Must($"link set {network.Switch} up");
        for (var m = 1; m <= members; m++)
        {
            var (space, cable) = (network.NameOf(m), network.Cable(m));
            await network.Must($"netns add {space}");
            await network.Must($"link add {cable} type veth peer name {cable}p");
            await network.Must($"link set {cable}p netns {space}");
            await network.Must($"link set {cable} master {network.Switch}");
            await network.Must($"link set {cable} up");
            await network.Must($"-n {space} addr add {network.Address(m)}/24 dev {cable}p");
            await network.Must($"-n {space} link set {cable}p up");
            await network.Must($"-n {space} link set lo up");
        }

        return network;
    }

    /// <summary>Starts a node in a namespace (from 1); 0: on the machine itself.</summary>
    public Task<string> StartNode(TestCluster cluster, int member) => cluster.StartNodeIn(
        member == 0 ? ["env"] : ["ip", "netns", "exec", NameOf(member)],
        "--listen", string.Create(CultureInfo.InvariantCulture, $"{Address(member)}:{(member == 0 ? TestCluster.FreePorts() : 4053)}"),
        "--insecure");

    /// <summary>Pulls a member's cable.</summary>
    public Task Cut(int member) => Must($"link set {Cable(member)} down");

    public Task Heal(int member) => Must($"link set {Cable(member)} up");

    /// <summary>Neither of two members reaches the other any more, silently: each sends what is for the other to nobody.</summary>
    public async Task CutBetween(int one, int other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            await Must($"-n {NameOf(from)} neigh replace {Address(to)} lladdr 02:00:00:00:00:99 nud permanent dev {Cable(from)}p");
        }
    }

    public async Task HealBetween(int one, int other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            await Must($"-n {NameOf(from)} neigh del {Address(to)} dev {Cable(from)}p");
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var m = 1; m <= _members; m++)
        {
            await Ip($"link del {Cable(m)}");
            await Ip($"netns del {NameOf(m)}");
        }

        await Ip($"link del {Switch}");
    }

    private string Address(int member) => $"10.213.{_number}.{member + 1}";

    private string NameOf(int member) => $"fit{_number}-{member}";

    private string Cable(int member) => $"fitv{_number}-{member}";

    private async Task Must(string arguments) => Assert.True(await Ip(arguments), $"ip {arguments}");

    private async Task<bool> Ip(string arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("ip", arguments.Split(' ')) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
