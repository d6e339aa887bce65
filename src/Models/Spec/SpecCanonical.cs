using System.Security.Cryptography;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Ebmf;
using FitCluster.Models.Results;

namespace FitCluster.Models.Spec;

/// <summary>
/// What determines a fit's result, besides the content of its files, in one canonical form: all defaults written out, keys in a fixed
/// order. Paths, names, threads and checkpoints are not in it.
/// </summary>
internal static class SpecCanonical
{
    /// <summary>The SHA-256 of the canonical form of an ebmf job.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="shards">The number of shards, decided.</param>
    /// <param name="maxFactors">The most factors, decided.</param>
    public static string Hash(JobSpec spec, int shards, int maxFactors) =>
        Hash(spec, shards, (writer, forPeople) => WriteEbmf(writer, spec.Ebmf, maxFactors, forPeople));

    /// <summary>The SHA-256 of the canonical form.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="shards">The number of shards, decided.</param>
    /// <param name="section">Writes the model's own section, for people or not.</param>
    public static string Hash(JobSpec spec, int shards, Action<Utf8JsonWriter, bool> section) =>
        Convert.ToHexStringLower(SHA256.HashData(Json.Bytes(w => Write(w, spec, shards, section, forPeople: false), indented: false)));

    /// <summary>
    /// Writes the spec as an object; for people with paths, name, and what does not determine the result. A URL's user, password and query are left out
    /// unless it <paramref name="travels"/> to those who read the data.
    /// </summary>
    public static void Write(Utf8JsonWriter writer, JobSpec spec, int shards, Action<Utf8JsonWriter, bool> section, bool forPeople, bool travels = false)
    {
        writer.WriteStartObject();
        if (forPeople && spec.Name is not null)
        {
            writer.WriteString("name", spec.Name);
        }

        writer.WriteString("model", spec.Model);
        WriteData(writer, spec.Data, forPeople, travels);
        writer.WriteNumber("seed", spec.Seed);
        writer.WriteNumber("shards", shards);
        writer.WriteStartObject("stop");
        WriteOptional(writer, "maxRounds", spec.Stop.MaxRounds);
        WriteOptional(writer, "maxSeconds", spec.Stop.MaxSeconds);
        writer.WriteEndObject();
        if (forPeople)
        {
            writer.WriteStartObject("checkpoint");
            writer.WriteNumber("everySeconds", spec.Checkpoint.EverySeconds);
            WriteOptional(writer, "everyRounds", spec.Checkpoint.EveryRounds);
            writer.WriteNumber("keep", spec.Checkpoint.Keep);
            writer.WriteEndObject();
        }

        section(writer, forPeople);
        writer.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter writer, DataSpec data, bool forPeople, bool travels)
    {
        writer.WriteStartObject("data");
        if (forPeople)
        {
            writer.WriteString("path", travels ? data.Path : DataUrl.Show(data.Path));
        }

        writer.WriteString("transform", data.Transform);
        writer.WriteString("missing", data.Missing);
        // A selection shows in the data's hash: how it was written down does not matter.
        if (forPeople)
        {
            WriteWords(writer, "rows", data.Rows);
            WriteWords(writer, "columns", data.Columns);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the section "ebmf".</summary>
    public static void WriteEbmf(Utf8JsonWriter writer, EbmfSpec ebmf, int maxFactors, bool forPeople)
    {
        writer.WriteStartObject("ebmf");
        writer.WriteNumber("maxFactors", maxFactors);
        WriteWords(writer, "loadingsPrior", [.. ebmf.LoadingsPrior.Select(EbnmFamilies.Name)]);
        WriteWords(writer, "factorsPrior", [.. ebmf.FactorsPrior.Select(EbnmFamilies.Name)]);
        writer.WriteString("variance", ebmf.Variance.ToString().ToLowerInvariant());
        if (ebmf.StandardErrorsPath is not null)
        {
            // The content of files is in the data's hash.
            writer.WriteString("standardErrors", forPeople ? ebmf.StandardErrorsPath : "file");
        }
        else
        {
            WriteOptional(writer, "standardErrors", ebmf.StandardError);
        }

        writer.WriteBoolean("greedy", ebmf.Greedy);
        writer.WriteBoolean("backfit", ebmf.Backfit);
        writer.WriteBoolean("nullcheck", ebmf.Nullcheck);
        writer.WriteBoolean("extrapolate", ebmf.Extrapolate);
        writer.WriteString("init", forPeople && ebmf.InitPath is not null ? ebmf.InitPath : ebmf.Init.ToString().ToLowerInvariant());
        WriteWords(writer, "fixedFactors", [.. ebmf.FixedFactors.Select(f => forPeople || !Path.IsPathRooted(f) ? f : "file")]);
        WriteOptional(writer, "tolerance", ebmf.Tolerance);
        writer.WriteNumber("maxSweeps", ebmf.MaxSweeps);
        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteWords(Utf8JsonWriter writer, string name, IReadOnlyList<string>? words)
    {
        if (words is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartArray(name);
        foreach (var word in words)
        {
            writer.WriteStringValue(word);
        }

        writer.WriteEndArray();
    }
}
