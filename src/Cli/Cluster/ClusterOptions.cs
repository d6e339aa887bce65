using System.CommandLine;
using FitCluster.Cli.Verbs;
using FitCluster.Engine;
using FitCluster.Models;
using FitCluster.Models.Spec;

namespace FitCluster.Cli.Cluster;

/// <summary>The options --broker and --store, which may come from the environment, so that no password need stand on a command line.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> _broker = Options.Text("--broker", "URL", "amqp://user:password@host:5672/vhost (default: FITCLUSTER_BROKER)");
    private readonly Option<string?> _store = Options.Text("--store", "URL", "postgres://user:password@host:5432/database (default: FITCLUSTER_STORE)");

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
                PostgresStore.CheckUrl(url);
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

    /// <exception cref="ProblemException">The URL is wrong (2), or the store cannot be reached (4).</exception>
    public static async Task<PostgresStore> Connect(string url)
    {
        PostgresStore? store = null;
        try
        {
            store = new PostgresStore(url);
            await store.Prepare().ConfigureAwait(false);
            return store;
        }
        catch (ClusterStoreException error)
        {
            if (store is not null)
            {
                await store.DisposeAsync().ConfigureAwait(false);
            }

            throw Failure(error);
        }
    }

    /// <exception cref="ProblemException">The broker cannot be used (4).</exception>
    public static async Task<RabbitMqEngine> Connect(string url, ICheckpointStore store)
    {
        try
        {
            return await RabbitMqEngine.Connect(new RabbitMqOptions { Url = url, Node = $"client-{Environment.ProcessId}", Threads = 1 }, store).ConfigureAwait(false);
        }
        catch (BrokerException error)
        {
            throw new ProblemException(ExitCode.Unreachable, error.Message, error);
        }
    }

    public static ProblemException Failure(ClusterStoreException error) => new(error.IsUnreachable ? ExitCode.Unreachable : ExitCode.BadInput, error.Message, error);

    private static void CheckBroker(string url, ProblemList problems)
    {
        try
        {
            if (url.Length > 0)
            {
                RabbitMqEngine.CheckUrl(url);
            }
        }
        catch (BrokerException error)
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
