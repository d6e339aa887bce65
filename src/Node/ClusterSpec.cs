using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Node;

/// <summary>The text by which a job travels between nodes: the whole spec, and the hashes it was submitted with.</summary>
internal static class ClusterSpec
{
    private const int Version = 2;

    public static string Write(PreparedJob job) => Encoding.UTF8.GetString(Json.Bytes(
        writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("specHash", job.SpecHash);
            writer.WriteString("dataHash", job.DataHash);
            writer.WriteBoolean("tables", job.Spec.Tables);
            writer.WritePropertyName("spec");
            var spec = JsonNode.Parse(Json.Bytes(w => SpecCanonical.Write(w, job.Spec, job.Shards, forPeople: true, travels: true)))!;
            RemoveWhatIsNotGiven(spec.AsObject());
            spec.WriteTo(writer);
            writer.WriteEndObject();
        },
        indented: false));

    /// <summary>For people "nothing" is written as null or as an empty list; a spec leaves it out.</summary>
    private static void RemoveWhatIsNotGiven(JsonObject section)
    {
        foreach (var (name, value) in section.ToList())
        {
            if (value is null or JsonArray { Count: 0 })
            {
                section.Remove(name);
            }
            else if (value is JsonObject inner)
            {
                RemoveWhatIsNotGiven(inner);
            }
        }
    }

    /// <exception cref="InvalidDataException">A newer program wrote it, or it is damaged.</exception>
    public static (JobSpec Spec, string SpecHash, string DataHash) Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != Version)
            {
                throw new InvalidDataException(
                    $"the job was submitted by another version of FitCluster (its spec is of form {root.GetProperty("version")}, " +
                    $"this program reads {Version}): use the same version everywhere");
            }

            var problems = new ProblemList();
            var spec = JobSpecReader.ReadText(root.GetProperty("spec").GetRawText(), "the submitted spec", problems);
            problems.ThrowIfAny();
            return (
                spec! with { Tables = root.GetProperty("tables").GetBoolean() },
                root.GetProperty("specHash").GetString()!,
                root.GetProperty("dataHash").GetString()!);
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ProblemException)
        {
            throw new InvalidDataException($"the submitted spec cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
