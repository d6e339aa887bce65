using System.CommandLine;
using System.Globalization;
using System.Text;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster list</c>: the jobs of a cluster, or its nodes.</summary>
internal static class ListVerb
{
    public static Command Create()
    {
        var nodes = Options.Switch("--nodes", "list the nodes instead");
        var command = new Command("list", "Lists the jobs of a cluster, or with --nodes its nodes.") { nodes };
        ClusterVerb.Make(command, async (result, store, format, _) =>
        {
            if (result.GetValue(nodes))
            {
                Print(await store.Nodes().ConfigureAwait(false), format);
            }
            else
            {
                Print(await store.Jobs().ConfigureAwait(false), format);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<JobEntry> jobs, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            ClusterVerb.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (var job in jobs)
                {
                    JobWords.Write(writer, job, null);
                }

                writer.WriteEndArray();
            });
            return;
        }

        var text = new StringBuilder("job                              state       shards   round  progress            elbo  node\n");
        foreach (var job in jobs)
        {
            var p = job.Progress;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{job.Submission.Job.Value,-32} {JobWords.StateOf(job),-10} {job.Submission.Shards,7} {p.Round.Value,7} {p.Share,8:P0} " +
                $"{JobWords.Elbo(p.Objective),16}  {p.Node}");
        }

        Terminal.Out.Write(text);
    }

    private static void Print(IReadOnlyList<NodeEntry> nodes, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            ClusterVerb.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (var node in nodes)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", node.Name);
                    writer.WriteString("host", node.Host);
                    writer.WriteNumber("processId", node.ProcessId);
                    writer.WriteString("version", node.Version);
                    writer.WriteString("state", StateOf(node));
                    writer.WriteNumber("seenSecondsAgo", node.SeenSecondsAgo);
                    writer.WriteNumber("capacity", node.Capacity);
                    writer.WriteNumber("coordinators", node.Coordinators);
                    writer.WriteNumber("memoryBytes", node.MemoryBytes);
                    writer.WriteNumber("memoryLimitBytes", node.MemoryLimitBytes);
                    writer.WriteNumber("rowsPerSecond", node.RowsPerSecond);
                    writer.WriteStartArray("actors");
                    foreach (var actor in node.Actors)
                    {
                        writer.WriteStringValue(actor);
                    }

                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
            return;
        }

        var text = new StringBuilder("node                             state      seen     shards  coordinators     memory      rows/s\n");
        foreach (var node in nodes)
        {
            var shards = node.Actors.Count(a => a.StartsWith(ShardAddress.Kind + "/", StringComparison.Ordinal));
            var coordinators = node.Actors.Count(a => a.StartsWith(ShardAddress.CoordinatorKind + "/", StringComparison.Ordinal));
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{node.Name,-32} {StateOf(node),-8} {node.SeenSecondsAgo,4:F0} s {$"{shards}/{node.Capacity}",10} " +
                $"{$"{coordinators}/{node.Coordinators}",13} {node.MemoryBytes / 1e6,7:F0} MB {node.RowsPerSecond,11:N0}");
        }

        Terminal.Out.Write(text);
    }

    private static string StateOf(NodeEntry node) => node is { State: "up", SeenSecondsAgo: > 5 } ? "silent" : node.State;
}
