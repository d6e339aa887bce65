namespace FitCluster.Models.Spec;

/// <summary>Values of the command line that win over those of the file.</summary>
internal sealed class SpecOverrides
{
    /// <summary>Stands for the model's own field of the number of factors.</summary>
    public const string Factors = "(factors)";

    private readonly List<(string Path, string Text, string Option, bool IsYaml)> _values = [];

    /// <summary>Takes an option's value for a field; null is an option not given.</summary>
    public void Add(string path, string? value, string option)
    {
        if (value is not null)
        {
            _values.Add((path, value, option, false));
        }
    }

    /// <summary>Takes "path.to.field=value", whose value is YAML.</summary>
    public void AddAssignment(string assignment, ProblemList problems)
    {
        var at = assignment.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
        {
            problems.Add($"--set {assignment}: it must be path.to.field=value, as in --set ebmf.maxFactors=20");
            return;
        }

        _values.Add((assignment[..at].Trim(), assignment[(at + 1)..].Trim(), $"--set {assignment[..at].Trim()}", true));
    }

    /// <summary>Puts the values into the tree, in place.</summary>
    public void ApplyTo(MapNode root, ProblemList problems)
    {
        var setBy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (given, text, option, isYaml) in _values)
        {
            var path = given == Factors ? FactorsOf(root) : given;
            if (setBy.TryGetValue(path, out var earlier))
            {
                problems.Add($"{path} is given twice on the command line ({earlier} and {option})");
                continue;
            }

            setBy.Add(path, option);
            var origin = new Origin(option, 0);
            SpecNode? value = isYaml ? YamlSpecReader.Read(text, option, problems, isOption: true) : new ScalarNode(text, origin);
            if (value is not null)
            {
                Put(root, path.Split('.'), value, origin, problems);
            }
        }
    }

    private static string FactorsOf(MapNode root) => root.Find("model")?.Value is ScalarNode { Text: "twineb" } ? "twineb.factors" : "ebmf.maxFactors";

    private static void Put(MapNode map, string[] keys, SpecNode value, Origin origin, ProblemList problems)
    {
        for (var i = 0; i < keys.Length - 1; i++)
        {
            var entry = map.Find(keys[i]);
            if (entry is null || entry.Value is ScalarNode { Text: null })
            {
                var child = new MapNode([], origin);
                map.Entries.RemoveAll(e => e.Key == keys[i]);
                map.Entries.Add(new MapEntry(keys[i], origin, child));
                map = child;
            }
            else if (entry.Value is MapNode child)
            {
                map = child;
            }
            else
            {
                problems.Add(origin, $"'{string.Join('.', keys[..(i + 1)])}' is a value, not a section ({entry.Origin})");
                return;
            }
        }

        map.Entries.RemoveAll(e => e.Key == keys[^1]);
        map.Entries.Add(new MapEntry(keys[^1], origin, value));
    }
}
