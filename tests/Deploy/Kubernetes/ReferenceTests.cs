using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>Names that must agree: what a manifest refers to is there.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Selectors_select_the_pods_they_are_for(string folder)
    {
        var manifests = await Manifests.Render(folder);
        foreach (var workload in manifests.Workloads.Where(w => w.Document["spec"]["selector"].IsThere))
        {
            Assert.Equal(
                [workload.Name], manifests.Workloads.Where(w => w.IsSelectedBy(workload.Document["spec"]["selector"])).Select(w => w.Name));
            Assert.All(workload.Pod["topologySpreadConstraints"].Items,
                spread => Assert.True(workload.IsSelectedBy(spread["labelSelector"]), workload.Name));
        }

        foreach (var budget in manifests.Of("PodDisruptionBudget"))
        {
            Assert.Single(manifests.Workloads, w => w.IsSelectedBy(budget["spec"]["selector"]));
            Assert.Equal("1", budget["spec"]["maxUnavailable"].Text);
        }

        // Whoever has several pods has a budget.
        Assert.All(
            manifests.Workloads.Where(w => w.Document["spec"]["replicas"].Text is not ("" or "1")),
            w => Assert.Single(manifests.Of("PodDisruptionBudget"), budget => w.IsSelectedBy(budget["spec"]["selector"])));
        foreach (var service in manifests.Of("Service"))
        {
            var selector = service["spec"]["selector"].Texts;
            var selected = manifests.Workloads
                .Where(w => selector.All(wanted => w.Labels.GetValueOrDefault(wanted.Key) == wanted.Value)).ToList();
            // The headless one is of all nodes.
            Assert.Equal(service.Name == "fitcluster-nodes" ? manifests.Nodes.Count : 1, selected.Count);
            Assert.All(selected, workload => Assert.All(service["spec"]["ports"].Items.Where(p => p["targetPort"].IsThere),
                port => Assert.True(workload.Container["ports"].Named(port["targetPort"].Text)["containerPort"].IsThere)));
        }
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Every_mount_has_its_volume_and_every_volume_its_source(string folder)
    {
        var manifests = await Manifests.Render(folder);
        var claims = manifests.Of("PersistentVolumeClaim").Select(claim => claim.Name).ToList();
        var maps = manifests.Of("ConfigMap").Select(map => map.Name).ToList();
        foreach (var workload in manifests.Workloads)
        {
            var volumes = workload.Pod["volumes"].Items.Select(v => v["name"].Text)
                .Concat(workload.Document["spec"]["volumeClaimTemplates"].Items.Select(claim => claim.Name)).ToList();
            Assert.Equal(volumes.Count, volumes.Distinct().Count());
            var mounts = workload.AllContainers.SelectMany(container => container["volumeMounts"].Items)
                .Select(m => m["name"].Text).ToList();
            Assert.Equal(volumes.Order(), mounts.Distinct().Order());
            Assert.All(workload.Pod["volumes"].Items.Where(v => v["persistentVolumeClaim"].IsThere),
                v => Assert.Contains(v["persistentVolumeClaim"]["claimName"].Text, claims));
            Assert.All(workload.Pod["volumes"].Items.Where(v => v["configMap"].IsThere),
                v => Assert.Contains(v["configMap"]["name"].Text, maps));
        }
    }

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Everything_is_in_the_namespace(string folder) => Assert.All(
        (await Manifests.Render(folder)).Documents.Where(document => document.Kind != "Namespace"),
        document => Assert.Equal("fitcluster", document["metadata"]["namespace"].Text));

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task Service_accounts_exist_and_nobody_has_rights_in_the_cluster(string folder)
    {
        var manifests = await Manifests.Render(folder);
        Assert.All(manifests.Workloads.Where(w => w.Pod["serviceAccountName"].IsThere),
            w => manifests.The("ServiceAccount", w.Pod["serviceAccountName"].Text));
        Assert.DoesNotContain(manifests.Documents, document => document.Kind.Contains("Role", StringComparison.Ordinal));
    }
}
