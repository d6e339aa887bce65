namespace FitCluster.Models.Spec;

/// <summary>Where a value of a spec stands: a line of a file, or an option of the command line (line 0).</summary>
internal readonly record struct Origin(string Source, int Line)
{
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}

/// <summary>A value of a spec as it was written, before it is given a meaning.</summary>
internal abstract record SpecNode(Origin Origin);

/// <summary>A scalar; its text is null for YAML's and JSON's null.</summary>
internal sealed record ScalarNode(string? Text, Origin Origin) : SpecNode(Origin);

/// <summary>A list.</summary>
internal sealed record ListNode(IReadOnlyList<SpecNode> Items, Origin Origin) : SpecNode(Origin);

/// <summary>A mapping, in the order written; its keys are unique.</summary>
internal sealed record MapNode(List<MapEntry> Entries, Origin Origin) : SpecNode(Origin)
{
    public MapEntry? Find(string key) => Entries.Find(e => e.Key == key);
}

/// <summary>One key of a mapping with its value.</summary>
internal sealed record MapEntry(string Key, Origin Origin, SpecNode Value);
