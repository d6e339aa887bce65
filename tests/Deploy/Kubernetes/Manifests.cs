using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>What `kubectl kustomize` makes of a folder below deploy/k8s.</summary>
internal sealed partial class Manifests
{
    private static readonly Version LeastKustomize = new(5, 0);
    private static readonly Lazy<Task<string?>> MissingProgram = new(FindMissing);
    private static readonly Dictionary<string, Task<Manifests>> Rendered = [];
    private static readonly Lock RenderedLock = new();

    private Manifests(IReadOnlyList<Yaml> documents) => Documents = documents;

    /// <summary>The folders that are installed.</summary>
    public static TheoryData<string> Installable =>
        ["base", "overlays/small", "overlays/production", "overlays/autoscale", "overlays/external-store"];

    /// <summary>Those that bring their own database.</summary>
    public static TheoryData<string> WithDatabase => ["base", "overlays/small", "overlays/production", "overlays/autoscale"];

    public IReadOnlyList<Yaml> Documents { get; }

    /// <summary>Everything that has pods.</summary>
    public IReadOnlyList<Workload> Workloads =>
    [
        .. Documents.Select(document => document.Kind switch
        {
            "Deployment" or "StatefulSet" => new Workload(document, document["spec"]["template"]),
            "CronJob" => new Workload(document, document["spec"]["jobTemplate"]["spec"]["template"]),
            "Pod" => new Workload(document, document),
            _ => null,
        }).OfType<Workload>(),
    ];

    /// <summary>The Deployments that run `fitcluster node`.</summary>
    public IReadOnlyList<Workload> Nodes => [.. Workloads.Where(w => w.Document.Kind == "Deployment")];

    /// <summary>Renders a folder; skips the running test where there is no kubectl that can.</summary>
    public static async Task<Manifests> Render(string folder)
    {
        var missing = await MissingProgram.Value;
        Assert.SkipWhen(missing is not null, missing ?? "");
        Task<Manifests> rendering;
        lock (RenderedLock)
        {
            if (!Rendered.TryGetValue(folder, out rendering!))
            {
                Rendered.Add(folder, rendering = RenderNow(folder));
            }
        }

        return await rendering;
    }

    /// <summary>A file of manifests as it stands.</summary>
    public static Manifests Read(string text) => new(Yaml.Parse(text));

    public IReadOnlyList<Yaml> Of(string kind) => [.. Documents.Where(document => document.Kind == kind)];

    public Yaml The(string kind, string name) => Assert.Single(Documents, document => document.Kind == kind && document.Name == name);

    /// <summary>The text of a generated ConfigMap's key, whatever hash its name ends with.</summary>
    public IReadOnlyDictionary<string, string> ConfigMap(string name) =>
        Assert.Single(Of("ConfigMap"), map => map.Name.StartsWith(name + "-", StringComparison.Ordinal))["data"].Texts;

    /// <summary>A quantity in bytes or in whole units: 2Gi, 1200MB, 500m, 1.</summary>
    public static double Quantity(string text)
    {
        var match = QuantityPattern().Match(text);
        Assert.True(match.Success, $"'{text}' is not a quantity");
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch
        {
            "m" => 1e-3,
            "Ki" => 1024d,
            "Mi" => 1024d * 1024,
            "Gi" => 1024d * 1024 * 1024,
            "MB" => 1e6,
            "GB" => 1e9,
            _ => 1,
        };
    }

    private static async Task<Manifests> RenderNow(string folder)
    {
        var ran = await Checkout.Run("kubectl", ["kustomize", Checkout.PathOf($"deploy/k8s/{folder}")]);
        Assert.True(ran.ExitCode == 0, $"kubectl kustomize deploy/k8s/{folder}: {ran.Error}");
        return Read(ran.Output);
    }

    private static async Task<string?> FindMissing()
    {
        try
        {
            var ran = await Checkout.Run("kubectl", ["version", "--client"]);
            var version = VersionPattern().Match(ran.Output);
            return version.Success && Version.Parse(version.Groups[1].Value) >= LeastKustomize
                ? null
                : $"this kubectl brings no Kustomize of version {LeastKustomize} or newer (Debian 12's does not): " +
                    $"{ran.Output.ReplaceLineEndings(" ")}{ran.Error.ReplaceLineEndings(" ")}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "kubectl is not installed (./test installs Debian's kubernetes-client)";
        }
    }

    [GeneratedRegex(@"^([0-9.]+)(m|Ki|Mi|Gi|MB|GB)?$")]
    private static partial Regex QuantityPattern();

    [GeneratedRegex(@"Kustomize Version: v([0-9.]+)")]
    private static partial Regex VersionPattern();
}
