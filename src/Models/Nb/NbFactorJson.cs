using System.Text.Json;
using FitCluster.Math.NegativeBinomial;

namespace FitCluster.Models.Nb;

/// <summary>The factors of a design in fit.json: their levels, and which of them each dataset has.</summary>
internal static class NbFactorJson
{
    /// <summary>Writes them as the field "design"; nothing where there are none.</summary>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<NbFactor> factors)
    {
        if (factors.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("design");
        foreach (var factor in factors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", factor.Name);
            Spec.SpecTypes.WriteWords(writer, "levels", factor.Levels);
            writer.WriteStartArray("levelOfDataset");
            foreach (var level in factor.LevelOfDataset)
            {
                writer.WriteNumberValue(level);
            }

            writer.WriteEndArray();
            writer.WriteString("effect", factor.Hierarchy.Family == NbFamily.None ? "fixed" : "random");
            if (factor.Hierarchy.Family == NbFamily.None)
            {
                writer.WriteNumber("scale", factor.FixedScale);
            }
            else
            {
                NbHierarchyType.Write(writer, "hierarchy", factor.Hierarchy);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>
    /// Reads what <see cref="Write"/> wrote. Hyperparameters of a hierarchy are not needed by what is done with a finished fit; the family
    /// is.
    /// </summary>
    public static IReadOnlyList<NbFactor> Read(JsonElement own)
    {
        if (!own.TryGetProperty("design", out var design))
        {
            return [];
        }

        return [.. design.EnumerateArray().Select(factor => new NbFactor(
            factor.GetProperty("name").GetString()!,
            [.. factor.GetProperty("levels").EnumerateArray().Select(level => level.GetString()!)],
            [.. factor.GetProperty("levelOfDataset").EnumerateArray().Select(level => level.GetInt32())],
            factor.TryGetProperty("hierarchy", out var hierarchy) ? new NbHierarchy(Family(hierarchy)) : NbHierarchy.None,
            factor.TryGetProperty("scale", out var scale) ? scale.GetDouble() : 1))];
    }

    private static NbFamily Family(JsonElement hierarchy) =>
        Enum.Parse<NbFamily>(
            hierarchy.ValueKind == JsonValueKind.String ? hierarchy.GetString()! : hierarchy.GetProperty("type").GetString()!,
            ignoreCase: true);
}
