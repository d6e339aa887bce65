using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>A factor of the mean, as asked for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Table">The table with the level of each cell, or of each dataset.</param>
/// <param name="Column">The table's column; null: the one beside the names.</param>
/// <param name="IsFixed">Whether its effects have a prior of a fixed scale.</param>
/// <param name="Hierarchy">Random: the family of its effects.</param>
/// <param name="Scale">Fixed: the prior standard deviation of an effect.</param>
internal sealed record NbFactorSpec(string Name, string Table, string? Column, bool IsFixed, NbHierarchy Hierarchy, double Scale);

/// <summary>The design of the mean: factors.</summary>
internal sealed class NbDesignSpec
{
    private static readonly string[] Effects = ["random", "fixed"];

    /// <summary>The factors.</summary>
    public IReadOnlyList<NbFactorSpec> Factors { get; private init; } = [];

    /// <summary>The type of the field "design".</summary>
    public static SpecType<NbDesignSpec> Type { get; } = new(
        "a list of maps {factor: FILE, column, name, effect: random or fixed, type: gaussian or horseshoe (and tau0, slabDf, slabScale), " +
        "scale}",
        "LIST",
        Read,
        (writer, name, value, forPeople) => value.Write(writer, name, forPeople));

    private static bool Read(FieldReading reading, [MaybeNullWhen(false)] out NbDesignSpec value)
    {
        var factors = new List<NbFactorSpec>();
        foreach (var section in reading.Section.Sections(reading.Key))
        {
            if (ReadFactor(reading, section) is { } factor)
            {
                if (factors.Exists(other => other.Name == factor.Name))
                {
                    reading.Note($"two factors are named '{factor.Name}': give each a name of its own (name: ...)");
                }

                factors.Add(factor);
            }
        }

        value = new NbDesignSpec { Factors = factors };
        return true;
    }

    private static NbFactorSpec? ReadFactor(FieldReading reading, SectionReader section)
    {
        var (file, column) = (section.Text("factor"), section.Text("column"));
        if (file is null && section.Node("factor") is null)
        {
            reading.Note("a factor has no table: give factor: FILE, with the level of each cell or dataset");
        }

        if (file?.StartsWith("obs:", StringComparison.Ordinal) == true)
        {
            section.Wrong("factor", "names a column of an .h5ad, which is no format of data here: give a table, as in factor: cells.tsv, " +
                $"column: {file[4..]}");
        }

        var isFixed = section.Choice("effect", Effects) == 1;
        if (section.Text("name")?.AsSpan().ContainsAny(':', '=') == true)
        {
            section.Wrong("name", "must have no ':' and no '='");
        }

        var (scale, hierarchy) = (section.Positive("scale"), NbHierarchyType.ReadHere(section));
        if (scale is not null && !isFixed)
        {
            section.Wrong("scale", "has no effect with effect: random, whose scale is learnt: remove it");
        }

        if (hierarchy is not null && isFixed)
        {
            section.Wrong("type", "has no effect with effect: fixed: remove it");
        }
        else if (hierarchy is { Family: NbFamily.Neg or NbFamily.None })
        {
            section.Wrong("type", "must be gaussian or horseshoe for the effects of a factor");
        }

        var name = section.Text("name") ?? column ?? (file is null ? "" : Path.GetFileName(file).Split('.')[0]);
        section.RefuseUnknown();
        return file is null ? null : new NbFactorSpec(
            name, reading.Resolve(file), column, isFixed, isFixed ? NbHierarchy.None : hierarchy ?? new NbHierarchy(NbFamily.Gaussian),
            scale ?? 1);
    }

    private void Write(Utf8JsonWriter writer, string name, bool forPeople)
    {
        writer.WriteStartArray(name);
        foreach (var factor in Factors)
        {
            writer.WriteStartObject();
            writer.WriteString("factor", forPeople ? factor.Table : "table");
            if (factor.Column is not null)
            {
                writer.WriteString("column", factor.Column);
            }

            writer.WriteString("name", factor.Name);
            writer.WriteString("effect", Effects[factor.IsFixed ? 1 : 0]);
            if (factor.IsFixed)
            {
                writer.WriteNumber("scale", factor.Scale);
            }
            else
            {
                NbHierarchyType.WriteHere(writer, factor.Hierarchy);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
