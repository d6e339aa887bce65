using System.Globalization;

namespace FitCluster.Models.Spec;

/// <summary>
/// Takes the fields of one mapping by name and type, notes what is wrong with them, and in the end refuses the keys that nobody asked for.
/// </summary>
public sealed class SectionReader(MapNode? map, string path, ProblemList problems)
{
    private readonly List<string> _known = [];

    /// <summary>The full name of a field, as in "ebmf.maxFactors".</summary>
    public string PathOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>Where a field was given; null when it was not.</summary>
    public Origin? OriginOf(string key) => Node(key)?.Origin;

    /// <summary>The value of a field as written; null when it is not given or null.</summary>
    public SpecNode? Node(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }

        return map?.Find(key)?.Value is { } node and not ScalarNode { Text: null } ? node : null;
    }

    /// <summary>A nested mapping; empty when it is not given.</summary>
    public SectionReader Section(string key)
    {
        var node = Node(key);
        if (node is not null and not MapNode)
        {
            problems.Add(node.Origin, $"{PathOf(key)} must be a section of keys and values");
        }

        return new SectionReader(node as MapNode, PathOf(key), problems);
    }

    /// <summary>A list of nested mappings; empty when it is not given.</summary>
    public IReadOnlyList<SectionReader> Sections(string key)
    {
        switch (Node(key))
        {
            case null:
                return [];
            case ListNode list when list.Items.All(item => item is MapNode):
                return [.. list.Items.Select((item, i) => new SectionReader(
                    (MapNode)item, FormattableString.Invariant($"{PathOf(key)}[{i + 1}]"), problems))];
            case var node:
                problems.Add(node.Origin, $"{PathOf(key)} must be a list of sections of keys and values");
                return [];
        }
    }

    /// <summary>A text; null when it is not given, or not one text.</summary>
    public string? Text(string key)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case ScalarNode { Text: { Length: > 0 } text }:
                return text;
            case var node:
                problems.Add(node.Origin, $"{PathOf(key)} must be one word or text");
                return null;
        }
    }

    /// <summary>True or false.</summary>
    public bool? Flag(string key)
    {
        switch (Text(key)?.ToLowerInvariant())
        {
            case null:
                return null;
            case "true" or "yes" or "on":
                return true;
            case "false" or "no" or "off":
                return false;
            default:
                Wrong(key, "must be true or false");
                return null;
        }
    }

    /// <summary>A whole number within bounds, both allowed.</summary>
    public long? Whole(string key, long least, long most)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least &&
            value <= most)
        {
            return value;
        }

        Wrong(key, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}"));
        return null;
    }

    /// <summary>A number above 0.</summary>
    public double? Positive(string key)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && double.IsFinite(value))
        {
            return value;
        }

        Wrong(key, "must be a number above 0");
        return null;
    }

    /// <summary>A number within bounds, both allowed.</summary>
    public double? Number(string key, double least, double most)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        var bounds = most == double.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"of at least {least}")
            : string.Create(CultureInfo.InvariantCulture, $"from {least} to {most}");
        Wrong(key, $"must be a number {bounds}");
        return null;
    }

    /// <summary>One of some words, by its index; the nearest is suggested for another.</summary>
    public int? Choice(string key, IReadOnlyList<string> words)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }

        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == text)
            {
                return i;
            }
        }

        problems.Add(OriginOf(key)!.Value, $"{PathOf(key)} cannot be '{text}'{Nearest.Suggest(text, words)}");
        return null;
    }

    /// <summary>A scalar or a list of scalars, as texts; null when it is not given.</summary>
    public IReadOnlyList<string>? Words(string key)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case ScalarNode { Text: { Length: > 0 } text }:
                return [text];
            case ListNode { Items.Count: > 0 } list when list.Items.All(i => i is ScalarNode { Text.Length: > 0 }):
                return [.. list.Items.Select(i => ((ScalarNode)i).Text!)];
            case var node:
                problems.Add(node.Origin, $"{PathOf(key)} must be a word or a list of words");
                return null;
        }
    }

    /// <summary>Notes a problem with a part of a field's value.</summary>
    public void Note(string key, string problem) => problems.Add(Node(key)!.Origin, $"{PathOf(key)}: {problem}");

    /// <summary>Notes a problem with a field, saying its value.</summary>
    public void Wrong(string key, string problem)
    {
        var node = Node(key)!;
        var value = node is ScalarNode scalar ? $" is '{scalar.Text}': it" : "";
        problems.Add(node.Origin, $"{PathOf(key)}{value} {problem}");
    }

    /// <summary>Notes the keys that no one has asked for, with the nearest that there is.</summary>
    public void RefuseUnknown()
    {
        foreach (var entry in map?.Entries ?? [])
        {
            if (!_known.Contains(entry.Key))
            {
                var place = path.Length == 0 ? "" : $" in {path}";
                problems.Add(entry.Origin, $"unknown key '{entry.Key}'{place}{Nearest.Suggest(entry.Key, _known)}");
            }
        }
    }
}
