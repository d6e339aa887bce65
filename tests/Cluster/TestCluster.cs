using System.Diagnostics;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A broker, a database and node processes of one test's own; everything ends with it.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private const int Kill9 = 9;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _storeUrl;
    private readonly Dictionary<string, FitProgram.Started> _nodes = [];
    private int _started;

    private TestCluster(RabbitServer broker, PostgresServer database, string storeUrl)
    {
        (Broker, Database, _storeUrl) = (broker, database, storeUrl);
        Store = new PostgresStore(storeUrl);
        Directory.CreateDirectory(Folder);
    }

    public RabbitServer Broker { get; }

    public PostgresServer Database { get; }

    public PostgresStore Store { get; }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"fitcluster-test-{Guid.NewGuid().ToString("N")[..8]}");

    public IReadOnlyCollection<string> Nodes => _nodes.Keys;

    public string BrokerUrl => Broker.Url + "?heartbeat=2";

    public string StoreUrl => _storeUrl;

    public static async Task<TestCluster> Start(int nodes, string address = "127.0.0.1")
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var broker = RabbitServer.StartNew(address);
        var database = await PostgresServer.StartNew(address);
        var cluster = new TestCluster(await broker, database, await database.NewDatabase());
        await cluster.Store.Prepare();
        for (var n = 0; n < nodes; n++)
        {
            await cluster.StartNode();
        }

        return cluster;
    }

    /// <summary>Starts a node, within a network namespace if one is named; its name.</summary>
    /// <param name="networkNamespace">The namespace.</param>
    /// <param name="environment">Variables, as NAME=VALUE.</param>
    /// <param name="more">More of its command line.</param>
    public async Task<string> StartNode(string? networkNamespace = null, IReadOnlyList<string>? environment = null, IReadOnlyList<string>? more = null)
    {
        var name = $"n{++_started}";
        string[] arguments = ["node", "--name", name, "--broker", BrokerUrl, "--store", _storeUrl, .. more ?? []];
        var started = networkNamespace is null ? FitProgram.StartOther("env", [.. environment ?? [], FitProgram.Path, .. arguments])
            : FitProgram.StartOther("ip", ["netns", "exec", networkNamespace, FitProgram.Path, .. arguments]);
        _nodes.Add(name, started);
        await Until(() => Said(name, "is ready"), $"node {name} did not start: {started.Error}");
        return name;
    }

    public bool Said(string node, string words)
    {
        var error = _nodes[node].Error;
        lock (error)
        {
            return error.ToString().Contains(words, StringComparison.Ordinal);
        }
    }

    public void Signal(string node, int signal)
    {
        var started = _nodes[node];
        Assert.False(started.Process.HasExited, $"node {node} had ended by itself, with {(started.Process.HasExited ? started.Process.ExitCode : 0)}: {started.Error}");
        FitProgram.Signal(started.Process, signal);
    }

    /// <summary>Kills a node at once.</summary>
    public void Kill(string node)
    {
        Signal(node, Kill9);
        _nodes.Remove(node);
    }

    /// <summary>SIGTERM: the node hands over, and ends with 0.</summary>
    public async Task Terminate(string node)
    {
        Signal(node, 15);
        var started = _nodes[node];
        await started.Process.WaitForExitAsync().WaitAsync(Limit);
        _nodes.Remove(node);
        Assert.True(started.Process.ExitCode == 0, $"node {node} ended with {started.Process.ExitCode}: {started.Error}");
    }

    /// <summary>Runs a verb of the program against this cluster.</summary>
    public FitProgram.Ran Run(params string[] arguments) => FitProgram.Run([.. arguments, "--broker", BrokerUrl, "--store", _storeUrl]);

    public async Task<JobEntry> Job(string name) => (await Store.Job(new JobName(name)))!;

    /// <summary>Waits until a job is past a round.</summary>
    public Task Round(string name, long round) => Until(async () => (await Job(name)).Progress.Round.Value >= round || (await Job(name)).Ended is not null, $"job {name} never came to round {round}");

    public Task End(string name) => Until(async () => (await Job(name)).Ended is not null, $"job {name} did not end");

    /// <summary>The nodes that host a shard of a job but not its coordinator, and the one that hosts the coordinator.</summary>
    public async Task<(IReadOnlyList<string> Workers, string Coordinator)> Placement(string job)
    {
        var coordinator = (await Job(job)).Progress.Node;
        var nodes = (await Store.Nodes()).Where(n => Nodes.Contains(n.Name)).ToList();
        return ([.. nodes.Where(n => n.Name != coordinator && n.Actors.Any(a => a.StartsWith($"shard/{job}/", StringComparison.Ordinal))).Select(n => n.Name)], coordinator);
    }

    public async Task<string> Events(string job) => string.Join("\n", (await Store.Events(new JobName(job))).Select(e => $"{e.Time:HH:mm:ss.fff} {e.Node}: {e.Words}"));

    public static Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    public static async Task Until(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(30))
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (ClusterStoreException)
            {
                // The database may be the one that is being killed.
            }

            Assert.True(clock.Elapsed < (limit ?? Limit), what);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values.Where(n => !n.Process.HasExited))
        {
            node.Process.Kill(entireProcessTree: true);
        }

        await Store.DisposeAsync();
        await Broker.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
