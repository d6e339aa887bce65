namespace FitCluster.Models.Jobs;

/// <summary>Finds rows or columns by their names.</summary>
/// <param name="names">The names.</param>
/// <param name="side">"row" or "column".</param>
/// <param name="owner">Whose names they are, for messages: "the fit 'DIR'".</param>
public sealed class NameIndex(IReadOnlyList<string> names, string side, string owner)
{
    /// <summary>The position of a name that is that of several.</summary>
    public const int Several = -1;

    private readonly Lazy<Dictionary<string, int>> _positions = new(() => Positions(names));

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The position of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="place">Where it was given, as the beginning of a message: "cells.tsv:3: ".</param>
    /// <exception cref="ProblemException">It is no name, or that of several.</exception>
    public int Find(string name, string place) => !_positions.Value.TryGetValue(name, out var at)
        ? throw ProblemException.BadInput(
            $"{place}{owner} has no {side} '{name}'{(names.Count > 0 ? $" (its first is '{names[0]}')" : "")}")
        : at != Several ? at : throw ProblemException.BadInput(
            $"{place}{owner} has several {side}s of the name '{name}', so that none can be told by it: give them names of their own");

    /// <summary>The position of a name; null when it is no name, or that of several.</summary>
    public int? TryFind(string name) => _positions.Value.TryGetValue(name, out var at) && at != Several ? at : null;

    /// <summary>Whether it is a name at all.</summary>
    public bool Has(string name) => _positions.Value.ContainsKey(name);

    /// <summary>Whether other names are the same in the same order.</summary>
    public bool Equal(IReadOnlyList<string> others)
    {
        if (others.Count != names.Count)
        {
            return false;
        }

        for (var i = 0; i < names.Count; i++)
        {
            if (!string.Equals(names[i], others[i], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The positions of names.</summary>
    public static Dictionary<string, int> Positions(IReadOnlyList<string> names)
    {
        var positions = new Dictionary<string, int>(names.Count, StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            positions[names[i]] = positions.ContainsKey(names[i]) ? Several : i;
        }

        return positions;
    }
}
