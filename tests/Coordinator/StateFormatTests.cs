using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Coordinator.Tests;

/// <summary>A checkpoint of another form ends the fit in words, and stays.</summary>
public sealed class StateFormatTests
{
    private static readonly StateFormat<Field> Format = new("counting", 2);

    private enum Field
    {
        Count,
    }

    [Fact]
    public void A_coordinator_refuses_a_global_state_of_another_form_and_loses_nothing()
    {
        var old = Interrupted();
        var bench = new Bench(new CountingModel(6) { GlobalFormat = Format }, store: old);
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal(FitStatus.Failed, bench.Outcome!.Status);
        Assert.StartsWith(
            "job job cannot go on from round 3: the checkpoint's state of counting is of an older form, " +
            "before forms had numbers, and this program reads form 2: ",
            bench.Outcome.Reason, StringComparison.Ordinal);
        CheckGoesOn(old);
    }

    [Fact]
    public void A_shard_that_says_so_of_its_state_ends_the_fit_and_loses_nothing()
    {
        var old = Interrupted();
        var bench = new Bench(new CountingModel(6), store: old);
        bench.Give(bench.Start);
        var load = bench.Take<LoadShard>()[1];
        var worker = new WorkerBench(new CountingModel(6) { ShardFormat = Format }, load.Shard);
        var failed = Assert.IsType<ShardFailed>(worker.Load(load, old));
        Assert.True(failed.IsPermanent);
        Assert.StartsWith(
            "shard 1 of job job cannot go on from round 3: the checkpoint's state of counting is of an older form",
            failed.Reason, StringComparison.Ordinal);
        bench.Give(failed);
        Assert.Equal((FitStatus.Failed, failed.Reason), (bench.Outcome!.Status, bench.Outcome.Reason));
        CheckGoesOn(old);
    }

    [Fact]
    public void A_shard_takes_a_state_of_its_form_and_a_first_state_is_not_looked_at()
    {
        var load = new LoadShard(Bench.Job, new Attempt(1), 1, new ShardId(0), 3, "spec", false, default, default, "");
        var model = new CountingModel(6) { ShardFormat = Format };
        Assert.IsType<ShardReady>(new WorkerBench(model, load.Shard).Load(load, new InMemoryCheckpointStore()));

        var store = new InMemoryCheckpointStore();
        var save = new SavePart(Bench.Job, new Attempt(1), new Round(4), load.Shard, Format.New().Arrays.Set("count", 4));
        var saved = Assert.IsType<PartSaved>(store.Do(save));
        load = load with
        {
            FromCheckpoint = true,
            CheckpointAttempt = save.Attempt,
            CheckpointRound = save.Round,
            PartChecksum = saved.Checksum,
        };
        Assert.IsType<ShardReady>(new WorkerBench(model, load.Shard).Load(load, store));
    }

    private static InMemoryCheckpointStore Interrupted()
    {
        var bench = new Bench(new CountingModel(6), Bench.Settings with { CheckpointRounds = 0 });
        bench.Give(bench.Start);
        bench.Work(() => bench.Sent.Any(sent => sent.Message is RunRound { Round.Value: 3 }));
        bench.Give(new InterruptJob(Bench.Job, "asked for"));
        bench.Work();
        Assert.Equal([3], bench.Checkpoints);
        return bench.Store;
    }

    private static void CheckGoesOn(InMemoryCheckpointStore store)
    {
        var bench = new Bench(new CountingModel(6), store: store);
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal((FitStatus.Converged, new Round(3)), (bench.Outcome!.Status, bench.ResumedFrom[0]));
    }
}
