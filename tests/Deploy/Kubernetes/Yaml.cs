using YamlDotNet.RepresentationModel;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>A place in a YAML document. What is not there is a place too: it has no text, no items and no keys.</summary>
internal sealed class Yaml(YamlNode? node)
{
    public bool IsThere => node is not null && node is not YamlScalarNode { Value: null or "null" or "" };

    /// <summary>The text of a scalar; empty for anything else.</summary>
    public string Text => (node as YamlScalarNode)?.Value ?? "";

    public IReadOnlyList<Yaml> Items => node is YamlSequenceNode list ? [.. list.Select(item => new Yaml(item))] : [];

    public IReadOnlyDictionary<string, Yaml> Keys =>
        node is YamlMappingNode map
            ? map.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => new Yaml(pair.Value))
            : new Dictionary<string, Yaml>();

    public string Kind => this["kind"].Text;

    public string Name => this["metadata"]["name"].Text;

    public Yaml this[string key] => Keys.TryGetValue(key, out var value) ? value : new Yaml(null);

    public IReadOnlyDictionary<string, string> Texts => Keys.ToDictionary(pair => pair.Key, pair => pair.Value.Text);

    /// <summary>The item of a list whose field "name" is this.</summary>
    public Yaml Named(string name) => Items.FirstOrDefault(item => item["name"].Text == name) ?? new Yaml(null);

    /// <summary>Every scalar below this place.</summary>
    public IEnumerable<string> AllTexts() => node?.AllNodes.OfType<YamlScalarNode>().Select(scalar => scalar.Value ?? "") ?? [];

    public static IReadOnlyList<Yaml> Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => new Yaml(document.RootNode))];
    }

    public override string ToString() => node?.ToString() ?? "nothing";
}
