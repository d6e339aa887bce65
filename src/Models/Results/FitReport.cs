using System.Reflection;
using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Results;

/// <summary>fit.json: what was fitted, to what, and how it went (docs/results.md, "fit.json").</summary>
internal sealed record FitReport(PreparedJob Job, string Name, FitOutcome Outcome, RunLog Log)
{
    public static string Version { get; } =
        typeof(FitReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public byte[] ToBytes() => Json.Bytes(Write);

    private void Write(Utf8JsonWriter writer)
    {
        var (rounds, global) = (Outcome.Rounds.Value, Outcome.GlobalResult);
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("model", Job.Spec.Model);
        writer.WriteString("version", Version);
        writer.WritePropertyName("spec");
        SpecCanonical.Write(writer, Job.Spec with { Name = Name }, Job.Shards, forPeople: true);
        writer.WriteString("specHash", Job.SpecHash);
        writer.WriteString("dataHash", Job.DataHash);
        writer.WriteNumber("rows", Job.Data.Rows);
        writer.WriteNumber("columns", Job.Data.Columns);
        writer.WriteNumber("nonZeros", NonZeros());
        writer.WriteNumber("missing", Job.Data.MissingCount);
        writer.WriteNumber("seed", Job.Spec.Seed);
        writer.WriteNumber("shards", Job.Shards);
        writer.WriteString("status", Outcome.Status.ToString().ToLowerInvariant());
        if (Outcome.Reason.Length > 0)
        {
            writer.WriteString("reason", Outcome.Reason);
        }

        if (Outcome.Resume is { } point)
        {
            writer.WriteStartObject("resume");
            writer.WriteNumber("round", point.Round.Value);
            writer.WriteNumber("seconds", point.Seconds);
            writer.WriteEndObject();
        }

        writer.WriteNumber("rounds", rounds);
        writer.Number("elbo", global is not null && global.Contains("elbo") ? global.Scalar("elbo") : LastObjective());
        writer.Number("seconds", Outcome.Seconds);
        writer.Number("secondsPerRound", rounds > 0 ? Outcome.Seconds / rounds : 0);
        writer.WriteNumber("checkpoints", Log.Checkpoints);
        writer.WriteStartArray("events");
        foreach (var words in Log.Events)
        {
            writer.WriteStringValue(words);
        }

        writer.WriteEndArray();
        if (global is { Count: > 0 })
        {
            var warnings = Job.Own.Output.Warnings(Outcome);
            if (warnings.Count > 0)
            {
                SpecTypes.WriteWords(writer, "warnings", warnings);
            }

            Job.Own.Output.WriteReport(writer, Outcome);
        }

        writer.WriteEndObject();
    }

    private double LastObjective()
    {
        for (var t = Outcome.Trace.Count - 1; t >= 0; t--)
        {
            if (double.IsFinite(Outcome.Trace[t].Objective))
            {
                return Outcome.Trace[t].Objective;
            }
        }

        return double.NaN;
    }

    private long NonZeros()
    {
        if (Job.Data.IsSparse)
        {
            return Job.Data.StoredCount;
        }

        if (Job.Data.Facts.NonZeroCount is { } noted)
        {
            return noted;
        }

        var count = 0L;
        for (var row = 0L; row < Job.Data.Rows; row++)
        {
            var values = Job.Data.RowBlock(row, 1).DenseRows(0, 1);
            count += values.Length - values.Count(0.0);
        }

        return count;
    }
}
