using System.Globalization;
using System.Text.RegularExpressions;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>RabbitMQ: its configuration is what the engine needs, and its numbers fit together.</summary>
public sealed partial class BrokerTests
{
    private const long Year = 365L * 24 * 3600 * 1000;

    [Theory]
    [MemberData(nameof(Manifests.WithServices), MemberType = typeof(Manifests))]
    public async Task A_lease_may_be_held_for_a_year(string folder) =>
        Assert.InRange(
            long.Parse(Setting(await Manifests.Render(folder), "consumer_timeout"), CultureInfo.InvariantCulture), Year, long.MaxValue);

    [Theory]
    [MemberData(nameof(Manifests.WithServices), MemberType = typeof(Manifests))]
    public async Task The_alarm_of_memory_comes_before_the_limit_of_the_container(string folder)
    {
        var manifests = await Manifests.Render(folder);
        var limit = Manifests.Quantity(Broker(manifests).Container["resources"]["limits"]["memory"].Text);
        Assert.InRange(Manifests.Quantity(Setting(manifests, "vm_memory_high_watermark.absolute")), 0.4 * limit, 0.65 * limit);
        var disk = Manifests.Quantity(
            Broker(manifests).Document["spec"]["volumeClaimTemplates"].Items[0]["spec"]["resources"]["requests"]["storage"].Text);
        Assert.InRange(Manifests.Quantity(Setting(manifests, "disk_free_limit.absolute")), 0.01 * disk, 0.9 * disk);
    }

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/production")]
    [InlineData("overlays/autoscale")]
    public async Task Three_brokers_name_each_other_and_one_may_be_lost(string folder)
    {
        var manifests = await Manifests.Render(folder);
        var broker = Broker(manifests);
        Assert.Equal("3", broker.Document["spec"]["replicas"].Text);
        var named = Lines(manifests).Where(line => line.Key.StartsWith("cluster_formation.classic_config.nodes.", StringComparison.Ordinal))
            .Select(line => line.Value);
        var name = broker.Container["env"].Named("RABBITMQ_NODENAME")["value"].Text;
        Assert.Equal(Enumerable.Range(0, 3).Select(
            n => name.Replace("$(POD_NAME)", $"{broker.Document.Name}-{n}", StringComparison.Ordinal)), named);
        Assert.EndsWith("." + broker.Document["spec"]["serviceName"].Text, name, StringComparison.Ordinal);
        var headless = manifests.The("Service", broker.Document["spec"]["serviceName"].Text)["spec"];
        Assert.Equal(("None", "true"), (headless["clusterIP"].Text, headless["publishNotReadyAddresses"].Text));
        Assert.Equal("pause_minority", Setting(manifests, "cluster_partition_handling"));
        Assert.Equal("3", Setting(manifests, "quorum_queue.continuous_membership_reconciliation.target_group_size"));
        Assert.Equal("1", Assert.Single(
            manifests.Of("PodDisruptionBudget"), b => broker.IsSelectedBy(b["spec"]["selector"]))["spec"]["maxUnavailable"].Text);
    }

    [Fact]
    public async Task In_production_no_two_brokers_share_a_machine() => Assert.Equal(
        "DoNotSchedule",
        Assert.Single(Broker(await Manifests.Render("overlays/production")).Pod["topologySpreadConstraints"].Items,
            s => s["topologyKey"].Text == "kubernetes.io/hostname")["whenUnsatisfiable"].Text);

    [Fact]
    public async Task One_broker_waits_for_nobody()
    {
        var manifests = await Manifests.Render("overlays/small");
        Assert.Equal("1", Broker(manifests).Document["spec"]["replicas"].Text);
        Assert.False(Broker(manifests).Container["lifecycle"].IsThere);
        Assert.DoesNotContain(Lines(manifests), line => line.Key.StartsWith("cluster_formation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broker_has_time_for_what_it_does_before_it_stops()
    {
        var broker = Broker(await Manifests.Render("base"));
        var waits = SecondsPattern().Matches(broker.Container["lifecycle"]["preStop"]["exec"]["command"].Items[^1].Text).Sum(
            m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.InRange(int.Parse(broker.Pod["terminationGracePeriodSeconds"].Text, CultureInfo.InvariantCulture), waits + 20, 3600);
    }

    [Theory]
    [MemberData(nameof(Manifests.WithServices), MemberType = typeof(Manifests))]
    public async Task The_cookie_is_a_file_that_its_owner_alone_can_read(string folder)
    {
        var first = Assert.Single(Broker(await Manifests.Render(folder)).Pod["initContainers"].Items);
        Assert.Contains("chmod 600 /var/lib/rabbitmq/.erlang.cookie", first["command"].Items[^1].Text, StringComparison.Ordinal);
        Assert.Contains(first["volumeMounts"].Items, mount => mount["mountPath"].Text == "/var/lib/rabbitmq");
    }

    [Fact]
    public async Task In_production_only_TLS_is_taken()
    {
        var manifests = await Manifests.Render("overlays/production");
        var broker = Broker(manifests);
        Assert.Equal("none", Setting(manifests, "listeners.tcp"));
        var port = Setting(manifests, "listeners.ssl.default");
        Assert.Equal(port, broker.Container["ports"].Named("amqp")["containerPort"].Text);
        Assert.Equal(port, manifests.The("Service", "rabbitmq")["spec"]["ports"].Named("amqp")["port"].Text);
        var mount = Assert.Single(broker.Container["volumeMounts"].Items, m => m["name"].Text == "tls")["mountPath"].Text;
        Assert.Equal([$"{mount}/ca.crt", $"{mount}/tls.crt", $"{mount}/tls.key"],
            new[] { "cacertfile", "certfile", "keyfile" }.Select(key => Setting(manifests, $"ssl_options.{key}")));
    }

    /// <summary>A real broker of this machine starts with it, and has the settings.</summary>
    [Fact]
    public async Task A_broker_takes_the_configuration()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var conf = (await Manifests.Render("overlays/small")).ConfigMap("rabbitmq-conf")
            .Where(file => file.Key.EndsWith(".conf", StringComparison.Ordinal)).Select(file => file.Value);
        await using var broker = await RabbitServer.StartNew(extraConfiguration: string.Join("\n", conf));
        Assert.Equal($"{{ok,{Year}}}", (await broker.Control("-q", "eval", "application:get_env(rabbit, consumer_timeout).")).Trim());
        Assert.Contains("600MB", await broker.Control("-q", "eval", "application:get_env(rabbit, vm_memory_high_watermark)."),
            StringComparison.Ordinal);
        Assert.Equal(
            "{ok,ignore}", (await broker.Control("-q", "eval", "application:get_env(rabbit, cluster_partition_handling).")).Trim());
    }

    [Fact]
    public async Task At_their_first_start_the_other_brokers_wait_for_the_first_one()
    {
        var manifests = await Manifests.Render("base");
        var script = Assert.Single(Broker(manifests).Pod["initContainers"].Items)["command"].Items[^1].Text;
        var first = $"{Broker(manifests).Document.Name}-0";
        Assert.Contains($"\"$POD_NAME\" != {first} ", script, StringComparison.Ordinal);
        var service = Broker(manifests).Document["spec"]["serviceName"].Text;
        var port = Broker(manifests).Container["ports"].Named("distribution")["containerPort"].Text;
        Assert.Contains($"/dev/tcp/{first}.{service}/{port})", script, StringComparison.Ordinal);
        Assert.Contains("! -d /var/lib/rabbitmq/mnesia", script, StringComparison.Ordinal);
        Assert.Equal("Parallel", Broker(manifests).Document["spec"]["podManagementPolicy"].Text);
    }

    private static Workload Broker(Manifests manifests) =>
        Assert.Single(manifests.Workloads, w => w.Labels["app.kubernetes.io/name"] == "rabbitmq");

    private static string Setting(Manifests manifests, string key) => Assert.Single(Lines(manifests), line => line.Key == key).Value;

    private static List<KeyValuePair<string, string>> Lines(Manifests manifests) =>
    [
        .. from file in manifests.ConfigMap("rabbitmq-conf")
           where file.Key.EndsWith(".conf", StringComparison.Ordinal)
           orderby file.Key
           from line in file.Value.Split('\n')
           where line.Contains('=', StringComparison.Ordinal) && line[0] != '#'
           let parts = line.Split('=', 2, StringSplitOptions.TrimEntries)
           select KeyValuePair.Create(parts[0], parts[1]),
    ];

    [GeneratedRegex("-t ([0-9]+)")]
    private static partial Regex SecondsPattern();
}
