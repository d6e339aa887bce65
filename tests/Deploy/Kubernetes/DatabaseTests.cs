using System.Globalization;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>PostgreSQL, and its nightly dump.</summary>
public sealed class DatabaseTests
{
    /// <summary>The pool of a process (StoreUrl), and the connection that has the lock for joining.</summary>
    private const int ConnectionsByNode = 25;

    [Theory]
    [MemberData(nameof(Manifests.WithDatabase), MemberType = typeof(Manifests))]
    public async Task There_are_connections_for_all_nodes_and_a_verb_beside_each(string folder)
    {
        var manifests = await Manifests.Render(folder);
        var nodes = manifests.Nodes.Sum(node =>
            1 + (node.Document["spec"]["replicas"] is { IsThere: true } given ? int.Parse(given.Text, CultureInfo.InvariantCulture) : 0));
        nodes += manifests.Of("ScaledObject").Sum(
            scaled => int.Parse(scaled["spec"]["maxReplicaCount"].Text, CultureInfo.InvariantCulture));
        Assert.InRange(int.Parse(Setting(Database(manifests), "max_connections"), CultureInfo.InvariantCulture),
            (ConnectionsByNode * nodes) + 20, 5000);
    }

    [Theory]
    [MemberData(nameof(Manifests.WithDatabase), MemberType = typeof(Manifests))]
    public async Task Its_files_outlive_its_pod(string folder)
    {
        var database = Database(await Manifests.Render(folder));
        var claim = Assert.Single(database.Document["spec"]["volumeClaimTemplates"].Items).Name;
        var mount = Assert.Single(database.Container["volumeMounts"].Items, m => m["name"].Text == claim)["mountPath"].Text;
        // A folder below the mount: the mount itself may hold a file system's own things.
        Assert.StartsWith(mount + "/", database.Container["env"].Named("PGDATA")["value"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_production_only_TLS_is_taken_from_elsewhere()
    {
        var manifests = await Manifests.Render("overlays/production");
        var database = Database(manifests);
        Assert.Equal("on", Setting(database, "ssl"));
        var rules = manifests.ConfigMap("postgres-hba")["pg_hba.conf"].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.All(rules, rule => Assert.Equal("scram-sha-256", rule[^1]));
        Assert.All(rules.Where(rule => rule[0] == "host"), rule => Assert.Contains(rule[3], new[] { "127.0.0.1/32", "::1/128" }));
        Assert.Contains(rules, rule => rule[0] == "hostssl" && rule[3] == "all");
        foreach (var (setting, volume) in new[] { ("ssl_cert_file", "tls"), ("ssl_key_file", "tls"), ("hba_file", "hba") })
        {
            Assert.StartsWith(Assert.Single(database.Container["volumeMounts"].Items, m => m["name"].Text == volume)["mountPath"].Text +
                "/", Setting(database, setting), StringComparison.Ordinal);
        }

        // PostgreSQL refuses a key that everybody may read: 0440 and no more.
        Assert.Equal("288", database.Pod["volumes"].Named("tls")["secret"]["defaultMode"].Text);
    }

    [Fact]
    public async Task The_nightly_dump_has_the_version_of_the_database_and_checks_whom_it_talks_to()
    {
        var manifests = await Manifests.Render("overlays/production");
        var dump = Assert.Single(manifests.Workloads, w => w.Document.Kind == "CronJob");
        Assert.Equal(Database(manifests).Container["image"].Text, dump.Container["image"].Text);
        Assert.Equal("verify-full", dump.Container["env"].Named("PGSSLMODE")["value"].Text);
        Assert.Equal("Forbid", dump.Document["spec"]["concurrencyPolicy"].Text);
    }

    private static Workload Database(Manifests manifests) =>
        Assert.Single(manifests.Workloads, w => w.Labels["app.kubernetes.io/name"] == "postgres");

    private static string Setting(Workload database, string name) =>
        Assert.Single(database.Arguments, a => a.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
}
