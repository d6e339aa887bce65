using System.CommandLine;
using FitCluster.Cli.Verbs;
using FitCluster.Engine;
using FitCluster.Models;
using FitCluster.Models.Spec;
using FitCluster.Node;

namespace FitCluster.Cli.Cluster;

/// <summary>
/// The options --broker and --store, which may come from the environment, so that no password need stand on a command line.
/// </summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> _broker =
        Options.Text("--broker", "URL", "amqp://user:password@host:5672/vhost (default: FITCLUSTER_BROKER)");

    private readonly Option<string?> _store =
        Options.Text("--store", "URL", "postgres://user:password@host:5432/database (default: FITCLUSTER_STORE)");

    public void AddTo(Command command)
    {
        command.Add(_broker);
        command.Add(_store);
    }

    public string Broker(ParseResult result, ProblemList problems)
    {
        var url = Read(result, _broker, "FITCLUSTER_BROKER", problems);
        CheckBroker(url, problems);
        return url;
    }

    public string Store(ParseResult result, ProblemList problems)
    {
        var url = Read(result, _store, "FITCLUSTER_STORE", problems);
        try
        {
            if (url.Length > 0)
            {
                ClusterStores.CheckUrl(url);
            }
        }
        catch (ClusterStoreException error)
        {
            problems.Add(error.Message);
        }

        return url;
    }

    /// <summary>The broker's URL where one is given; it serves only a warning.</summary>
    public string? BrokerIfGiven(ParseResult result, ProblemList problems)
    {
        var url = result.GetValue(_broker) ?? Environment.GetEnvironmentVariable("FITCLUSTER_BROKER");
        CheckBroker(url ?? "", problems);
        return url;
    }

    /// <summary>Takes part in a cluster as a client: hosts nothing.</summary>
    /// <exception cref="ProblemException">The broker cannot be used (4).</exception>
    public static Task<IClusterEngine> Connect(string url, IClusterStore store) =>
        ClusterAccess.Engine(url, new ClusterEngineOptions { Node = $"client-{Environment.ProcessId}", Threads = 1 }, store);

    private static void CheckBroker(string url, ProblemList problems)
    {
        try
        {
            if (url.Length > 0)
            {
                ClusterEngines.CheckUrl(url);
            }
        }
        catch (ClusterEngineException error)
        {
            problems.Add(error.Message);
        }
    }

    private static string Read(ParseResult result, Option<string?> option, string variable, ProblemList problems)
    {
        var url = result.GetValue(option) ?? Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(url))
        {
            problems.Add($"{option.Name} URL is missing: give it, or set {variable}");
        }

        return url ?? "";
    }
}
