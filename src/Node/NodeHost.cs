using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Node;

/// <summary>A node of a cluster: hosts what the engine gives it, and reports.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    /// <summary>What stands in the line by which a node says that it has joined.</summary>
    public const string ReadyWords = " is ready: store ";

    /// <summary>More than on one machine: each time it may be another node that does not see the data.</summary>
    private const int ShardLoadFailures = 6;

    private static readonly TimeSpan ReportPause = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan WakePause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StoreSilent = TimeSpan.FromSeconds(10);

    private readonly NodeOptions _options;
    private readonly IClusterStore _store;
    private readonly NodeLog _log;
    private readonly CancellationTokenSource _end = new();
    private IClusterEngine _engine = null!;
    private JobRecorder _recorder = null!;
    private NodeReports _reports = null!;
    private Task _loops = Task.CompletedTask;
    private string _state = "joining";

    private NodeHost(NodeOptions options, IClusterStore store, Action<string> say)
    {
        (_options, _store, _log) = (options, store, new NodeLog(say));
        AppDomain.CurrentDomain.UnhandledException += (_, error) => LastWords(error.ExceptionObject as Exception);
    }

    /// <summary>Why the node takes no part at the moment; null when it does.</summary>
    public string? NotReady =>
        _state != "up" ? $"the node is {_state}"
        : _engine.NotConnected is { } why ? why
        : _reports.Silence > StoreSilent ? "the store has not answered for 10 s"
        : null;

    /// <summary>
    /// Completes when the others have gone on without this node, which nobody had asked to leave: with what it hosted then.
    /// </summary>
    public Task<IReadOnlyList<ActorAddress>> Removed => _engine.Removed;

    /// <summary>Joins a cluster.</summary>
    /// <param name="options">What the node is told.</param>
    /// <param name="store">The store, which is the node's once this has returned.</param>
    /// <param name="connect">Makes the engine.</param>
    /// <param name="say">Told each line that a user may want to read, one at a time.</param>
    /// <param name="cutOff">What the same process hosted when a cluster went on without it; empty at first.</param>
    /// <exception cref="ClusterEngineException">The engine cannot be used.</exception>
    /// <exception cref="ClusterStoreException">The store cannot be used.</exception>
    public static async Task<NodeHost> Start(
        NodeOptions options,
        IClusterStore store,
        Func<ClusterEngineOptions, NodeJoining, Task<IClusterEngine>> connect,
        Action<string> say,
        IReadOnlyList<ActorAddress> cutOff)
    {
        var node = new NodeHost(options, store, say);
        try
        {
            await node.Join(connect).ConfigureAwait(false);
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

            node._reports?.Dispose();

            throw;
        }

        node.Exonerate(cutOff);
        node.Say($"node {options.Name}{ReadyWords}{store}, at most {options.Capacity} shards and {options.Coordinators} coordinators");
        return node;
    }

    /// <summary>
    /// Gives everything up in order: checkpoints, then other nodes go on. Returns when that is done, or the time is over.
    /// </summary>
    public async Task Drain()
    {
        _state = "draining";
        Say($"draining: what is here goes to other nodes, within {_options.Drain.TotalSeconds:F0} s");
        await _reports.ReportQuietly(_state).ConfigureAwait(false);
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
        await _reports.ReportQuietly(_state).ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _reports.Dispose();
        _end.Dispose();
    }

    private async Task Join(Func<ClusterEngineOptions, NodeJoining, Task<IClusterEngine>> connect)
    {
        _engine = await connect(new ClusterEngineOptions
        {
            Node = _options.Name,
            Threads = _options.Threads,
            Capacity = NodeActors.Capacity(_options),
            Accepts = NodeActors.IsOurs,
            Say = Say,
            Failed = (address, error) => Say($"{address} failed: {error.Message.ReplaceLineEndings(" ")}"),
        }, new NodeJoining(Joined, [JobDirectory.Address], CannotServe)).ConfigureAwait(false);
        var jobs = new ClusterJobs(_options.Name);
        var unusable = new UnusableJobs(jobs.Open, GiveUp);
        _reports = new NodeReports(_options, _store, _engine, unusable, _log);
        var results = new ResultRecorder(_store, _options.Name, jobs);
        _recorder = new JobRecorder(_store, _options.Name, results, Say, Abandon, CollectAgain);
        _engine.Register(ShardAddress.Kind, address => new ShardWorker(spec => unusable.OpenShard(NodeActors.JobOf(address), spec)));
        _engine.Register(ShardAddress.CoordinatorKind, address => new FitCoordinator(
            spec => unusable.OpenCoordinator(NodeActors.JobOf(address), spec), Settings, _recorder, _store.LoadResult));
        _engine.Register(JobDirectory.Kind, _ => new JobDirectory());
        _recorder.Start();
        if (!await IsNameOfAnother().ConfigureAwait(false))
        {
            await _reports.Report(_state).ConfigureAwait(false);
        }

        await _engine.Start().ConfigureAwait(false);
        _loops = Task.WhenAll(Repeat(ReportPause, () => _reports.ReportQuietly(_state)), Repeat(TimeSpan.Zero, Wake));
    }

    /// <summary>
    /// Whether another process that is up has reported under this name: its report has to stay, or this node would not find it, and begin a
    /// cluster of its own. Whether that process still lives, and this one is refused, is found out as it joins.
    /// </summary>
    private async Task<bool> IsNameOfAnother() => (await _store.Nodes().ConfigureAwait(false)).Any(
        node => node.Name == _options.Name && node.State == "up" &&
            (node.Host != Environment.MachineName || node.ProcessId != Environment.ProcessId));

    /// <summary>This node is a member: others that look for a cluster find it from here on.</summary>
    private Task Joined()
    {
        _state = "up";
        return _reports.Report(_state);
    }

    /// <summary>Whether a node, as it last reported, could not open an actor's job.</summary>
    private static bool CannotServe(NodeEntry node, ActorAddress address) =>
        address.Kind != JobDirectory.Kind && node.Unusable.Contains(NodeActors.JobOf(address).Value);

    /// <summary>A job cannot be opened here: where its actors go is decided by what nodes report.</summary>
    private void GiveUp(string kind, JobName job)
    {
        _engine.GiveUp(kind, address => NodeActors.JobOf(address) == job);
        _ = _reports.ReportQuietly(_state);
    }

    /// <summary>How a fit is run in a cluster: answers are asked for again sooner, and ended coordinators make room.</summary>
    private static FitSettings Settings(string spec) =>
        JobSettings.Of(ClusterSpec.Read(spec).Spec) with { AskAgainSeconds = 2, LingerSeconds = 3, ShardLoadFailures = ShardLoadFailures };

    /// <summary>The shards that were here when the cluster went on without this process did not kill it.</summary>
    private void Exonerate(IReadOnlyList<ActorAddress> hosted)
    {
        foreach (var (job, shard) in hosted.Where(address => address.Kind == ShardAddress.Kind).Select(ShardAddress.Parse))
        {
            _engine.Tell(ShardAddress.OfCoordinator(job), new ShardCutOff(job, shard));
        }
    }

    private void Abandon(JobName job) => _engine.Tell(ShardAddress.OfCoordinator(job), new InterruptJob(job, "it has ended already"));

    private void CollectAgain(CollectAgain again) => _engine.Tell(ShardAddress.OfCoordinator(again.Job), again);

    private void Say(string words) => _log.Say(words);

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

    /// <summary>Tells the directory of a submission at once, and otherwise sees to it that there is one.</summary>
    private async Task Wake()
    {
        await _store.WaitForSubmission(WakePause, _end.Token).ConfigureAwait(false);
        _engine.Tell(JobDirectory.Address, new WakeDirectory());
    }

    private void LastWords(Exception? error)
    {
        _state = $"unhandled {error?.GetType().Name}: {error?.Message.ReplaceLineEndings(" ")}";
        _reports?.ReportQuietly(_state).Wait(TimeSpan.FromSeconds(2));
    }
}
