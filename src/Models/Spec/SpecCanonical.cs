using System.Security.Cryptography;
using System.Text.Json;
using FitCluster.Data;
using FitCluster.Models.Results;

namespace FitCluster.Models.Spec;

/// <summary>
/// What determines a fit's result, besides the content of its files, in one canonical form: all defaults written out, keys in a fixed
/// order. Paths, names, threads, limits and checkpoints are not in it.
/// </summary>
internal static class SpecCanonical
{
    /// <summary>The SHA-256 of the canonical form.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="shards">The number of shards, decided.</param>
    public static string Hash(JobSpec spec, int shards) =>
        Convert.ToHexStringLower(SHA256.HashData(Json.Bytes(w => Write(w, spec, shards, forPeople: false), indented: false)));

    /// <summary>
    /// Writes the spec as an object; for people with paths, name, and what does not determine the result. A URL's user, password and query
    /// are left out unless it <paramref name="travels"/> to those who read the data.
    /// </summary>
    public static void Write(Utf8JsonWriter writer, JobSpec spec, int shards, bool forPeople, bool travels = false)
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
        if (forPeople)
        {
            // A fit that a limit stopped is the same fit as one that goes on: limits are no part of it.
            writer.WriteStartObject("stop");
            WriteOptional(writer, "maxRounds", spec.Stop.MaxRounds);
            WriteOptional(writer, "maxSeconds", spec.Stop.MaxSeconds);
            writer.WriteEndObject();
            writer.WriteStartObject("checkpoint");
            writer.WriteNumber("everySeconds", spec.Checkpoint.EverySeconds);
            WriteOptional(writer, "everyRounds", spec.Checkpoint.EveryRounds);
            writer.WriteNumber("keep", spec.Checkpoint.Keep);
            writer.WriteEndObject();
        }

        if (spec.From is not null)
        {
            // The content of the fit is in the data's hash.
            writer.WriteString("from", forPeople ? spec.From : "fit");
        }

        spec.Section.Table.Write(writer, spec.Section, forPeople);
        writer.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter writer, DataSpec data, bool forPeople, bool travels)
    {
        writer.WriteStartObject("data");
        if (forPeople)
        {
            WritePaths(writer, data, travels);
        }

        writer.WriteString("transform", data.Transform);
        writer.WriteString("missing", data.Missing);
        if (data.Datasets is { } datasets)
        {
            WriteDatasets(writer, datasets, forPeople);
        }

        // A selection shows in the data's hash, and so does what a file was taken for: how it was written down does not matter.
        if (forPeople)
        {
            writer.WriteString("format", data.Format);
            SpecTypes.WriteWords(writer, "featureTypes", data.FeatureTypes);
            SpecTypes.WriteWords(writer, "rows", data.Rows);
            SpecTypes.WriteWords(writer, "columns", data.Columns);
        }

        writer.WriteEndObject();
    }

    private static void WritePaths(Utf8JsonWriter writer, DataSpec data, bool travels)
    {
        string Shown(string path) => travels ? path : DataUrl.Show(path);
        if (data.Paths.Count == 0)
        {
            writer.WriteString("path", Shown(data.Path));
            return;
        }

        SpecTypes.WriteWords(writer, "path", [.. data.Paths.Select(Shown)]);
        writer.WriteString("join", DataSpecReader.Joins[(int)data.Join]);
    }

    // Which row is of which dataset is in the data's hash, as far as the model knows datasets.
    private static void WriteDatasets(Utf8JsonWriter writer, DatasetsSpec datasets, bool forPeople)
    {
        if (!forPeople || datasets.Table is null)
        {
            writer.WriteString("datasets", datasets.Table is null ? DataSpecReader.ByFile : "table");
        }
        else if (datasets.Column is null)
        {
            writer.WriteString("datasets", datasets.Table);
        }
        else
        {
            writer.WriteStartObject("datasets");
            writer.WriteString("file", datasets.Table);
            writer.WriteString("column", datasets.Column);
            writer.WriteEndObject();
        }
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
}
