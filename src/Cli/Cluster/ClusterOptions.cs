using System.CommandLine;
using FitCluster.Cli.Verbs;
using FitCluster.Engine;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Cluster;

/// <summary>The option --store, which may come from the environment, so that no password need stand on a command line.</summary>
internal sealed class ClusterOptions
{
    private const string Variable = "FITCLUSTER_STORE";

    private readonly Option<string?> _store = Options.Text(
        "--store", "URL|FILE.db", $"postgres://user:password@host:5432/database, or a file on this machine (default: {Variable})");

    /// <summary>What earlier versions wanted; named only to be refused with a reason.</summary>
    private readonly Option<string?> _broker = new("--broker") { Hidden = true };

    public void AddTo(Command command)
    {
        command.Add(_store);
        command.Add(_broker);
    }

    public string Store(ParseResult result, ProblemList problems)
    {
        if (result.GetResult(_broker) is not null)
        {
            problems.Add("there is no --broker any more: nodes find each other by --store, and nothing else is needed; leave it out");
        }

        var url = result.GetValue(_store) ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(url))
        {
            problems.Add($"--store is missing: give it, or set {Variable}");
            return "";
        }

        try
        {
            ClusterStores.CheckUrl(url);
        }
        catch (ClusterStoreException error)
        {
            problems.Add(error.Message);
        }

        return url;
    }
}
