using System.Reflection;
using System.Text.Json;
using FitCluster.Cli.Running;
using FitCluster.Cli.Spec;
using FitCluster.Coordinator;

namespace FitCluster.Cli.Output;

/// <summary>fit.json: what was fitted, to what, and how it went (cli.md).</summary>
internal sealed record FitReport(PreparedJob Job, string Name, FitOutcome Outcome, RunLog Log)
{
    // A list of a number for each row of an atlas belongs into an array file.
    private const int LongestList = 100_000;

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
        SpecCanonical.Write(writer, Job.Spec with { Name = Name }, Job.Shards, Job.Options.MaxFactors, forPeople: true);
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

        writer.WriteNumber("rounds", rounds);
        writer.Number("elbo", global?.Scalar("elbo") ?? LastObjective());
        writer.Number("seconds", Outcome.Seconds);
        writer.Number("secondsPerRound", rounds > 0 ? Outcome.Seconds / rounds : 0);
        writer.WriteNumber("checkpoints", Log.Checkpoints);
        writer.WriteStartArray("events");
        foreach (var words in Log.Events)
        {
            writer.WriteStringValue(words);
        }

        writer.WriteEndArray();
        if (global is not null)
        {
            WriteOwn(writer);
            writer.WriteStartObject("ebmf");
            WriteOwn(writer);
            writer.WriteNumber("tolerance", global.Scalar("tolerance"));
            writer.WriteNumber("sweeps", global.Scalar("sweeps"));
            writer.Numbers("klLoadings", global["klLoadings"]);
            writer.Numbers("klFactors", global["klFactors"]);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private void WriteOwn(Utf8JsonWriter writer)
    {
        var global = Outcome.GlobalResult!;
        writer.WriteNumber("factors", global["pve"].Length);
        writer.Numbers("pve", global["pve"]);
        if (!global.Contains("residual_sd") || Outcome.ShardResults[0].Contains("residual_sd"))
        {
            WriteResidualByRow(writer);
        }
        else if (global.Get("residual_sd").Shape.Length == 0)
        {
            writer.Number("residualSd", global.Scalar("residual_sd"));
        }
        else
        {
            writer.Numbers("residualSd", global["residual_sd"]);
        }
    }

    private void WriteResidualByRow(Utf8JsonWriter writer)
    {
        if (!Outcome.ShardResults[0].Contains("residual_sd") || Outcome.GlobalResult!.Contains("residual_sd") || Job.Data.Rows > LongestList)
        {
            // Nothing estimated, a part for rows and one for columns, or too many: see the arrays.
            writer.WriteNull("residualSd");
            return;
        }

        writer.Numbers("residualSd", Outcome.ShardResults.SelectMany(s => s["residual_sd"]).ToArray());
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
