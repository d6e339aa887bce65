using System.Collections.Concurrent;
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
    private readonly bool _ownsServers;
    private readonly string _program;
    private readonly ConcurrentDictionary<string, FitProgram.Started> _nodes = [];
    private int _started;

    private TestCluster(RabbitServer broker, PostgresServer database, string brokerUrl, string storeUrl, bool ownsServers, string program)
    {
        _program = program;
        (Broker, Database, BrokerUrl, _storeUrl, _ownsServers) =
            (broker, database, brokerUrl + (brokerUrl.Contains('?') ? "" : "?heartbeat=2"), storeUrl, ownsServers);
        Store = new PostgresStore(storeUrl);
        Directory.CreateDirectory(Folder);
    }

    public RabbitServer Broker { get; }

    public PostgresServer Database { get; }

    public PostgresStore Store { get; }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"fitcluster-test-{Guid.NewGuid().ToString("N")[..8]}");

    public IReadOnlyCollection<string> Nodes => [.. _nodes.Keys.Order(StringComparer.Ordinal)];

    public string BrokerUrl { get; }

    public string StoreUrl => _storeUrl;

    public static async Task<TestCluster> Start(int nodes, string address = "127.0.0.1")
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var broker = RabbitServer.StartNew(address);
        var database = await PostgresServer.StartNew(address);
        return await Start(nodes, await broker, database, (await broker).Url, await database.NewDatabase(), ownsServers: true);
    }

    /// <summary>A cluster on the broker and the database that the tests share, with a vhost and a database of its own.</summary>
    public static async Task<TestCluster> StartShared(int nodes, string? program = null)
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var broker = RabbitServer.Shared();
        var database = await PostgresServer.Shared();
        var (brokerUrl, storeUrl) = (await (await broker).NewVirtualHost(), await database.NewDatabase());
        return await Start(nodes, await broker, database, brokerUrl, storeUrl, ownsServers: false, program);
    }

    /// <summary>A cluster on servers that somebody else made; of fitcluster, or of another program with the same verbs.</summary>
    public static async Task<TestCluster> Start(
        int nodes, RabbitServer broker, PostgresServer database, string brokerUrl, string storeUrl, bool ownsServers,
        string? program = null)
    {
        var cluster = new TestCluster(broker, database, brokerUrl, storeUrl, ownsServers, program ?? FitProgram.Path);
        await cluster.Store.Prepare();
        // Together, as those of a real cluster: each takes a second or two to start.
        try
        {
            await Task.WhenAll(Enumerable.Range(0, nodes).Select(_ => cluster.StartNode()));
        }
        catch
        {
            // Nobody has the cluster yet who would end those that did start.
            await cluster.DisposeAsync();
            throw;
        }
        return cluster;
    }

    /// <summary>Starts a node, within a network namespace if one is named; its name.</summary>
    /// <param name="networkNamespace">The namespace.</param>
    /// <param name="environment">Variables, as NAME=VALUE.</param>
    /// <param name="more">More of its command line.</param>
    public Task<string> StartNode(
        string? networkNamespace = null, IReadOnlyList<string>? environment = null, IReadOnlyList<string>? more = null) =>
        StartNodeIn([.. networkNamespace is null ? (string[])[] : ["ip", "netns", "exec", networkNamespace], "env", .. environment ?? []],
            [.. more ?? []]);

    /// <summary>Starts a node by another program (which becomes the node in the end), and with more options; its name.</summary>
    public async Task<string> StartNodeIn(string[] by, params string[] more)
    {
        var name = $"n{++_started}";
        string[] line = [.. by, _program, "node", "--name", name, "--broker", BrokerUrl, "--store", _storeUrl, .. more];
        var started = FitProgram.StartOther(line[0], line[1..]);
        _nodes[name] = started;
        await Until(
            () => Task.FromResult(Said(name, "is ready") || started.Process.HasExited),
            () => Task.FromResult($"node {name} did not start: {ErrorOf(name)}"));
        Assert.True(Said(name, "is ready"), $"node {name} ended with {(IsUp(name) ? 0 : started.Process.ExitCode)}: {ErrorOf(name)}");
        return name;
    }

    /// <summary>All that a node has written so far.</summary>
    public string ErrorOf(string node)
    {
        var error = _nodes[node].Error;
        lock (error)
        {
            return error.ToString();
        }
    }

    public int ProcessOf(string node) => _nodes[node].Process.Id;

    public bool IsUp(string node) => !_nodes[node].Process.HasExited;

    public bool Said(string node, string words) => ErrorOf(node).Contains(words, StringComparison.Ordinal);

    public void Signal(string node, int signal)
    {
        Assert.True(
            IsUp(node), $"node {node} had ended by itself, with {(IsUp(node) ? 0 : _nodes[node].Process.ExitCode)}: {ErrorOf(node)}");
        FitProgram.Signal(_nodes[node].Process, signal);
    }

    /// <summary>Kills a node at once.</summary>
    public void Kill(string node)
    {
        Signal(node, Kill9);
        _nodes.TryRemove(node, out _);
    }

    /// <summary>SIGTERM: the node hands over, and ends with 0.</summary>
    public async Task Terminate(string node)
    {
        Signal(node, 15);
        var started = _nodes[node];
        await started.Process.WaitForExitAsync().WaitAsync(Limit);
        _nodes.TryRemove(node, out _);
        Assert.True(started.Process.ExitCode == 0, $"node {node} ended with {started.Process.ExitCode}: {started.Error}");
    }

    /// <summary>Runs a verb of the program against this cluster.</summary>
    public FitProgram.Ran Run(params string[] arguments) =>
        FitProgram.Wait(FitProgram.StartOther(_program, [.. arguments, "--broker", BrokerUrl, "--store", _storeUrl]), arguments);

    public async Task<JobEntry> Job(string name) => (await Store.Job(new JobName(name)))!;

    /// <summary>Waits until a job is past a round.</summary>
    public Task Round(string name, long round) =>
        Until(async () => (await Job(name)).Progress.Round.Value >= round || (await Job(name)).Ended is not null,
            $"job {name} never came to round {round}");

    public Task End(string name) => Until(async () => (await Job(name)).Ended is not null, () => Known(name));

    /// <summary>The nodes that host a shard of a job but not its coordinator, and the one that hosts the coordinator.</summary>
    public async Task<(IReadOnlyList<string> Workers, string Coordinator)> Placement(string job)
    {
        var coordinator = (await Job(job)).Progress.Node;
        var nodes = (await Store.Nodes()).Where(n => Nodes.Contains(n.Name)).ToList();
        return ([.. nodes.Where(n => n.Name != coordinator && n.Actors.Any(a => a.StartsWith($"shard/{job}/", StringComparison.Ordinal)))
            .Select(n => n.Name)], coordinator);
    }

    public async Task<string> Events(string job) =>
        string.Join("\n", (await Store.Events(new JobName(job))).Select(e => $"{e.Time:HH:mm:ss.fff} {e.Node}: {e.Words}"));

    public static Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    public static Task Until(Func<Task<bool>> condition, string what, TimeSpan? limit = null) =>
        Until(condition, () => Task.FromResult(what), limit);

    private static async Task Until(Func<Task<bool>> condition, Func<Task<string>> what, TimeSpan? limit = null)
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

            if (clock.Elapsed > (limit ?? Limit))
            {
                Assert.Fail(await what());
            }
        }
    }

    /// <summary>All that is known of a job that did not end.</summary>
    private async Task<string> Known(string name)
    {
        var (job, nodes) = (await Job(name), await Store.Nodes());
        return $"job {name} did not end: it is {job.State} in round {job.Progress.Round} on {job.Progress.Node}; nodes: " +
            string.Join("; ", nodes.Select(n => $"{n.Name} {string.Join(' ', n.Actors)}")) + $"\n{await Events(name)}\n" +
            string.Join('\n', Nodes.Select(n => $"{n}: {ErrorOf(n)}"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values.Where(n => !n.Process.HasExited))
        {
            node.Process.Kill(entireProcessTree: true);
        }

        await Store.DisposeAsync();
        if (_ownsServers)
        {
            await Broker.DisposeAsync();
            await Database.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
