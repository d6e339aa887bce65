using FitCluster.Models.Ebmf;
using FitCluster.Models.TwinEb;

namespace FitCluster.Models;

/// <summary>
/// The list of all kinds of models. A kind in an assembly of its own is loaded only when it is asked for; users add theirs by the variable
/// FITCLUSTER_MODELS (docs/models.md).
/// </summary>
public static class ModelKinds
{
    private static readonly ModelEntry[] Entries =
    [
        new("ebmf", () => new EbmfKind()),
        new("twineb", () => new TwinEbKind()),
        .. ModelEntry.OfUsers(),
    ];

    /// <summary>The names of all kinds.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>The kinds that are there without another assembly, and those that were asked for so far.</summary>
    public static IEnumerable<ModelKind> Loaded => Entries.Select(entry => entry.Loaded).OfType<ModelKind>();

    /// <summary>A kind by its name.</summary>
    /// <exception cref="ProblemException">Its assembly cannot be loaded, or is not what its entry says.</exception>
    /// <exception cref="KeyNotFoundException">There is no kind of that name.</exception>
    public static ModelKind Get(string name) =>
        Entries.FirstOrDefault(entry => entry.Name == name)?.Load() ?? throw new KeyNotFoundException($"there is no model '{name}'");
}
