using System.Diagnostics;
using FitCluster.Cli.Output;
using FitCluster.Cli.Running;
using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Cli.Cluster;

/// <summary>A node of a cluster: hosts what the broker gives it, and reports.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private const int LastLines = 20;

    /// <summary>More than on one machine: each time it may be another node that does not see the data.</summary>
    private const int ShardLoadFailures = 6;

    private static readonly TimeSpan ReportPause = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan BalancePause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WakePause = TimeSpan.FromSeconds(10);

    private readonly NodeOptions _options;
    private readonly IClusterStore _store;
    private readonly Queue<string> _lines = new();
    private readonly CancellationTokenSource _end = new();
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly RowRate _rate = new();
    private RabbitMqEngine _engine = null!;
    private JobRecorder _recorder = null!;
    private UnusableJobs _unusable = null!;
    private Task _loops = Task.CompletedTask;
    private string _state = "up";
    private long _reported;

    private NodeHost(NodeOptions options, IClusterStore store)
    {
        (_options, _store) = (options, store);
        AppDomain.CurrentDomain.UnhandledException += (_, error) => LastWords(error.ExceptionObject as Exception);
    }

    /// <summary>Why the node takes no part at the moment; null when it does.</summary>
    public string? NotReady =>
        _state != "up" ? $"the node is {_state}"
        : !_engine.IsConnected ? "the broker is not connected, or takes no messages"
        : Stopwatch.GetElapsedTime(Volatile.Read(ref _reported)) > TimeSpan.FromSeconds(10) ? "the store has not answered for 10 s"
        : null;

    /// <exception cref="BrokerException">The broker cannot be used.</exception>
    public static async Task<NodeHost> Start(NodeOptions options, IClusterStore store, string storeName)
    {
        var node = new NodeHost(options, store);
        try
        {
            await node.Join().ConfigureAwait(false);
        }
        catch
        {
            if (node._engine is { } engine)
            {
                await engine.DisposeAsync().ConfigureAwait(false);
            }

            if (node._recorder is { } recorder)
            {
                await recorder.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }

        node.Say($"node {options.Name} is ready: store {storeName}, at most {options.Capacity} shards and {options.Coordinators} coordinators");
        return node;
    }

    /// <summary>Gives everything up in order: checkpoints, then other nodes go on. Returns when that is done, or the time is over.</summary>
    public async Task Drain()
    {
        _state = "draining";
        Say($"draining: what is here goes to other nodes, within {_options.Drain.TotalSeconds:F0} s");
        await ReportQuietly().ConfigureAwait(false);
        var left = await _engine.Drain(_options.Drain * 0.8).ConfigureAwait(false);
        await _recorder.Flush(_options.Drain * 0.15).ConfigureAwait(false);
        Say(left == 0 ? "drained" : $"{left} actors had not stopped in time: others go on from their last checkpoint");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        await _recorder.DisposeAsync().ConfigureAwait(false);
        _state = "left";
        await ReportQuietly().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _rate.Dispose();
        _end.Dispose();
    }

    private async Task Join()
    {
        _engine = await RabbitMqEngine.Connect(
            new RabbitMqOptions
            {
                Url = _options.Broker,
                Node = _options.Name,
                Threads = _options.Threads,
                Capacity = new Dictionary<string, int>
                {
                    [ShardAddress.Kind] = _options.Capacity,
                    [ShardAddress.CoordinatorKind] = _options.Coordinators,
                    [JobDirectory.Kind] = int.Min(1, _options.Coordinators),
                },
                Accepts = IsOurs,
                Say = Say,
                Regained = Exonerate,
                Failed = (address, error) => Say($"{address} failed: {error.Message.ReplaceLineEndings(" ")}"),
            },
            _store).ConfigureAwait(false);
        var jobs = new ClusterJobs(_options.Name);
        _unusable = new UnusableJobs(jobs, (kind, job) => _engine.GiveUp(kind, address => JobOf(address) == job));
        _recorder = new JobRecorder(
            _store, _options.Name, jobs, Say, Abandon, again => _engine.Tell(ShardAddress.OfCoordinator(again.Job), again));
        _engine.Register(ShardAddress.Kind, address => new ShardWorker(spec => _unusable.OpenShard(JobOf(address), spec)));
        _engine.Register(ShardAddress.CoordinatorKind, address => new FitCoordinator(
            spec => _unusable.OpenCoordinator(JobOf(address), spec), spec => Settings(JobOf(address), spec), _recorder, _store.LoadResult));
        _engine.Register(JobDirectory.Kind, _ => new JobDirectory());
        _recorder.Start();
        await Report().ConfigureAwait(false);
        await _engine.Start().ConfigureAwait(false);
        _loops = Task.WhenAll(Repeat(ReportPause, ReportQuietly), Repeat(BalancePause, Balance), Repeat(WakePause, Wake));
    }

    /// <summary>How a fit is run in a cluster: answers are asked for again sooner, and ended coordinators make room.</summary>
    private FitSettings Settings(JobName job, string spec)
    {
        _recorder.Know(job, spec);
        return FitRunner.Settings(ClusterSpec.Read(spec).Spec) with { AskAgainSeconds = 2, LingerSeconds = 3, ShardLoadFailures = ShardLoadFailures };
    }

    private static JobName JobOf(ActorAddress address) => address.Kind == ShardAddress.Kind ? ShardAddress.Parse(address).Job : new JobName(address.Id);

    /// <summary>What is not the address of an actor of ours is never hosted, whoever wants it to be.</summary>
    private static bool IsOurs(ActorAddress address)
    {
        var slash = address.Id.LastIndexOf('/');
        return address.Kind switch
        {
            ShardAddress.Kind => slash > 0 && JobName.IsValid(address.Id[..slash]) && address.Id[(slash + 1)..] is { Length: <= 6 } index && index.All(char.IsAsciiDigit),
            ShardAddress.CoordinatorKind => JobName.IsValid(address.Id),
            _ => address == JobDirectory.Address,
        };
    }

    /// <summary>The shards that were here when the connection was lost did not kill this node.</summary>
    private void Exonerate(IReadOnlyList<ActorAddress> hosted)
    {
        foreach (var (job, shard) in hosted.Where(address => address.Kind == ShardAddress.Kind).Select(ShardAddress.Parse))
        {
            _engine.Tell(ShardAddress.OfCoordinator(job), new ShardCutOff(job, shard));
        }
    }

    private void Abandon(JobName job) => _engine.Tell(ShardAddress.OfCoordinator(job), new InterruptJob(job, "it has ended already"));

    private void Say(string words)
    {
        var line = $"{DateTime.UtcNow:HH:mm:ss.fff} {words.ReplaceLineEndings(" ")}";
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LastLines)
            {
                _lines.Dequeue();
            }

            Console.Error.WriteLine(line);
        }
    }

    private async Task Repeat(TimeSpan pause, Func<Task> work)
    {
        try
        {
            while (!_end.IsCancellationRequested)
            {
                await work().ConfigureAwait(false);
                await Task.Delay(pause, _end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    private Task Wake()
    {
        _engine.Tell(JobDirectory.Address, new WakeDirectory());
        return Task.CompletedTask;
    }

    private async Task ReportQuietly()
    {
        try
        {
            await Report().ConfigureAwait(false);
        }
        catch (ClusterStoreException)
        {
            // Not ready until it answers again; the recorder says what is not written.
        }
    }

    private async Task Report()
    {
        string[] lines;
        lock (_lines)
        {
            lines = [.. _lines];
        }

        await _store.ReportNode(new NodeEntry
        {
            Name = _options.Name,
            Host = Environment.MachineName,
            ProcessId = Environment.ProcessId,
            Version = FitReport.Version,
            Capacity = _options.Capacity,
            Coordinators = _options.Coordinators,
            Started = _started,
            State = _state,
            MemoryBytes = NodeMemory.InUse,
            MemoryLimitBytes = NodeMemory.Limit,
            RowsPerSecond = _rate.PerSecond(),
            Actors = [.. _engine.Hosted.Select(address => address.ToString())],
            Unusable = _unusable.Names,
            LastLines = lines,
        }).ConfigureAwait(false);
        Volatile.Write(ref _reported, Stopwatch.GetTimestamp());
    }

    /// <summary>A node that has joined gets load: who has more than the share gives some up, at a checkpoint.</summary>
    private async Task Balance()
    {
        try
        {
            var surplus = await Surplus().ConfigureAwait(false);
            if (surplus == 0)
            {
                return;
            }

            // What others host is known as of their last report: of a job that has just begun this node knows its own shards, and not yet theirs. Moved is what is too much in the next report too.
            await Task.Delay(2 * ReportPause, _end.Token).ConfigureAwait(false);
            surplus = int.Min(surplus, await Surplus().ConfigureAwait(false));
            if (surplus > 0 && _state == "up")
            {
                Say($"{surplus} shards go to nodes that have fewer");
                await _engine.GiveUp(ShardAddress.Kind, surplus).ConfigureAwait(false);
            }
        }
        catch (ClusterStoreException)
        {
            // Next time.
        }
    }

    private async Task<int> Surplus() => FairShare.Surplus(
        _options.Name, _engine.Hosted.Count(address => address.Kind == ShardAddress.Kind), await _store.Nodes(_end.Token).ConfigureAwait(false));

    private void LastWords(Exception? error)
    {
        _state = $"unhandled {error?.GetType().Name}: {error?.Message.ReplaceLineEndings(" ")}";
        ReportQuietly().Wait(TimeSpan.FromSeconds(2));
    }
}
