using System.Runtime.InteropServices;
using FitCluster.Cli.Output;
using FitCluster.Cli.Progress;
using FitCluster.Coordinator;
using FitCluster.Data.Writing;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Jobs;
using FitCluster.Models.Results;
using FitCluster.Node;
using FitCluster.Workers;

namespace FitCluster.Cli.Running;

/// <summary>
/// Runs one job in this process: the in-process engine, the coordinator, a worker for each shard, checkpoints in the folder.
/// </summary>
internal sealed class FitRunner(PreparedJob job, FitFolder folder, JobName name, RunLog log, IProgressDisplay display) : IFitObserver
{
    private const int MostCoordinatorFailures = 3;

    // Half of what a coordinator with a node of its own takes: here the broadcasts since the last checkpoint are beside the shards.
    private const long ReplayBytes = 32L << 20;

    // Whoever sits here is told soon that the disk is full; the same command goes on.
    private const int ResultTries = 5;

    private readonly TaskCompletionSource<FitOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly HeapBound _heap = new();
    private DirectoryCheckpointStore? _store;
    private int _signals;
    private int _coordinatorFailures;

    /// <summary>Runs the job to its end, or until it is interrupted by SIGINT, SIGTERM or SIGHUP.</summary>
    public FitOutcome Run(int threads)
    {
        var store = _store = new DirectoryCheckpointStore(OutputPath.Resolve(folder.Checkpoints), report: words => OnEvent(name, words));
        InProcessEngine? made = null;
        var engine = made = new InProcessEngine(store, threads, (address, error) => Failed(address, error, made!));
        JobOpener open = _ => job;
        engine.Register(ShardAddress.CoordinatorKind, _ => new FitCoordinator(
            open, JobSettings.Of(job.Spec) with { ReplayBytes = ReplayBytes, ResultTries = ResultTries }, this, store.LoadResult));
        engine.Register(ShardAddress.Kind, _ => new ShardWorker(open));
        using var handled = Interruption.HandledHere();
        using var signals = new EndSignals(context => Signalled(context, engine));
        Start(engine);
        var outcome = _ended.Task.GetAwaiter().GetResult();
        engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _heap.AfterRounds();
        return outcome;
    }

    /// <summary>
    /// The results are written: deletes the shards' parts of them and all that nobody goes on from. Kept is the state in which a limit
    /// stopped the fit, and the newest of one that failed. After <see cref="Run"/>.
    /// </summary>
    public void DropResults(FitOutcome outcome)
    {
        var reply = _store!.Handle(new DropCheckpoints(name, outcome.Attempt, outcome.Resume?.Round ?? outcome.Rounds)).AsTask()
            .GetAwaiter().GetResult();
        if (reply.Error is { } error)
        {
            log.Event($"parts of the results could not be deleted from '{folder.Checkpoints}': {error}");
        }
    }

    /// <inheritdoc/>
    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
        lock (_lock)
        {
            if (resumedFrom is { } round)
            {
                var lost = log.LastRound - round.Value;
                log.Event(lost > 0
                    ? $"the process ended after round {log.LastRound}; resumed from the checkpoint of round {round}: {lost} " +
                        $"{(lost == 1 ? "round is" : "rounds are")} computed again"
                    : $"resumed from the checkpoint of round {round}: nothing was lost");
                display.Message($"resuming '{job}' from the checkpoint of round {round}");
            }
        }
    }

    /// <inheritdoc/>
    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
    {
        lock (_lock)
        {
            log.Round(round.Value, secondsSinceStart);
            display.Round(report, round.Value, secondsSinceStart);
            if (report.Note is { } note)
            {
                display.Message(note);
            }

            _heap.AfterRound();
        }
    }

    /// <inheritdoc/>
    public void OnEvent(JobName job, string words)
    {
        lock (_lock)
        {
            log.Event(words);
            display.Message(words);
        }
    }

    /// <inheritdoc/>
    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds)
    {
        lock (_lock)
        {
            log.Checkpoint(round.Value, bytes);
            display.Checkpoint(round.Value);
        }
    }

    /// <inheritdoc/>
    public void OnEnded(JobName job, FitOutcome outcome) => _ended.TrySetResult(outcome);

    private void Start(InProcessEngine engine) =>
        engine.Tell(ShardAddress.OfCoordinator(name), new StartJob(name, "", job.SpecHash, job.DataHash, job.Shards));

    /// <summary>An activation failed. A worker is missed and told again by the coordinator; a coordinator by nobody but us.</summary>
    private void Failed(ActorAddress address, Exception error, InProcessEngine engine)
    {
        OnEvent(name, $"{address} failed: {error.Message.ReplaceLineEndings(" ")}");
        if (address != ShardAddress.OfCoordinator(name))
        {
            return;
        }

        if (Interlocked.Increment(ref _coordinatorFailures) > MostCoordinatorFailures)
        {
            _ended.TrySetException(error);
        }
        else
        {
            Start(engine);
        }
    }

    private void Signalled(PosixSignalContext context, InProcessEngine engine)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            // A terminal that closes sends it more than once: by itself and by its shell.
            if (context.Signal == PosixSignal.SIGHUP)
            {
                return;
            }

            Terminal.Error.WriteLine("stopped at once; the same command goes on from the last checkpoint");
            Environment.Exit(ExitCode.Interrupted);
        }

        lock (_lock)
        {
            display.Message("interrupted: writing a checkpoint (once more: stop at once)");
        }

        engine.Tell(ShardAddress.OfCoordinator(name), new InterruptJob(name, $"{context.Signal} was received"));
    }
}
