using System.Globalization;
using FitCluster.Cli.Tests;
using FitCluster.Services;
using Xunit;
using Peer = FitCluster.Deploy.Tests.Kubernetes.NetworkRules.Peer;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>KEDA's ScaledObject: what it scales, by what.</summary>
public sealed class AutoscaleTests
{
    [Fact]
    public async Task Workers_are_scaled_and_their_manifest_has_no_number_of_its_own()
    {
        var manifests = await Manifests.Render("overlays/autoscale");
        var target = manifests.The("Deployment", Scaled(manifests)["spec"]["scaleTargetRef"]["name"].Text);
        Assert.False(target["spec"]["replicas"].IsThere);
        var worker = Assert.Single(manifests.Nodes, node => node.Document.Name == target.Name);
        // A coordinator that moves costs the whole job a pause; workers are what comes and goes.
        Assert.Equal("0", worker.Option("--coordinators"));
        var most = int.Parse(worker.Option("--capacity"), CultureInfo.InvariantCulture);
        // Were the wanted number of shards the capacity, full workers would never ask for another one.
        Assert.All(Scaled(manifests)["spec"]["triggers"].Items, t => Assert.InRange(Wanted(t), 1, most / 2));
    }

    [Fact]
    public async Task KEDA_may_ask_the_database()
    {
        var manifests = await Manifests.Render("overlays/autoscale");
        var rules = new NetworkRules(manifests.Of("NetworkPolicy"));
        var database = Assert.Single(manifests.Workloads, w => w.Document.Name == "postgres");
        Assert.True(rules.LetsIn(new Peer.Elsewhere("keda"), database.Labels, 5432));
        Assert.False(rules.LetsIn(new Peer.Elsewhere("default"), database.Labels, 5432));
        Assert.All(manifests.Nodes, node => Assert.False(rules.LetsIn(new Peer.Elsewhere("keda"), node.Labels, 4053)));
        Assert.All(
            Scaled(manifests)["spec"]["triggers"].Items,
            trigger => manifests.The("TriggerAuthentication", trigger["authenticationRef"]["name"].Text));
    }

    /// <summary>On the tables that the program makes: a queued job's shards are wanted, an ended job's are not.</summary>
    [Fact]
    public async Task The_query_counts_the_shards_of_jobs_that_have_not_ended()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var manifests = await Manifests.Render("overlays/autoscale");
        var query = Assert.Single(Scaled(manifests)["spec"]["triggers"].Items)["metadata"]["query"].Text;
        await using var database = await PostgresServer.StartNew();
        var store = await database.NewDatabase();
        FitProgram.RunProcess("list", "--store", store).Expect(0);
        Assert.Equal("0", (await database.Sql(store, query)).Trim());
        await database.Sql(store, """
            INSERT INTO fitcluster.jobs (job, spec, spec_hash, data_hash, shards, state, ended) VALUES
            ('queued', '', '', '', 5, 'Queued', NULL), ('running', '', '', '', 7, 'Running', NULL),
            ('done', '', '', '', 100, 'Converged', now())
            """);
        Assert.Equal("12", (await database.Sql(store, query)).Trim());
    }

    private static Yaml Scaled(Manifests manifests) => Assert.Single(manifests.Of("ScaledObject"));

    private static int Wanted(Yaml trigger) =>
        int.Parse(trigger["metadata"]["targetQueryValue"].Text, CultureInfo.InvariantCulture);
}
