namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>Label selectors: matchLabels only, which is all that is used here.</summary>
internal static class Selector
{
    /// <summary>An empty selector matches everything; one that has anything but matchLabels is a mistake.</summary>
    public static bool Matches(Yaml selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Keys.Keys.Any(key => key != "matchLabels")
            ? throw new NotSupportedException($"a selector has more than matchLabels: {selector}")
            : selector["matchLabels"].Texts.All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value);
}
