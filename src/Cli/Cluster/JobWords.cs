using System.Globalization;
using System.Text.Json;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Cluster;

/// <summary>How jobs are found, named and printed by the verbs.</summary>
internal static class JobWords
{
    /// <summary>The exit code of a job that has ended; null while it has not.</summary>
    public static int? ExitCodeOf(JobEntry job) => job.State switch
    {
        JobState.Converged => ExitCode.Done,
        JobState.Stopped => ExitCode.NotConverged,
        JobState.Failed => ExitCode.Failed,
        JobState.Cancelled => ExitCode.Interrupted,
        _ => null,
    };

    /// <summary>The state, as the contract words it.</summary>
    public static string StateOf(JobEntry job) =>
        job.CancelWanted && job.State == JobState.Running ? "cancelling" : job.State.ToString().ToLowerInvariant();

    /// <summary>Refuses what no job can be called, before anything is asked.</summary>
    public static void CheckName(string text, ProblemList problems)
    {
        if (!JobName.IsValid(text))
        {
            problems.Add(
                $"'{text}' cannot be the name of a job: names have 1 to 128 letters, digits, '.', '_' or '-', and do not start with '.'");
        }
    }

    /// <exception cref="ProblemException">There is no such job.</exception>
    public static async Task<JobEntry> Find(IClusterStore store, string text)
    {
        var name = new JobName(text);
        if (await store.Job(name).ConfigureAwait(false) is { } found)
        {
            return found;
        }

        var names = (await store.Jobs().ConfigureAwait(false)).Select(job => job.Submission.Job.Value);
        throw ProblemException.BadInput($"there is no job '{name}'{Nearest.Suggest(name.Value, [.. names])}");
    }

    /// <summary>The node that hosts an address; empty when none does.</summary>
    public static string NodeOf(ActorAddress address, IReadOnlyList<NodeEntry> nodes) =>
        nodes.FirstOrDefault(n => n is { SeenSecondsAgo: < 5, State: "up" or "draining" } && n.Actors.Contains(address.ToString()))?.Name ??
            "";

    /// <summary>Why a job is queued, or nothing.</summary>
    public static string WhyQueued(JobEntry job, IReadOnlyList<JobEntry> jobs, IReadOnlyList<NodeEntry> nodes)
    {
        if (job.State != JobState.Queued)
        {
            return "";
        }

        var up = nodes.Where(n => n is { State: "up", SeenSecondsAgo: < 5 }).ToList();
        if (up.Count == 0)
        {
            return "no node is up: start one with 'fitcluster node'";
        }

        if (up.All(n => n.Coordinators == 0))
        {
            return "no node that is up hosts coordinators: start one without --coordinators 0";
        }

        var capacity = up.Sum(n => (long)n.Capacity);
        var taken = jobs.Where(j => j.State == JobState.Running).Sum(j => (long)j.Submission.Shards);
        return job.Submission.Shards > capacity - taken
            ? FormattableString.Invariant($"it needs {job.Submission.Shards} shards, and {capacity - taken} of {capacity} are free")
            : "it is about to be started";
    }

    public static string Elbo(double value) => double.IsFinite(value) ? value.ToString("F3", CultureInfo.InvariantCulture) : "-";

    /// <summary>The estimated seconds to go; NaN while there is no telling.</summary>
    public static double SecondsLeft(JobProgress progress) =>
        progress.Share is > 0.01 and < 1 ? progress.Seconds * (1 - progress.Share) / progress.Share : double.NaN;

    public static void Write(Utf8JsonWriter writer, JobEntry job, IReadOnlyList<NodeEntry>? nodes)
    {
        var (s, p) = (job.Submission, job.Progress);
        writer.WriteStartObject();
        writer.WriteString("name", s.Job.Value);
        writer.WriteString("state", StateOf(job));
        writer.WriteString("reason", job.Reason);
        writer.WriteString("specHash", s.SpecHash);
        writer.WriteString("dataHash", s.DataHash);
        writer.WriteNumber("shards", s.Shards);
        writer.WriteString("submitted", job.Submitted);
        WriteTime(writer, "reported", job.Reported);
        WriteTime(writer, "ended", job.Ended);
        writer.WriteNumber("attempt", p.Attempt.Value);
        writer.WriteString("node", p.Node);
        writer.WriteNumber("round", p.Round.Value);
        writer.WriteString("phase", p.Phase);
        writer.Number("elbo", p.Objective);
        writer.WriteNumber("progress", p.Share);
        writer.WriteNumber("seconds", p.Seconds);
        writer.Number("secondsLeft", SecondsLeft(p));
        writer.WriteNumber("rows", p.Rows);
        writer.WriteNumber("checkpointRound", p.CheckpointRound.Value);
        writer.WriteNumber("checkpoints", p.Checkpoints);
        if (nodes is not null)
        {
            WriteShards(writer, job, nodes);
        }

        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            writer.WriteString(name, known);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteShards(Utf8JsonWriter writer, JobEntry job, IReadOnlyList<NodeEntry> nodes)
    {
        writer.WriteStartArray("shardStates");
        foreach (var shard in job.Progress.Shards)
        {
            writer.WriteStartObject();
            writer.WriteNumber("shard", shard.Shard.Value);
            writer.WriteString("node", NodeOf(ShardAddress.Of(job.Submission.Job, shard.Shard), nodes));
            writer.WriteNumber("load", shard.Load);
            writer.WriteBoolean("ready", shard.IsReady);
            writer.WriteNumber("round", shard.Round.Value);
            writer.WriteNumber("waitingSeconds", shard.WaitingSeconds);
            writer.WriteNumber("lastSeconds", shard.LastSeconds);
            writer.WriteNumber("losses", shard.Losses);
            writer.WriteNumber("failures", shard.Failures);
            writer.WriteBoolean("straggler", shard.IsStraggler);
            writer.WriteNumber("rows", shard.Rows);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
