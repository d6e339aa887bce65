using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>A group of leaves: components within datasets.</summary>
/// <param name="Components">Its components.</param>
/// <param name="Datasets">Its datasets.</param>
internal sealed record NbGroup(IReadOnlyList<int> Components, IReadOnlyList<int> Datasets);

/// <summary>
/// Finds groups by name: a dataset; a component; component:dataset; factor=level, the datasets of a level; and dataset=NAME, component=NAME
/// where a name could be either's.
/// </summary>
internal sealed class NbGroups
{
    private readonly Dictionary<string, NbGroup> _groups = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    public NbGroups(NbOptions options, IReadOnlyList<string> components)
    {
        int[] allComponents = [.. Enumerable.Range(0, options.Components)];
        int[] allDatasets = [.. Enumerable.Range(0, options.Datasets.Count)];
        foreach (var d in allDatasets.Where(_ => allDatasets.Length > 1))
        {
            Add(options.Datasets[d], "dataset", new NbGroup(allComponents, [d]));
        }

        foreach (var k in allComponents.Where(_ => allComponents.Length > 1))
        {
            Add(components[k], "component", new NbGroup([k], allDatasets));
        }

        foreach (var factor in options.Design)
        {
            for (var level = 0; level < factor.Levels.Count; level++)
            {
                Add($"{factor.Name}={factor.Levels[level]}", null,
                    new NbGroup(allComponents, [.. allDatasets.Where(d => factor.LevelOfDataset[d] == level)]));
            }
        }

        foreach (var k in allComponents.Where(_ => allComponents.Length > 1 && allDatasets.Length > 1))
        {
            foreach (var d in allDatasets)
            {
                Add($"{components[k]}:{options.Datasets[d]}", null, new NbGroup([k], [d]));
            }
        }
    }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>A group; null, with the problem noted, where there is none of the name.</summary>
    public NbGroup? Find(string name, string option, ProblemList problems)
    {
        if (_groups.TryGetValue(name, out var group))
        {
            return group;
        }

        problems.Add(_names.Count == 0
            ? $"{option} {name}: the fit has one dataset and one component, and so no groups to compare"
            : $"{option}: the fit has no group '{name}'{Nearest.Suggest(name, _names.Take(20))}");
        return null;
    }

    // What has a kind is found by kind=name as well; of equal names the first is meant by the name alone.
    private void Add(string name, string? kind, NbGroup group)
    {
        if (_groups.TryAdd(name, group))
        {
            _names.Add(name);
        }

        if (kind is not null)
        {
            _groups.TryAdd($"{kind}={name}", group);
        }
    }
}
