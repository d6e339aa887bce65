using System.Text.RegularExpressions;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>What must hold for every pod, whoever made its image.</summary>
public sealed partial class SecurityTests
{
    /// <summary>Everything that is installed, and the pod that loads data.</summary>
    public static TheoryData<string> All => [.. Manifests.Installable.Select(row => row.Data), "data-loader.yaml"];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Nothing_runs_as_root_or_can_become_it(string folder)
    {
        foreach (var workload in (await Load(folder)).Workloads)
        {
            var pod = workload.Pod["securityContext"];
            Assert.Equal("true", pod["runAsNonRoot"].Text);
            Assert.True(int.Parse(pod["runAsUser"].Text, System.Globalization.CultureInfo.InvariantCulture) > 0, workload.Name);
            Assert.Equal("RuntimeDefault", pod["seccompProfile"]["type"].Text);
            Assert.Equal("false", workload.Pod["automountServiceAccountToken"].Text);
            Assert.All(workload.AllContainers, container =>
            {
                var own = container["securityContext"];
                Assert.Equal("false", own["allowPrivilegeEscalation"].Text);
                Assert.Equal("true", own["readOnlyRootFilesystem"].Text);
                Assert.Equal(["ALL"], own["capabilities"]["drop"].Items.Select(item => item.Text));
                Assert.False(own["capabilities"]["add"].IsThere || own["privileged"].Text == "true" || own["runAsUser"].IsThere ||
                    own["runAsNonRoot"].Text == "false");
            });
            Assert.All(new[] { "hostNetwork", "hostPID", "hostIPC" }, key => Assert.False(workload.Pod[key].IsThere));
            Assert.DoesNotContain(workload.Pod["volumes"].Items, volume => volume["hostPath"].IsThere);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Every_container_has_requests_and_limits(string folder)
    {
        foreach (var container in (await Load(folder)).Workloads.SelectMany(workload => workload.AllContainers))
        {
            foreach (var what in new[] { "cpu", "memory" })
            {
                var (request, limit) = (Manifests.Quantity(container["resources"]["requests"][what].Text),
                    Manifests.Quantity(container["resources"]["limits"][what].Text));
                Assert.InRange(request, 0.01, limit);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Images_have_a_version(string folder) => Assert.All(
        (await Load(folder)).Workloads.SelectMany(workload => workload.AllContainers),
        container => Assert.Matches("^[a-z0-9./-]+:[0-9]+[.][0-9]+[.0-9]*[a-z0-9.-]*$", container["image"].Text));

    [Theory]
    [MemberData(nameof(All))]
    public async Task No_password_stands_in_a_manifest(string folder)
    {
        var manifests = await Load(folder);
        Assert.Empty(manifests.Of("Secret"));
        Assert.DoesNotContain(manifests.Documents.SelectMany(document => document.AllTexts()), text => PasswordInUrl().IsMatch(text));
        Assert.All(manifests.Of("ConfigMap").SelectMany(map => map["data"].Texts.Values),
            text => Assert.DoesNotMatch("(?i)(default_pass|password|secret|cookie) *[=:] *[^ ]", text));
        Assert.All(
            manifests.Workloads.SelectMany(workload => workload.AllContainers).SelectMany(container => container["env"].Items).Where(
                variable => SecretName().IsMatch(variable["name"].Text)),
            variable => Assert.True(variable["valueFrom"]["secretKeyRef"]["name"].IsThere && !variable["value"].IsThere,
                $"{variable["name"].Text} is given in clear"));
    }

    /// <summary>Not only what is rendered: no file of deploy has one, whatever its kind.</summary>
    [Fact]
    public void No_file_of_deploy_has_a_password_in_a_URL()
    {
        var files = Directory.GetFiles(Checkout.PathOf("deploy"), "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.DoesNotContain(File.ReadLines(file), line => PasswordInUrl().IsMatch(line)));
    }

    [Theory]
    [InlineData("postgresql://fit:hunter2@postgres:5432/", true)]
    [InlineData("see postgres://fit:pa55@postgres/fit", true)]
    [InlineData("postgres://fit:$store@postgres:5432/", false)]
    [InlineData("http://collector:4317", false)]
    public void The_search_for_passwords_finds_them(string text, bool isOne) => Assert.Equal(isOne, PasswordInUrl().IsMatch(text));

    [Theory]
    [MemberData(nameof(Manifests.Installable), MemberType = typeof(Manifests))]
    public async Task The_namespace_refuses_pods_that_are_less_strict(string folder) =>
        Assert.Equal("restricted", (await Manifests.Render(folder)).The("Namespace",
            "fitcluster")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"].Text);

    private static async Task<Manifests> Load(string folder) =>
        folder.EndsWith(".yaml", StringComparison.Ordinal)
            ? Manifests.Read(Checkout.Read($"deploy/k8s/{folder}"))
            : await Manifests.Render(folder);

    /// <summary>user:password@, but for a variable or a format of a script.</summary>
    [GeneratedRegex("[a-z]+://[^/@: ]+:[^/@$% ]+@")]
    private static partial Regex PasswordInUrl();

    [GeneratedRegex("(?i)pass|secret|cookie|token|FITCLUSTER_STORE")]
    private static partial Regex SecretName();
}
