using Xunit;
using Peer = FitCluster.Deploy.Tests.Kubernetes.NetworkRules.Peer;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>Who may talk to whom.</summary>
public sealed class NetworkTests
{
    private const string AnyServer = "93.184.216.34";

    /// <summary>Where clouds hand out credentials.</summary>
    private const string MetadataService = "169.254.169.254";

    private static readonly Peer.Here DataLoader =
        new(new Dictionary<string, string> { ["app.kubernetes.io/name"] = "data-loader" });

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Every_pod_is_under_a_policy_in_and_out(string folder)
    {
        var (manifests, rules) = await Load(folder);
        Assert.All(manifests.Workloads, workload =>
        {
            Assert.False(rules.LetsOut(workload.Labels, new Peer.Outside(MetadataService), 80));
            Assert.False(rules.LetsOut(workload.Labels, new Peer.Outside(AnyServer), 80));
            Assert.False(rules.LetsIn(new Peer.Elsewhere("default"), workload.Labels, 22));
        });
    }

    [Theory]
    [MemberData(nameof(Manifests.WithDatabase), MemberType = typeof(Manifests))]
    public async Task Nodes_reach_the_database_and_nobody_else_does(string folder)
    {
        var (manifests, rules) = await Load(folder);
        var database = Assert.Single(manifests.Workloads, w => w.Labels["app.kubernetes.io/name"] == "postgres");
        var target = manifests.The("Service", "postgres")["spec"]["ports"].Items[0]["targetPort"].Text;
        var port = int.Parse(
            database.Container["ports"].Named(target)["containerPort"].Text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.All(manifests.Nodes, node => Assert.True(rules.Lets(node.Labels, database.Labels, port), $"{node.Name} -> {port}"));
        Assert.False(rules.LetsIn(new Peer.Elsewhere("default"), database.Labels, port));
        Assert.False(rules.LetsIn(DataLoader, database.Labels, port));
        Assert.False(rules.LetsOut(database.Labels, new Peer.Elsewhere("kube-system"), 53, "UDP"));
        Assert.All(manifests.Nodes, node => Assert.False(rules.Lets(database.Labels, node.Labels, 4053)));
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Nodes_reach_each_other_at_both_ports_and_nobody_else_reaches_them(string folder)
    {
        var (manifests, rules) = await Load(folder);
        Assert.All(manifests.Nodes, node => Assert.All(new[] { 4053, 4054 }, port =>
        {
            Assert.All(manifests.Nodes, other => Assert.True(rules.Lets(node.Labels, other.Labels, port), $"{node.Name} -> {port}"));
            Assert.False(rules.LetsIn(new Peer.Elsewhere("default"), node.Labels, port));
            Assert.False(rules.LetsIn(new Peer.Elsewhere("kube-system"), node.Labels, port));
            Assert.False(rules.LetsIn(DataLoader, node.Labels, port));
        }));
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Nodes_have_names_resolved_and_send_metrics_and_are_asked_for_their_health_only(string folder)
    {
        var (manifests, rules) = await Load(folder);
        Assert.All(manifests.Nodes, node =>
        {
            Assert.True(rules.LetsOut(node.Labels, new Peer.Elsewhere("kube-system"), 53, "UDP"));
            Assert.True(rules.LetsOut(node.Labels, new Peer.Elsewhere("observability"), 4317));
            Assert.False(rules.LetsOut(node.Labels, new Peer.Elsewhere("default"), 4317));
            Assert.True(rules.LetsIn(new Peer.Elsewhere("kube-system"), node.Labels, 8080));
            Assert.False(rules.LetsIn(new Peer.Elsewhere("kube-system"), node.Labels, 22));
            Assert.All(manifests.Nodes, other => Assert.False(rules.Lets(node.Labels, other.Labels, 8080)));
        });
    }

    [Fact]
    public async Task With_a_database_elsewhere_nodes_reach_it()
    {
        var (manifests, rules) = await Load("overlays/external-store");
        Assert.Empty(manifests.Of("StatefulSet"));
        Assert.All(manifests.Nodes, node => Assert.True(rules.LetsOut(node.Labels, new Peer.Outside(AnyServer), 5432)));
    }

    [Fact]
    public async Task The_nightly_dump_reaches_the_database()
    {
        var (manifests, rules) = await Load("overlays/production");
        var dump = Assert.Single(manifests.Workloads, w => w.Document.Kind == "CronJob");
        var database = Assert.Single(manifests.Workloads, w => w.Labels["app.kubernetes.io/name"] == "postgres").Labels;
        Assert.True(rules.Lets(dump.Labels, database, 5432));
        Assert.True(rules.LetsOut(dump.Labels, new Peer.Elsewhere("kube-system"), 53, "UDP"));
    }

    [Fact]
    public async Task Data_from_a_bucket_need_a_component_that_opens_https_but_not_the_metadata_service()
    {
        var (manifests, without) = await Load("base");
        var policies = Yaml.Parse(Checkout.Read("deploy/k8s/components/object-storage/network.yaml"));
        var with = new NetworkRules([.. manifests.Of("NetworkPolicy"), .. policies]);
        Assert.All(manifests.Nodes, node =>
        {
            Assert.False(without.LetsOut(node.Labels, new Peer.Outside(AnyServer), 443));
            Assert.True(with.LetsOut(node.Labels, new Peer.Outside(AnyServer), 443));
            Assert.False(with.LetsOut(node.Labels, new Peer.Outside(MetadataService), 443));
        });
    }

    private static async Task<(Manifests Manifests, NetworkRules Rules)> Load(string folder)
    {
        var manifests = await Manifests.Render(folder);
        return (manifests, new NetworkRules(manifests.Of("NetworkPolicy")));
    }
}
