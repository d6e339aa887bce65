using FitCluster.Models.Ebmf;
using FitCluster.Models.Nb;
using FitCluster.Models.TwinEb;

namespace FitCluster.Models;

/// <summary>
/// The list of all kinds of models. A kind in an assembly of its own (which may bring native libraries) is loaded only
/// when it is asked for: its entry is a name and a function. Whoever builds a program with models of its own adds them
/// before anything else is done (docs/models.md).
/// </summary>
public static class ModelKinds
{
    private static readonly List<ModelEntry> Entries =
    [
        new("ebmf", isHere: true, () => new EbmfKind()),
        new("twineb", isHere: true, () => new TwinEbKind()),
        new("nb", isHere: true, () => new NbKind(NbMethods.Own)),
    ];

    /// <summary>The names of all kinds.</summary>
    public static IReadOnlyList<string> Names => [.. Entries.Select(entry => entry.Name)];

    /// <summary>The kinds that are there without another assembly, and those that were asked for so far.</summary>
    public static IEnumerable<ModelKind> Loaded => Entries.Where(entry => entry.IsLoaded).Select(entry => entry.Kind);

    /// <summary>Adds a kind of another assembly, which is loaded when it is first asked for. To be called before anything else.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="load">Makes it; its name must be the one given.</param>
    /// <exception cref="ArgumentException">There is a kind of that name already.</exception>
    public static void Add(string name, Func<ModelKind> load)
    {
        if (Names.Contains(name))
        {
            throw new ArgumentException($"there is a model '{name}' already", nameof(name));
        }

        Entries.Add(new ModelEntry(name, isHere: false, load));
    }

    /// <summary>A kind by its name.</summary>
    /// <exception cref="KeyNotFoundException">There is no kind of that name.</exception>
    public static ModelKind Get(string name) =>
        Entries.Find(entry => entry.Name == name)?.Kind ?? throw new KeyNotFoundException($"there is no model '{name}'");
}
