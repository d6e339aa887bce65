using System.Text.Json;
using FitCluster.Models.Results;

namespace FitCluster.Models.TwinEb;

/// <summary>How row_prior.json and column_prior.json of twineb, and their truth, are written.</summary>
internal static class MixtureJson
{
    /// <summary>Writes a mixture: each component's weight, and its parameters by factor (one, where all factors share it).</summary>
    /// <param name="writer">Where.</param>
    /// <param name="isGamma">Whether components are Gammas; else they are normal.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="parameters">Name and values, components x factors.</param>
    public static void Write(
        Utf8JsonWriter writer, bool isGamma, double[] weights, params ReadOnlySpan<(string Name, double[] Values)> parameters)
    {
        writer.WriteStartObject();
        writer.WriteString("family", isGamma ? "gamma_mixture" : "normal_mixture");
        writer.WriteStartArray("components");
        for (var k = 0; k < weights.Length; k++)
        {
            writer.WriteStartObject();
            writer.Number("weight", weights[k]);
            foreach (var (name, values) in parameters)
            {
                var width = values.Length / weights.Length;
                writer.Numbers(name, values.AsSpan(k * width, width));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
