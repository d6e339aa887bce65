namespace FitCluster.Models;

/// <summary>One entry of the list of kinds. Thread-safe.</summary>
/// <param name="name">The kind's name.</param>
/// <param name="isHere">Whether it takes no other assembly.</param>
/// <param name="load">Makes it.</param>
internal sealed class ModelEntry(string name, bool isHere, Func<ModelKind> load)
{
    private readonly Lazy<ModelKind> _kind = new(() => load() is var kind && kind.Name == name ? kind
        : throw new InvalidOperationException($"the kind of model '{kind.Name}' stands in the list as '{name}'"));

    /// <summary>The kind's name.</summary>
    public string Name => name;

    /// <summary>Whether asking for the kind loads nothing.</summary>
    public bool IsLoaded => isHere || _kind.IsValueCreated;

    /// <summary>The kind.</summary>
    public ModelKind Kind => _kind.Value;
}
