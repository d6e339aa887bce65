using System.Text.Json;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>Reads and writes a hierarchy: a family's name, or a map of the family and its hyperparameters.</summary>
internal static class NbHierarchyType
{
    private static readonly string[] Families = ["none", "gaussian", "horseshoe", "neg"];

    private static readonly
        (string Key, NbFamily Of, Func<NbHierarchy, double> Get, Func<NbHierarchy, double, NbHierarchy> With)[] Numbers =
    [
        ("tau0", NbFamily.Horseshoe, h => h.Tau0, (h, x) => h with { Tau0 = x }),
        ("slabDf", NbFamily.Horseshoe, h => h.SlabDf, (h, x) => h with { SlabDf = x }),
        ("slabScale", NbFamily.Horseshoe, h => h.SlabScale, (h, x) => h with { SlabScale = x }),
        ("u", NbFamily.Neg, h => h.U, (h, x) => h with { U = x }),
        ("a", NbFamily.Neg, h => h.A, (h, x) => h with { A = x }),
        ("tau", NbFamily.Neg, h => h.Tau, (h, x) => h with { Tau = x }),
    ];

    /// <summary>Reads the hierarchy of a key; null where it is not given, or wrong, which is then noted.</summary>
    public static NbHierarchy? Read(SectionReader section, string key)
    {
        if (section.Node(key) is not MapNode)
        {
            return section.Choice(key, Families) is { } word ? new NbHierarchy((NbFamily)word) : null;
        }

        var map = section.Section(key);
        if (map.Node("type") is null)
        {
            section.Note(key, $"type is missing: one of {string.Join(", ", Families)}");
            return null;
        }

        var hierarchy = ReadHere(map);
        map.RefuseUnknown();
        return hierarchy;
    }

    /// <summary>
    /// Reads the hierarchy that a section's own keys say; null where it has no type, or a wrong one, which is then noted.
    /// </summary>
    public static NbHierarchy? ReadHere(SectionReader map)
    {
        var type = map.Choice("type", Families);
        var hierarchy = new NbHierarchy((NbFamily)(type ?? 0));
        foreach (var number in Numbers)
        {
            if (map.Positive(number.Key) is not { } value)
            {
                continue;
            }

            if (number.Of != hierarchy.Family && (type is not null || map.Node("type") is null))
            {
                map.Wrong(number.Key, type is null ? $"needs type: {Word(number.Of)} beside it"
                    : $"has no effect with type: {Families[type.Value]}: remove it");
            }

            hierarchy = number.With(hierarchy, value);
        }

        return type is null ? null : hierarchy;
    }

    /// <summary>Writes a hierarchy.</summary>
    public static void Write(Utf8JsonWriter writer, string key, NbHierarchy hierarchy)
    {
        if (hierarchy == new NbHierarchy(hierarchy.Family))
        {
            writer.WriteString(key, Word(hierarchy.Family));
            return;
        }

        writer.WriteStartObject(key);
        WriteHere(writer, hierarchy);
        writer.WriteEndObject();
    }

    /// <summary>Writes a hierarchy as keys of an object that is open.</summary>
    public static void WriteHere(Utf8JsonWriter writer, NbHierarchy hierarchy)
    {
        writer.WriteString("type", Word(hierarchy.Family));
        foreach (var number in Numbers.Where(number => number.Of == hierarchy.Family))
        {
            writer.WriteNumber(number.Key, number.Get(hierarchy));
        }
    }

    /// <summary>A family's word.</summary>
    public static string Word(NbFamily family) => Families[(int)family];
}
