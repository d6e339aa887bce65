using System.Net;
using System.Net.Sockets;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>What a node is told wrongly, or finds wrong: one sentence each, and the others go on.</summary>
public sealed class NodeInputTests
{
    [Fact]
    public void Options_that_cannot_be_meant_are_refused_at_once()
    {
        var store = Path.Combine(Path.GetTempPath(), $"fitcluster-{Guid.NewGuid():N}.db");
        foreach (var (more, words) in new (string[], string)[]
        {
            (["--capacity", "0", "--coordinators", "0"], "leave this node nothing to do"),
            (["--broker", "amqp://fit:s3cret@127.0.0.1/"], "there is no --broker any more: nodes find each other by --store"),
            (["--listen", "0.0.0.0:4053"], "--listen 0.0.0.0:4053 answers the network: give --tls FOLDER, or say --insecure"),
            (["--listen", "0.0.0.0:4053", "--insecure"], "say by --advertise which one others reach"),
            (["--tls", "/nowhere"], "'/nowhere/ca.crt' does not exist"),
        })
        {
            var ran = FitProgram.RunProcess(["node", "--store", store, .. more]).ExpectBadInput(words);
            Refusals.CheckNoPassword(ran.Error);
        }

        Assert.False(File.Exists(store));
    }

    [Fact]
    public async Task Ports_names_addresses_and_versions_that_others_have_or_cannot_reach_are_said()
    {
        await using var cluster = await TestCluster.Start(1);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var unreached = TestCluster.FreePorts();
        var same = FitProgram.Start("node", "--name", "n1", "--store", cluster.StoreUrl);
        var used = FitProgram.Start("node", "--name", "used", "--store", cluster.StoreUrl, "--listen", $"127.0.0.1:{port}");
        var linkUsed = FitProgram.Start("node", "--name", "link", "--store", cluster.StoreUrl, "--listen", $"127.0.0.1:{port - 1}");
        var apart = FitProgram.Start(
            "node", "--name", "apart", "--store", cluster.StoreUrl, "--listen", $"127.0.0.1:{TestCluster.FreePorts()}", "--advertise",
            $"127.0.0.1:{unreached}");
        foreach (var (node, words) in new[]
        {
            (same, "there is a node of the name n1 already"), (used, $"port 127.0.0.1:{port} cannot be used"),
            (linkUsed, $"the links' port 127.0.0.1:{port} cannot be used"),
            (apart, $"node apart says that it is at 127.0.0.1:{unreached + 1}, where node n1 cannot reach it"),
        })
        {
            Refusals.Check(FitProgram.Wait(node, "node").Expect(4), words);
        }

        Assert.Contains(
            $"node apart says that it is at 127.0.0.1:{unreached + 1}, where node n1 cannot reach it", cluster.ErrorOf("n1"),
            StringComparison.Ordinal);
        // Another version: as one says hello.
        var place = NodePort(await cluster.Store.Nodes(), "n1");
        await HostileBytes.Send(place, [HostileBytes.Hello("old", "127.0.0.1:1+2", "0.0.7")]);
        await TestCluster.Until(() => cluster.Said("n1", "node old runs FitCluster 0.0.7, node n1 runs"), "the other version was not said");
        Assert.True(cluster.IsUp("n1"));
    }

    [Fact]
    public void A_store_in_a_file_that_cannot_be_used_is_said()
    {
        var folder = Directory.CreateTempSubdirectory("fitcluster-store-").FullName;
        var other = Path.Combine(folder, "notes.db");
        File.WriteAllText(other, "these are my notes, and no database at all; they are long enough for a header of one");
        FitProgram.RunProcess("node", "--store", other).ExpectBadInput(other);
        Assert.StartsWith("these are my notes", File.ReadAllText(other), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static int NodePort(IReadOnlyList<NodeEntry> nodes, string name) =>
        int.Parse(nodes.First(n => n.Name == name).Address.Split('+')[1], System.Globalization.CultureInfo.InvariantCulture);
}
