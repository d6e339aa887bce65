using System.CommandLine;
using System.Globalization;
using System.Text;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster status JOB</c>: where a job stands, shard by shard.</summary>
internal static class StatusVerb
{
    private const int EventsShown = 10;

    public static Command Create()
    {
        var name = new Argument<string>("JOB") { Description = "the job's name" };
        var command =
            new Command("status", "Says where a job stands: round, ELBO, checkpoint, each shard with its node, the last events.") { name };
        ClusterVerb.Make(command, async (result, store, format, _) =>
        {
            var job = await JobWords.Find(store, result.GetValue(name)!).ConfigureAwait(false);
            var (nodes, jobs) = (await store.Nodes().ConfigureAwait(false), await store.Jobs().ConfigureAwait(false));
            var events = await store.Events(job.Submission.Job).ConfigureAwait(false);
            if (format == OutputFormat.Json)
            {
                ClusterVerb.PrintJson(writer => JobWords.Write(writer, job, nodes));
            }
            else
            {
                Terminal.Out.Write(Table(job, JobWords.WhyQueued(job, jobs, nodes), nodes, [.. events.TakeLast(EventsShown)]));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string Table(JobEntry job, string why, IReadOnlyList<NodeEntry> nodes, IReadOnlyList<JobEvent> events)
    {
        var (name, p) = (job.Submission.Job, job.Progress);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{name}: {JobWords.StateOf(job)}{(job.Reason.Length > 0 ? $" ({job.Reason})" : "")}{(why.Length > 0 ? $": {why}" : "")}");
        if (p.Attempt.Value > 0)
        {
            var left = JobWords.SecondsLeft(p);
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"round {p.Round}, {p.Phase}, {p.Share:P0}, elbo {JobWords.Elbo(p.Objective)}, {p.Seconds:F1} " +
                $"s{(double.IsFinite(left) ? $", about {left:F0} s to go" : "")}");
            text.AppendLine(CultureInfo.InvariantCulture,
                $"attempt {p.Attempt}, coordinator on {p.Node}; checkpoint of round {p.CheckpointRound} " +
                $"({p.Round.Value - p.CheckpointRound.Value} rounds ago)");
        }

        if (p.Shards.Count > 0)
        {
            text.AppendLine("shard  node                             load   round   waiting      last  losses  failures");
            foreach (var shard in p.Shards)
            {
                var node = JobWords.NodeOf(ShardAddress.Of(name, shard.Shard), nodes);
                text.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"{shard.Shard,5}  {node,-32} {shard.Load,4} {shard.Round,7} {shard.WaitingSeconds,7:F2} s {shard.LastSeconds,7:F2} " +
                    $"s {shard.Losses,7} {shard.Failures,9}{(shard.IsStraggler ? "  slow" : shard.IsReady ? "" : "  loading")}");
            }
        }

        foreach (var happened in events)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{happened.Time:u} {happened.Node}: {happened.Words}");
        }

        return text.ToString();
    }
}
