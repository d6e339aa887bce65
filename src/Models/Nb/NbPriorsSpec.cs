using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>The hierarchies that were asked for; null: not given, and then decided with the data (<see cref="NbJob"/>).</summary>
internal sealed record NbPriorsSpec
{
    private static readonly string[] Modes = ["scalar", "gene_specific", "two_level"];

    private static readonly Slot[] Slots =
    [
        new("mean", "components", s => s.MeanComponents, (s, h) => s with { MeanComponents = h }),
        new("mean", "datasets", s => s.MeanDatasets, (s, h) => s with { MeanDatasets = h }),
        new("probability", "genes", s => s.ProbabilityGenes, (s, h) => s with { ProbabilityGenes = h }),
        new("probability", "datasets", s => s.ProbabilityDatasets, (s, h) => s with { ProbabilityDatasets = h }),
        new("gate", "genes", s => s.GateGenes, (s, h) => s with { GateGenes = h }),
        new("gate", "datasets", s => s.GateDatasets, (s, h) => s with { GateDatasets = h }),
        new("overdispersion", "genes", s => s.OverdispersionGenes, (s, h) => s with { OverdispersionGenes = h }),
        new("overdispersion", "datasets", s => s.OverdispersionDatasets, (s, h) => s with { OverdispersionDatasets = h }),
        new("dispersion", "datasets", s => s.DispersionDatasets, (s, h) => s with { DispersionDatasets = h }),
    ];

    public NbHierarchy? MeanComponents { get; init; }

    public NbHierarchy? MeanDatasets { get; init; }

    public NbHierarchy? ProbabilityGenes { get; init; }

    public NbHierarchy? ProbabilityDatasets { get; init; }

    public NbProbabilityMode? ProbabilityMode { get; init; }

    public NbHierarchy? GateGenes { get; init; }

    public NbHierarchy? GateDatasets { get; init; }

    public NbHierarchy? OverdispersionGenes { get; init; }

    public NbHierarchy? OverdispersionDatasets { get; init; }

    public NbHierarchy? DispersionDatasets { get; init; }

    /// <summary>The type of the field "priors".</summary>
    public static SpecType<NbPriorsSpec> Type { get; } = new(
        "a map: mean {components, datasets}, probability {genes, datasets, mode}, gate {genes, datasets}, overdispersion {genes, " +
        "datasets}, " +
        "dispersion {datasets}; each none, gaussian, horseshoe, neg or a map {type, tau0, slabDf, slabScale, u, a, tau}",
        "MAP",
        Read,
        (writer, name, value, _) => value.Write(writer, name));

    /// <summary>The hierarchies that are there, with their path below "priors".</summary>
    public IEnumerable<(string Path, NbHierarchy Hierarchy)> Given =>
        Slots.Where(slot => slot.Get(this) is { Family: not NbFamily.None }).Select(slot => ($"{slot.Of}.{slot.Across}", slot.Get(this)!));

    private static bool Read(FieldReading reading, [MaybeNullWhen(false)] out NbPriorsSpec value)
    {
        value = new NbPriorsSpec();
        var section = reading.Section.Section(reading.Key);
        foreach (var group in Slots.GroupBy(slot => slot.Of))
        {
            var inner = section.Section(group.Key);
            foreach (var slot in group)
            {
                if (NbHierarchyType.Read(inner, slot.Across) is { } hierarchy)
                {
                    value = slot.With(value, hierarchy);
                }
            }

            if (group.Key == "probability" && inner.Choice("mode", Modes) is { } mode)
            {
                value = value with { ProbabilityMode = (NbProbabilityMode)mode };
            }

            inner.RefuseUnknown();
        }

        section.RefuseUnknown();
        return true;
    }

    private void Write(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        foreach (var group in Slots.GroupBy(slot => slot.Of))
        {
            var mode = group.Key == "probability" ? ProbabilityMode : null;
            if (mode is null && group.All(slot => slot.Get(this) is null))
            {
                continue;
            }

            writer.WriteStartObject(group.Key);
            foreach (var slot in group)
            {
                if (slot.Get(this) is { } hierarchy)
                {
                    NbHierarchyType.Write(writer, slot.Across, hierarchy);
                }
            }

            if (mode is not null)
            {
                writer.WriteString("mode", Modes[(int)mode]);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private sealed record Slot(
        string Of, string Across, Func<NbPriorsSpec, NbHierarchy?> Get, Func<NbPriorsSpec, NbHierarchy, NbPriorsSpec> With);
}
