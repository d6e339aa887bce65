using System.Globalization;
using System.Text.RegularExpressions;
using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>The Deployments of `fitcluster node`.</summary>
public sealed partial class NodeTests
{
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Probes_ask_where_the_program_answers(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var port = int.Parse(node.Option("--health").Split(':')[1], CultureInfo.InvariantCulture);
            Assert.Equal("*", node.Option("--health").Split(':')[0]);
            foreach (var (probe, path) in new[] { ("livenessProbe", "/healthz/live"), ("readinessProbe", "/healthz/ready") })
            {
                var get = node.Container[probe]["httpGet"];
                Assert.Equal(path, get["path"].Text);
                Assert.Equal($"{port}", node.Container["ports"].Named(get["port"].Text)["containerPort"].Text);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task The_grace_period_is_longer_than_a_drain(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var drain = int.Parse(node.Option("--drain-seconds"), CultureInfo.InvariantCulture);
            Assert.True(int.Parse(node.Pod["terminationGracePeriodSeconds"].Text, CultureInfo.InvariantCulture) >= drain + 20, node.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task The_program_takes_the_arguments(string folder)
    {
        var help = FitProgram.RunProcess("node", "--help").Expect(0).Output;
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            Assert.Equal("node", node.Arguments[0]);
            Assert.All(node.Arguments.Where(a => a.StartsWith("--", StringComparison.Ordinal)),
                option => Assert.Contains(option + " ", help, StringComparison.Ordinal));
            // Every problem is listed at once: that of the store, which is not given here, is the only one.
            var arguments = node.Arguments.Select(text => text.Replace("$(POD_IP)", "10.1.2.3", StringComparison.Ordinal));
            var ran = await Checkout.Run(FitProgram.Path, [.. arguments], ("FITCLUSTER_STORE", ""));
            Assert.Equal(2, ran.ExitCode);
            Assert.Contains("FITCLUSTER_STORE", Assert.Single(ran.Error.Trim().Split('\n')), StringComparison.Ordinal);
        }
    }

    /// <summary>Others reach a node at its pod's address, at the two ports that its container and the headless service name.</summary>
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Nodes_are_reached_at_their_pods_addresses(string folder)
    {
        var manifests = await Manifests.Render(folder);
        var service = manifests.The("Service", "fitcluster-nodes")["spec"];
        Assert.Equal(("None", "true"), (service["clusterIP"].Text, service["publishNotReadyAddresses"].Text));
        foreach (var node in manifests.Nodes)
        {
            Assert.Equal("status.podIP", node.Container["env"].Named("POD_IP")["valueFrom"]["fieldRef"]["fieldPath"].Text);
            Assert.Equal("$(POD_IP):4053", node.Option("--advertise"));
            Assert.Equal("*:4053", node.Option("--listen"));
            foreach (var (name, port) in new[] { ("akka", "4053"), ("links", "4054") })
            {
                Assert.Equal(port, node.Container["ports"].Named(name)["containerPort"].Text);
                Assert.Equal((port, name), (service["ports"].Named(name)["port"].Text, service["ports"].Named(name)["targetPort"].Text));
            }
        }
    }

    /// <summary>Without certificates the ports are open to nodes alone (NetworkTests); with them each node has its own.</summary>
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task In_production_nodes_have_certificates(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var isTls = folder == "overlays/production";
            Assert.Equal((isTls, !isTls), (node.Arguments.Contains("--tls"), node.Arguments.Contains("--insecure")));
            if (isTls)
            {
                var mount = Assert.Single(node.Container["volumeMounts"].Items, m => m["name"].Text == "tls")["mountPath"].Text;
                var files = node.Pod["volumes"].Named("tls")["projected"]["sources"].Items.Select(s => s["secret"])
                    .Where(secret => secret["name"].Text == "fitcluster-tls").SelectMany(secret => secret["items"].Items)
                    .Select(item => $"{mount}/{item["path"].Text}");
                Assert.Equal(new[] { "ca.crt", "tls.crt", "tls.key" }.Select(file => $"{node.Option("--tls")}/{file}"), files);
            }
        }
    }

    /// <summary>The component, in an overlay of one's own that changes no arguments.</summary>
    [Fact]
    public async Task The_component_of_TLS_puts_certificates_in_the_place_of_insecure()
    {
        Assert.Equal("--insecure", (await Manifests.Render("base")).Nodes[0].Arguments[1]);
        var patch = Yaml.Parse(Checkout.Read("deploy/k8s/components/tls/nodes.yaml"))[0].Items;
        Assert.Equal(
            ["test /spec/template/spec/containers/0/args/1 --insecure", "replace /spec/template/spec/containers/0/args/1 --tls",
                "add /spec/template/spec/containers/0/args/2 /etc/fitcluster/tls"],
            patch.Take(3).Select(step => $"{step["op"].Text} {step["path"].Text} {step["value"].Text}"));
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Some_node_hosts_coordinators_and_some_node_hosts_shards(string folder)
    {
        var nodes = (await Manifests.Render(folder)).Nodes;
        Assert.Contains(nodes, node => node.Option("--coordinators") != "0");
        Assert.Contains(nodes, node => node.Option("--capacity") != "0");
        Assert.All(nodes.Where(node => node.Labels["app.kubernetes.io/component"] == "worker"),
            worker => Assert.Equal("0", worker.Option("--coordinators")));
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Two_nodes_at_least_host_coordinators(string folder) => Assert.All(
        (await Manifests.Render(folder)).Nodes.Where(node => node.Option("--coordinators") != "0"),
        node => Assert.InRange(int.Parse(node.Document["spec"]["replicas"].Text, CultureInfo.InvariantCulture), 2, 1000));

    [Fact]
    public async Task In_production_a_shard_cannot_take_a_coordinator_with_it() => Assert.All(
        (await Manifests.Render("overlays/production")).Nodes,
        node => Assert.True((node.Option("--coordinators") == "0") != (node.Option("--capacity") == "0"), node.Name));

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task The_URL_comes_from_a_secret_and_the_data_cannot_be_written(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var from = node.Container["env"].Named("FITCLUSTER_STORE")["valueFrom"]["secretKeyRef"];
            Assert.Equal(("fitcluster-urls", "store"), (from["name"].Text, from["key"].Text));
            Assert.Equal("true", Assert.Single(node.Container["volumeMounts"].Items, m => m["mountPath"].Text == "/data")["readOnly"].Text);
            // The only place where the program writes.
            Assert.Equal("/tmp", node.Container["env"].Named("TMPDIR")["value"].Text);
            Assert.True(node.Pod["volumes"].Named(
                Assert.Single(node.Container["volumeMounts"].Items, m => m["mountPath"].Text == "/tmp")["name"].Text)["emptyDir"].IsThere);
        }
    }

    /// <summary>Nodes that run refuse those of another version: beside them a new one would never be ready.</summary>
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task An_upgrade_drains_all_nodes_before_it_starts_one(string folder) => Assert.All(
        (await Manifests.Render(folder)).Nodes, node => Assert.Equal("Recreate", node.Document["spec"]["strategy"]["type"].Text));

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task The_image_has_the_version_of_the_program(string folder)
    {
        var version = VersionPattern().Match(Checkout.Read("Directory.Build.props")).Groups[1].Value;
        Assert.All((await Manifests.Render(folder)).Nodes,
            node => Assert.Matches($"(^|/)fitcluster:{Regex.Escape(version)}$", node.Container["image"].Text));
    }

    /// <summary>Threads are as many as the cores a node may use: a half of one would be rounded up, and throttled.</summary>
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Nodes_have_whole_cores_and_the_memory_they_ask_for(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var resources = node.Container["resources"];
            Assert.Equal(0, Manifests.Quantity(resources["limits"]["cpu"].Text) % 1);
            Assert.Equal(resources["requests"]["cpu"].Text, resources["limits"]["cpu"].Text);
            Assert.Equal(resources["requests"]["memory"].Text, resources["limits"]["memory"].Text);
        }
    }

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex VersionPattern();
}
