namespace FitCluster.Models.Spec;

/// <summary>Values of the command line that win over those of the file.</summary>
internal sealed class SpecOverrides
{
    private readonly List<(Func<MapNode, string> PathOf, string Text, string Option, bool IsYaml)> _values = [];

    /// <summary>Takes an option's value for a field; null is an option not given.</summary>
    public void Add(string path, string? value, string option)
    {
        if (value is not null)
        {
            _values.Add((_ => path, value, option, false));
        }
    }

    /// <summary>
    /// Takes the value of an option of a model's field, which is that of the spec's model where that has
    /// such an option; null is an option not given.
    /// </summary>
    public void AddOfModel(string? value, string option)
    {
        if (value is not null)
        {
            _values.Add((root => PathOf(option, root), value, option, false));
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

        var path = assignment[..at].Trim();
        _values.Add((_ => path, assignment[(at + 1)..].Trim(), $"--set {assignment[..at].Trim()}", true));
    }

    /// <summary>Puts the values into the tree, in place.</summary>
    public void ApplyTo(MapNode root, ProblemList problems)
    {
        var setBy = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (pathOf, text, option, isYaml) in _values)
        {
            var path = pathOf(root);
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

    // Of a model that does not have the option it is the first one's that has it, whose section is then refused.
    private static string PathOf(string option, MapNode root)
    {
        var model = (root.Find("model")?.Value as ScalarNode)?.Text;
        var table = ModelKinds.Loaded.Select(kind => kind.Fields).Where(fields => fields.OfFlag(option) is not null)
            .OrderBy(fields => fields.Name == model ? 0 : 1).First();
        return $"{table.Name}.{table.OfFlag(option)!.Name}";
    }

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
