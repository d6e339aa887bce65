using System.CommandLine;
using System.Globalization;
using System.Text;
using FitCluster.Cli.Output;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Verbs;

/// <summary>
/// <c>fitcluster check</c>: a dry run. Says every problem, the shards, and what memory and checkpoints will take; writes nothing.
/// </summary>
internal static class CheckVerb
{
    public static Command Create()
    {
        var options = new FitOptions();
        var format = Options.Text("--format", "table|json", "how the plan is printed on stdout (default table)");
        var command =
            new Command("check", "Dry run: every problem found, the shards, memory and checkpoint sizes. Starts and writes nothing.");
        options.AddTo(command);
        command.Add(format);
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            var spec = options.Read(result, problems);
            problems.ThrowIfAny();
            return Run(spec!, printed);
        });
        return command;
    }

    private static int Run(JobSpec spec, OutputFormat format)
    {
        var job = new PreparedJob(spec, DataOpener.Open(spec.Data));
        if (spec.Out is not null && !spec.Fresh)
        {
            using var folder = FitFolder.Look(spec.Out);
            var state = folder.Find(job, fresh: false, out _);
            Terminal.Error.WriteLine(state switch
            {
                FolderState.Finished => $"'{spec.Out}' holds this very fit already",
                FolderState.Stopped => $"'{spec.Out}' holds this fit, which a limit had stopped: 'fit' will go on with it",
                FolderState.Unfinished => $"'{spec.Out}' holds an unfinished run of this fit: 'fit' will go on with it",
                _ => $"'{spec.Out}' is free",
            });
        }

        foreach (var line in FitVerb.Describe(job))
        {
            Terminal.Error.WriteLine(line);
        }

        var sizes = job.Own.Sizes;
        if (format == OutputFormat.Json)
        {
            Terminal.Write(Json.Bytes(w => Write(w, job, sizes)));
        }
        else
        {
            Terminal.Out.Write(Table(job, sizes));
        }

        return ExitCode.Done;
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, PreparedJob job, SizeEstimate sizes)
    {
        writer.WriteStartObject();
        writer.WriteString("specHash", job.SpecHash);
        writer.WriteString("dataHash", job.DataHash);
        writer.WriteNumber("rows", job.Data.Rows);
        writer.WriteNumber("columns", job.Data.Columns);
        job.Own.WritePlan(writer);
        writer.WriteStartArray("shards");
        foreach (var range in job.Ranges)
        {
            writer.WriteStartObject();
            writer.WriteNumber("firstRow", range.First);
            writer.WriteNumber("rows", range.Count);
            writer.WriteNumber("stored", range.StoredCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("dataBytes", sizes.DataBytes);
        writer.WriteNumber("memoryBytes", sizes.MemoryBytes);
        writer.WriteNumber("checkpointBytes", sizes.CheckpointBytes);
        writer.WriteNumber("resultBytes", sizes.ResultBytes);
        writer.WriteEndObject();
    }

    private static string Table(PreparedJob job, SizeEstimate sizes)
    {
        var text = new StringBuilder();
        text.AppendLine(job.Own.Title);
        text.AppendLine("shard   first row      rows        stored");
        const int shown = 16;
        for (var s = 0; s < job.Shards; s++)
        {
            if (s == shown)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"... and {job.Shards - shown} more");
                break;
            }

            text.AppendLine(
                CultureInfo.InvariantCulture, $"{s,5}  {job.Ranges[s].First,10}  {job.Ranges[s].Count,8}  {job.Ranges[s].StoredCount,12}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"data          {Megabytes(sizes.DataBytes)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"memory, most  {Megabytes(sizes.MemoryBytes)}");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"checkpoints   {Megabytes(sizes.CheckpointBytes * (job.Spec.Checkpoint.Keep + 1))} at most ({job.Spec.Checkpoint.Keep + 1} " +
            $"of {Megabytes(sizes.CheckpointBytes).Trim()})");
        text.AppendLine(CultureInfo.InvariantCulture, $"results       {Megabytes(sizes.ResultBytes)}");
        text.AppendLine("no problem found; nothing was started or written");
        return text.ToString();
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6,10:N1} MB");
}
