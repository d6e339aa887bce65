namespace FitCluster.Math.Ebnm;

/// <summary>The prior families by their names.</summary>
public static partial class EbnmFamilies
{
    private static readonly Dictionary<PriorFamily, IEbnmFamily> ByFamily = Parametric().Concat(Grids()).ToDictionary(f => f.Family);

    /// <summary>All names, in the order of <see cref="PriorFamily"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<PriorFamily>().Select(Name)];

    /// <summary>The solver of a family.</summary>
    public static IEbnmFamily Get(PriorFamily family) => ByFamily[family];

    /// <summary>The name of a family in specs and files, as in "point_normal".</summary>
    public static string Name(PriorFamily family)
    {
        var text = new System.Text.StringBuilder();
        foreach (var c in family.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>The family of a name; false when there is none.</summary>
    public static bool TryParse(string name, out PriorFamily family)
    {
        foreach (var candidate in Enum.GetValues<PriorFamily>())
        {
            if (Name(candidate) == name)
            {
                family = candidate;
                return true;
            }
        }

        family = default;
        return false;
    }

    private static partial IEnumerable<IEbnmFamily> Parametric();

    private static partial IEnumerable<IEbnmFamily> Grids();
}
