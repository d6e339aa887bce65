using System.CommandLine;
using System.Text.Json;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Engine;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;
using FitCluster.Node;

namespace FitCluster.Cli.Verbs;

/// <summary>
/// What the verbs that ask a cluster have in common: where it is, how the answer is printed, and what becomes of failures.
/// </summary>
internal static class ClusterVerb
{
    public delegate Task<int> Ask(ParseResult result, IClusterStore store, OutputFormat format, ProblemList problems);

    /// <summary>Adds the common options; <paramref name="ask"/> is called with a store that has been reached.</summary>
    public static void Make(Command command, Ask ask, Action<ParseResult, ProblemList>? check = null)
    {
        var cluster = new ClusterOptions();
        var format = Options.Text("--format", "table|json", "how the answer is printed on stdout (default table)");
        cluster.AddTo(command);
        command.Add(format);
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            var printed = OutputFormats.Parse(result.GetValue(format), problems);
            var url = cluster.Store(result, problems);
            if (command.Arguments.FirstOrDefault(argument => argument.Name == "JOB") is Argument<string> job &&
                result.GetValue(job) is { } name)
            {
                JobWords.CheckName(name, problems);
            }

            check?.Invoke(result, problems);
            problems.ThrowIfAny();
            return Run(url, store => ask(result, store, printed, problems)).GetAwaiter().GetResult();
        });
    }

    public static void PrintJson(Action<Utf8JsonWriter> write)
    {
        using var stdout = Terminal.OpenOut();
        stdout.Write(Json.Bytes(write));
    }

    /// <summary>Reaches the store, does the work, and words what fails.</summary>
    public static async Task<int> Run(string url, Func<IClusterStore, Task<int>> work, bool makesStore = false)
    {
        await using var store = await ClusterAccess.Store(url, makesStore).ConfigureAwait(false);
        try
        {
            return await work(store).ConfigureAwait(false);
        }
        catch (ClusterStoreException error)
        {
            throw ClusterAccess.Failure(error);
        }
    }
}
