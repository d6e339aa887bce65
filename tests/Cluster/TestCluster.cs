using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Node processes of one test's own, and their store: a file, or a PostgreSQL; everything ends with it.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private const int Kill9 = 9;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly PostgresServer? _database;
    private readonly string _program;
    private readonly ConcurrentDictionary<string, FitProgram.Started> _nodes = [];
    private int _started;

    private TestCluster(string? storeUrl, PostgresServer? database, string? program)
    {
        (_database, _program) = (database, program ?? FitProgram.Path);
        StoreUrl = storeUrl ?? Path.Combine(Folder, "job.db");
        Directory.CreateDirectory(Folder);
        Store = ClusterStores.Open(StoreUrl);
    }

    /// <summary>The PostgreSQL that is the cluster's alone.</summary>
    public PostgresServer Database => _database ?? throw new InvalidOperationException("the store of this cluster is a file");

    public IClusterStore Store { get; }

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"fitcluster-test-{Guid.NewGuid().ToString("N")[..8]}");

    /// <summary>The nodes that have not been killed or told to end, in the order in which they were started.</summary>
    public IReadOnlyList<string> Nodes => [.. _nodes.Keys.OrderBy(name => int.Parse(name[1..], CultureInfo.InvariantCulture))];

    public string StoreUrl { get; }

    /// <summary>A cluster whose store is a file: no server at all. Of fitcluster, or of another program with the same verbs.</summary>
    public static Task<TestCluster> Start(int nodes, string? program = null) => Start(nodes, new TestCluster(null, null, program));

    /// <summary>A cluster on a PostgreSQL of its own, where that is the subject, or the nodes are not all on one network.</summary>
    public static async Task<TestCluster> StartPostgres(int nodes, string address = "127.0.0.1")
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var database = await PostgresServer.StartNew(address);
        return await StartPostgres(nodes, database, await database.NewDatabase());
    }

    /// <summary>A cluster on a PostgreSQL that somebody made for it; it ends with the cluster.</summary>
    public static Task<TestCluster> StartPostgres(int nodes, PostgresServer database, string storeUrl) =>
        Start(nodes, new TestCluster(storeUrl, database, null));

    /// <summary>Two ports of loopback, one after the other, that nobody has at the moment.</summary>
    public static int FreePorts()
    {
        while (true)
        {
            var port = PostgresServer.FreePort();
            try
            {
                using var next = new TcpListener(IPAddress.Loopback, port + 1);
                next.Start();
                return port;
            }
            catch (SocketException)
            {
                // The second is somebody's.
            }
        }
    }

    /// <summary>Starts so many nodes: the first by itself where there is none, so that it is the oldest member.</summary>
    public async Task StartNodes(int count)
    {
        if (count > 0 && _nodes.IsEmpty)
        {
            await StartNode();
            count--;
        }

        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => StartNode()));
    }

    /// <summary>Starts a node; its name.</summary>
    /// <param name="environment">Variables, as NAME=VALUE.</param>
    /// <param name="more">More of its command line.</param>
    public Task<string> StartNode(IReadOnlyList<string>? environment = null, IReadOnlyList<string>? more = null) =>
        StartNodeIn(["env", .. environment ?? []], [.. more ?? []]);

    /// <summary>Starts a node by another program (which becomes the node in the end), and with more options; its name.</summary>
    public async Task<string> StartNodeIn(string[] by, params string[] more)
    {
        var name = BeginNode(by, more);
        var started = _nodes[name];
        await Until(
            () => Task.FromResult(Said(name, "is ready") || started.Process.HasExited),
            () => Task.FromResult($"node {name} did not start: {ErrorOf(name)}"));
        Assert.True(Said(name, "is ready"), $"node {name} ended with {(IsUp(name) ? 0 : started.Process.ExitCode)}: {ErrorOf(name)}");
        return name;
    }

    /// <summary>Starts a node and does not wait for it; its name.</summary>
    public string BeginNode(string[] by, params string[] more)
    {
        var name = $"n{Interlocked.Increment(ref _started)}";
        string[] line = [.. by, _program, "node", "--name", name, "--store", StoreUrl, .. more];
        _nodes[name] = FitProgram.StartOther(line[0], line[1..]);
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
        FitProgram.Wait(FitProgram.StartOther(_program, [.. arguments, "--store", StoreUrl]), arguments);

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

    private static async Task<TestCluster> Start(int nodes, TestCluster cluster)
    {
        try
        {
            await cluster.Store.Prepare();
            await cluster.StartNodes(nodes);
            return cluster;
        }
        catch
        {
            // Nobody has the cluster yet who would end those that did start.
            await cluster.DisposeAsync();
            throw;
        }
    }

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
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
