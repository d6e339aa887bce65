using System.Diagnostics;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A network namespace with one cable to the machine, which can be cut.</summary>
internal sealed class CutNetwork : IAsyncDisposable
{
    private readonly string _cable;

    private CutNetwork(int number) =>
        (Name, _cable, HostAddress, Inside) = ($"fit{number}", $"fitv{number}", $"10.213.{number}.1", $"10.213.{number}.2");

    public string Name { get; }

    public string HostAddress { get; }

    private string Inside { get; }

    public static async Task<CutNetwork> Create()
    {
        var network = new CutNetwork(Environment.ProcessId % 250);
        Assert.SkipUnless(File.Exists("/usr/sbin/ip") && await network.Ip("netns", "add", network.Name),
            "network namespaces are not to be had here (root and iproute2)");
        foreach (var step in new[]
        {
            $"link add {network._cable} type veth peer name {network._cable}p",
            $"link set {network._cable}p netns {network.Name}",
            $"addr add {network.HostAddress}/24 dev {network._cable}",
            $"link set {network._cable} up",
            $"-n {network.Name} addr add {network.Inside}/24 dev {network._cable}p",
            $"-n {network.Name} link set {network._cable}p up",
            $"-n {network.Name} link set lo up",
        })
        {
            Assert.True(await network.Ip(step.Split(' ')), $"ip {step}");
        }

        return network;
    }

    public Task Cut() => Ip("link", "set", _cable, "down");

    public Task Heal() => Ip("link", "set", _cable, "up");

    public async ValueTask DisposeAsync()
    {
        await Ip("link", "del", _cable);
        await Ip("netns", "del", Name);
    }

    private async Task<bool> Ip(params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
