using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;
using Xunit;

namespace FitCluster.Simulation.Tests;

/// <summary>The same actors in the embedded engine over a directory: what a single machine runs.</summary>
public sealed class InProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_fit_on_one_machine_equals_the_plain_loop()
    {
        var job = new ToyJob(5, 20);
        var outcome = await Run(job, new FitSettings { CheckpointRounds = 3, TickSeconds = 0.05 }, null);
        var plain = new PlainRun(job);
        Assert.Equal((FitStatus.Converged, ""), (outcome.Status, outcome.Reason));
        Assert.True(PlainRun.AreSame(outcome.GlobalResult!, plain.GlobalResult));
        Assert.True(PlainRun.AreSame(outcome.Trace, plain.Trace));
    }

    [Fact]
    public async Task An_interrupted_fit_goes_on_from_its_directory_and_equals_the_plain_loop()
    {
        var job = new ToyJob(3, 30);
        var settings = new FitSettings { CheckpointRounds = 4, TickSeconds = 0.05, RetrySeconds = 0.05 };
        var first = await Run(job, settings, interruptAfter: 10);
        Assert.Equal(FitStatus.Interrupted, first.Status);
        Assert.InRange(first.Rounds.Value, 10, 29);
        var second = await Run(job, settings, null);
        var plain = new PlainRun(job);
        Assert.Equal((FitStatus.Converged, ""), (second.Status, second.Reason));
        Assert.True(PlainRun.AreSame(second.Trace, plain.Trace));
        Assert.True(second.ShardResults.Zip(plain.ShardResults).All(pair => PlainRun.AreSame(pair.First, pair.Second)));
        var third = await Run(job, settings, null);
        Assert.True(PlainRun.AreSame(third.GlobalResult!, plain.GlobalResult));
        var refused = await Run(job, settings, null, specHash: "other");
        Assert.Equal(FitStatus.Refused, refused.Status);
    }

    [Fact]
    public async Task The_number_of_threads_does_not_change_a_bit()
    {
        var job = new EbmfJob(7, PriorFamily.PointNormal, VarianceStructure.Column, 0.1);
        var plain = new PlainRun(job);
        foreach (var threads in new[] { 1, 2, 8 })
        {
            var outcome = await Run(job, new FitSettings(), null, specHash: $"threads{threads}", name: $"ebmf{threads}", threads: threads);
            Assert.Equal((FitStatus.Converged, ""), (outcome.Status, outcome.Reason));
            Assert.True(PlainRun.AreSame(outcome.GlobalResult!, plain.GlobalResult));
            Assert.True(outcome.ShardResults.Zip(plain.ShardResults).All(pair => PlainRun.AreSame(pair.First, pair.Second)));
        }
    }

    [Fact]
    public async Task Whoever_writes_the_rows_of_200_000_x_50_results_holds_two_parts_of_them_at_most()
    {
        const int shards = 20;
        const int rowsPerShard = 10_000;
        var loaded = new List<WeakReference>();
        ArraySet Load(LoadPart part)
        {
            var rows = new DirectoryCheckpointStore(_folder).LoadResult(part);
            loaded.Add(new WeakReference(rows["rows"]));
            GC.Collect();
            Assert.InRange(loaded.Count(reference => reference.IsAlive), 1, 2);
            return rows;
        }

        var outcome = await Run(new WideJob(shards, rowsPerShard), new FitSettings { TickSeconds = 0.05 }, null, load: Load);
        Assert.Equal((FitStatus.Converged, ""), (outcome.Status, outcome.Reason));
        Assert.Empty(loaded);
        var next = 0.0;
        foreach (var part in outcome.ShardResults)
        {
            Assert.Equal((rowsPerShard, next), (part.Get("rows").Shape[0], part["rows"][0]));
            next = part["rows"][^1] + 1;
        }

        Assert.Equal(shards * rowsPerShard * 50, next);
        Assert.Equal(shards, loaded.Count);
    }

    [Fact]
    public async Task A_fit_that_a_limit_stopped_goes_on_from_its_directory_under_a_larger_one_and_equals_the_plain_loop()
    {
        var job = new ToyJob(3, 20, endingRounds: 2);
        var settings = new FitSettings { CheckpointRounds = 3, Keep = 1, TickSeconds = 0.05 };
        var first = await Run(job, settings with { MaxRounds = 8 }, null);
        Assert.Equal((FitStatus.Stopped, 10, 8), (first.Status, first.Rounds.Value, first.Resume!.Round.Value));
        CheckSame(first, new PlainRun(job, 8));
        var same = await Run(job, settings with { MaxRounds = 8 }, null);
        CheckSame(same, new PlainRun(job, 8));
        var store = new DirectoryCheckpointStore(_folder);
        Assert.Null((await store.Handle(
            new DropCheckpoints(new JobName("toy"), same.Attempt, same.Resume!.Round), TestContext.Current.CancellationToken)).Error);
        Assert.Equal("round-000008", Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "toy")))));
        var second = await Run(job, settings with { MaxRounds = 11 }, null);
        Assert.Equal((FitStatus.Stopped, 13), (second.Status, second.Rounds.Value));
        CheckSame(second, new PlainRun(job, 11));
        var last = await Run(job, settings, null);
        Assert.Equal((FitStatus.Converged, null), (last.Status, last.Resume));
        CheckSame(last, new PlainRun(job));
    }

    private static void CheckSame(FitOutcome outcome, PlainRun plain)
    {
        Assert.True(PlainRun.AreSame(outcome.GlobalResult!, plain.GlobalResult));
        Assert.True(PlainRun.AreSame(outcome.Trace, plain.Trace));
        Assert.Equal(plain.ShardResults.Length, outcome.ShardResults.Count);
        Assert.True(outcome.ShardResults.Zip(plain.ShardResults).All(pair => PlainRun.AreSame(pair.First, pair.Second)));
    }

    private async Task<FitOutcome> Run(
        IFitJob job, FitSettings settings, long? interruptAfter, string specHash = "spec", string name = "toy",
        int threads = 2, ResultLoader? load = null)
    {
        var jobName = new JobName(name);
        var store = new DirectoryCheckpointStore(_folder);
        await using var engine = new InProcessEngine(store, threads);
        var observer = new Observer();
        var address = ShardAddress.OfCoordinator(jobName);
        observer.Round += round =>
        {
            if (round.Value == interruptAfter)
            {
                engine.Tell(address, new InterruptJob(jobName, "asked for"));
            }
        };
        engine.Register(ShardAddress.CoordinatorKind, _ => new FitCoordinator(_ => job, settings, observer, load ?? store.LoadResult));
        engine.Register(ShardAddress.Kind, _ => new ShardWorker(_ => job));
        engine.Tell(address, new StartJob(jobName, "toy", specHash, "data", job.Shards));
        return await observer.Ended.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private sealed class Observer : IFitObserver
    {
        public TaskCompletionSource<FitOutcome> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public event Action<Round>? Round;

        public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
        {
        }

        public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart) => Round?.Invoke(round);

        public void OnEvent(JobName job, string words)
        {
        }

        public void OnCheckpoint(JobName job, Round round, long bytes, double seconds)
        {
        }

        public void OnEnded(JobName job, FitOutcome outcome) => Ended.TrySetResult(outcome);
    }
}
