using System.CommandLine;
using System.Text.Json;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Engine;
using FitCluster.Models;
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

    /// <summary>
    /// Adds the common options; <paramref name="ask"/> is called with a store that has been reached. The store answers
    /// without the broker, and that answer is printed; but with <paramref name="needsBroker"/> a broker that was given
    /// and cannot be used makes the exit code 4.
    /// </summary>
    public static void Make(Command command, Ask ask, Action<ParseResult, ProblemList>? check = null, bool needsBroker = true)
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
            var broker = cluster.BrokerIfGiven(result, problems);
            if (command.Arguments.FirstOrDefault(argument => argument.Name == "JOB") is Argument<string> job &&
                result.GetValue(job) is { } name)
            {
                JobWords.CheckName(name, problems);
            }

            check?.Invoke(result, problems);
            problems.ThrowIfAny();
            return Run(url, async store =>
            {
                var isReachable = broker is null || await CanUse(broker, store).ConfigureAwait(false);
                var code = await ask(result, store, printed, problems).ConfigureAwait(false);
                return code == ExitCode.Done && needsBroker && !isReachable ? ExitCode.Unreachable : code;
            }).GetAwaiter().GetResult();
        });
    }

    public static void PrintJson(Action<Utf8JsonWriter> write)
    {
        using var stdout = Terminal.OpenOut();
        stdout.Write(Json.Bytes(write));
    }

    /// <summary>Reaches the store, does the work, and words what fails.</summary>
    public static async Task<int> Run(string url, Func<IClusterStore, Task<int>> work)
    {
        await using var store = await ClusterAccess.Store(url).ConfigureAwait(false);
        try
        {
            return await work(store).ConfigureAwait(false);
        }
        catch (ClusterStoreException error)
        {
            throw ClusterAccess.Failure(error);
        }
    }

    /// <summary>Says so if the broker cannot be used: nothing moves without it.</summary>
    private static async Task<bool> CanUse(string url, IClusterStore store)
    {
        try
        {
            await using var engine = await ClusterOptions.Connect(url, store).ConfigureAwait(false);
            return true;
        }
        catch (ProblemException error)
        {
            Terminal.Error.WriteLine($"warning: {error.Message}");
            return false;
        }
    }
}
