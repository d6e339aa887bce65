using FitCluster.Coordinator;
using FitCluster.Data;
using FitCluster.Engine;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Bench;

/// <summary>A whole fit through the actors of the in-process engine, on data that lie in memory; an observer sees every round.</summary>
internal sealed class SimulatedFit(IFitModel model, ShardData[] shards) : IFitJob, IFitObserver
{
    /// <summary>A fit of EBMF with its usual options.</summary>
    public SimulatedFit(int rows, int columns, int factors, ShardData[] shards)
        : this(new EbmfModel(new EbmfOptions { Rows = rows, Columns = columns, MaxFactors = factors }), shards)
    {
    }

    private static readonly JobName Name = new("bench");
    private readonly TaskCompletionSource<FitOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IFitModel Model { get; } = model;

    public int Shards => shards.Length;

    /// <summary>Called between rounds, when no shard is at work.</summary>
    public Action<RoundReport> AfterRound { get; init; } = _ => { };

    public Action<long> AfterCheckpoint { get; init; } = _ => { };

    /// <summary>As many shards as the program would make.</summary>
    public static int ShardCount(long rows, long stored) => ShardPlan.DefaultCount(rows, stored);

    public ShardData Load(ShardId shard) => shards[shard.Value];

    public FitOutcome Run(ICheckpointStore store, FitSettings settings, int threads)
    {
        var engine = new InProcessEngine(store, threads);
        engine.Register(ShardAddress.CoordinatorKind, _ => new FitCoordinator(_ => this, settings, this, store.LoadResult));
        engine.Register(ShardAddress.Kind, _ => new ShardWorker(_ => this));
        engine.Tell(ShardAddress.OfCoordinator(Name), new StartJob(Name, "", "spec", "data", Shards));
        var outcome = _ended.Task.GetAwaiter().GetResult();
        engine.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return outcome.Status is FitStatus.Converged or FitStatus.Stopped
            ? outcome
            : throw new InvalidOperationException($"the fit ended as {outcome.Status}: {outcome.Reason}");
    }

    public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
    {
    }

    public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart) => AfterRound(report);

    public void OnEvent(JobName job, string words) => Console.Error.WriteLine(words);

    public void OnCheckpoint(JobName job, Round round, long bytes, double seconds) => AfterCheckpoint(bytes);

    public void OnEnded(JobName job, FitOutcome outcome) => _ended.TrySetResult(outcome);
}
