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
            var port = int.Parse(node.Option("--listen").Split(':')[1], CultureInfo.InvariantCulture);
            Assert.Equal("0.0.0.0", node.Option("--listen").Split(':')[0]);
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
            // Every problem is listed at once: that of the URLs, which are not given here, is the only one.
            var ran = await Checkout.Run(FitProgram.Path, [.. node.Arguments], ("FITCLUSTER_BROKER", ""), ("FITCLUSTER_STORE", ""));
            Assert.Equal(2, ran.ExitCode);
            Assert.StartsWith("fitcluster: 2 problems:", ran.Error, StringComparison.Ordinal);
            Assert.Contains("FITCLUSTER_BROKER", ran.Error, StringComparison.Ordinal);
            Assert.Contains("FITCLUSTER_STORE", ran.Error, StringComparison.Ordinal);
        }
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
    public async Task The_URLs_come_from_a_secret_and_the_data_cannot_be_written(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            foreach (var (variable, key) in new[] { ("FITCLUSTER_BROKER", "broker"), ("FITCLUSTER_STORE", "store") })
            {
                var from = node.Container["env"].Named(variable)["valueFrom"]["secretKeyRef"];
                Assert.Equal(("fitcluster-urls", key), (from["name"].Text, from["key"].Text));
            }

            Assert.Equal("true", Assert.Single(node.Container["volumeMounts"].Items, m => m["mountPath"].Text == "/data")["readOnly"].Text);
            // The only place where the program writes.
            Assert.Equal("/tmp", node.Container["env"].Named("TMPDIR")["value"].Text);
            Assert.True(node.Pod["volumes"].Named(
                Assert.Single(node.Container["volumeMounts"].Items, m => m["mountPath"].Text == "/tmp")["name"].Text)["emptyDir"].IsThere);
        }
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task A_rolling_update_starts_a_node_before_it_drains_one(string folder)
    {
        foreach (var node in (await Manifests.Render(folder)).Nodes)
        {
            var rolling = node.Document["spec"]["strategy"]["rollingUpdate"];
            Assert.Equal(("1", "0"), (rolling["maxSurge"].Text, rolling["maxUnavailable"].Text));
        }
    }

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
