namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>A Deployment, StatefulSet, CronJob or Pod, and the pods it makes.</summary>
internal sealed record Workload(Yaml Document, Yaml Template)
{
    public string Name => $"{Document.Kind}/{Document.Name}";

    public Yaml Pod => Template["spec"];

    public IReadOnlyDictionary<string, string> Labels => Template["metadata"]["labels"].Texts;

    public IReadOnlyList<Yaml> AllContainers => [.. Pod["initContainers"].Items, .. Pod["containers"].Items];

    public Yaml Container => Pod["containers"].Items[0];

    public IReadOnlyList<string> Arguments => [.. Container["args"].Items.Select(item => item.Text)];

    /// <summary>The value after an option on the container's command line.</summary>
    public string Option(string name) => Arguments[Arguments.ToList().IndexOf(name) + 1];

    public override string ToString() => Name;

    public bool IsSelectedBy(Yaml selector) => Selector.Matches(selector, Labels);
}
