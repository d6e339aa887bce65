using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Coordinator.Tests;

public sealed class ResultPartTests
{
    private static readonly ShardId Shard = new(1);

    [Fact]
    public void Results_stay_in_the_store_until_somebody_reads_them()
    {
        var bench = Done();
        var parts = Assert.IsType<ResultParts>(bench.Outcome!.ShardResults);
        Assert.Equal([0, 1, 2], parts.Parts.Select(part => part.Shard.Value));
        Assert.Equal([6.0, 6.0, 6.0], parts.Select(rows => rows.Scalar("count")));
        Assert.True(bench.Store.Remove(Bench.Job, new Round(6), new ShardId(2), PartKind.Result));
        Assert.Equal(6, parts[0].Scalar("count"));
        var error = Assert.Throws<ResultPartException>(() => parts[2]);
        Assert.True(error.IsDamaged);
        Assert.Equal("shard 2's part of the results of round 6 of job job is missing", error.Message);
    }

    [Fact]
    public void A_store_that_is_away_is_no_damage()
    {
        var error = Assert.Throws<ResultPartException>(
            () => new AwayStore().LoadResult(new LoadPart(Bench.Job, default, default, Shard, "", PartKind.Result)));
        Assert.Equal((false, "it is away"), (error.IsDamaged, error.Message));
    }

    [Fact]
    public void A_part_of_the_results_that_could_not_be_saved_is_asked_for_again()
    {
        var failures = 3;
        var bench = new Bench(new CountingModel(6))
        {
            StoreFault = request =>
                request is SavePart { Kind: PartKind.Result, Shard.Value: 1 } && failures-- > 0 ? "the disk is full" : null,
        };
        bench.Give(bench.Start);
        bench.Work();
        foreach (var wait in new[] { 1.0, 2.0, 4.0 })
        {
            Assert.Null(bench.Outcome);
            bench.Pass(wait - 0.1);
            Assert.Empty(bench.Take<CollectShard>());
            bench.Pass(0.2);
            bench.Work();
        }

        Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
        Assert.All(bench.Outcome.ShardResults, rows => Assert.Equal(6, rows.Scalar("count")));
        Assert.Equal(
            "shard 1 of job job could not save its results: the disk is full; it is tried again",
            Assert.Single(bench.Events, words => words.Contains("save", StringComparison.Ordinal)));
    }

    [Fact]
    public void Results_that_cannot_be_saved_fail_the_job_and_a_new_start_collects_them()
    {
        var model = new CountingModel(6);
        var bench = new Bench(model, Bench.Settings with { ResultTries = 2 })
        {
            StoreFault = request => request is SavePart { Kind: PartKind.Result, Shard.Value: 1 } ? "the disk is full" : null,
        };
        bench.Give(bench.Start);
        bench.Work();
        bench.Pass(1.1);
        bench.Work();
        Assert.Equal(
            (FitStatus.Failed, "shard 1 of job job could not save its results 2 times, the last time: the disk is full"),
            (bench.Outcome!.Status, bench.Outcome.Reason));
        Assert.Null(bench.Outcome.GlobalResult);
        var again = new Bench(model, store: bench.Store);
        again.Give(again.Start);
        again.Work();
        Assert.Equal((FitStatus.Converged, new Round(6)), (again.Outcome!.Status, again.ResumedFrom[0]));
        Assert.All(again.Outcome.ShardResults, rows => Assert.Equal(6, rows.Scalar("count")));
    }

    [Fact]
    public void A_part_of_the_results_of_an_old_attempt_or_load_is_not_taken()
    {
        var bench = new Bench(new CountingModel(6));
        bench.Give(bench.Start);
        bench.Work(() => bench.Sent.Any(sent => sent.Message is CollectShard));
        var collect = bench.Take<CollectShard>();
        var stale = new ShardCollected(Bench.Job, default, collect[1].Load, Shard, collect[1].Round, "old", 8);
        bench.Give(stale);
        bench.Give(stale with { Attempt = collect[1].Attempt, Load = collect[1].Load - 1 });
        Assert.Equal(2, bench.Take<StaleAttempt>().Count);
        bench.Give(stale with { Attempt = collect[1].Attempt, Round = new Round(5) });
        bench.Sent.AddRange(collect.Select(message => (bench.Self, (IMessage)message)));
        bench.Work();
        Assert.All(
            ((ResultParts)bench.Outcome!.ShardResults).Parts,
            part => Assert.Equal((bench.Attempt, 64), (part.Attempt, part.Checksum.Length)));
    }

    [Fact]
    public void A_refused_save_makes_the_coordinator_stand_down_and_somebody_collect()
    {
        var bench = new Bench(new CountingModel(6));
        bench.Give(bench.Start);
        bench.Work(() => bench.Sent.Any(sent => sent.Message is CollectShard));
        var collect = bench.Take<CollectShard>()[1];
        bench.Give(new ShardNotSaved(
            Bench.Job, collect.Attempt, collect.Load, Shard, collect.Round, "attempt 2 has taken over", IsFenced: true));
        Assert.True(bench.IsStopped);
        Assert.Null(bench.Outcome);
        Assert.Equal(bench.Start, Assert.Single(bench.Take<StartJob>()));
    }

    [Fact]
    public void Damaged_results_are_collected_again_under_another_attempt()
    {
        var bench = Done();
        var first = bench.Outcome!;
        bench.Store.Damage(Bench.Job, new Round(6), Shard, PartKind.Result);
        var error = Assert.Throws<ResultPartException>(() => first.ShardResults.ToList());
        bench.Forget();
        bench.Give(new CollectAgain(Bench.Job, new Attempt(99), "of another attempt"));
        Assert.Single(bench.Attempts);
        bench.Give(new CollectAgain(Bench.Job, first.Attempt, error.Message));
        bench.Work();
        Assert.Equal((FitStatus.Converged, new Attempt(2), 6), (bench.Outcome!.Status, bench.Outcome.Attempt, bench.Outcome.Rounds.Value));
        Assert.Equal([6.0, 6.0, 6.0], bench.Outcome.ShardResults.Select(rows => rows.Scalar("count")));
        Assert.Contains(
            bench.Events,
            words => words.EndsWith("is damaged (SHA-256 differs); they are collected again", StringComparison.Ordinal));
        // The second attempt's parts have taken the place of the first one's.
        Assert.Contains("missing", Assert.Throws<ResultPartException>(() => first.ShardResults[2]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_that_are_damaged_again_and_again_fail_the_job()
    {
        var bench = Done(Bench.Settings with { JobFailures = 3 });
        for (var damage = 1; damage <= 3; damage++)
        {
            Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
            var attempt = bench.Outcome.Attempt;
            bench.Forget();
            bench.Give(new CollectAgain(Bench.Job, attempt, "the disk is bad"));
            bench.Work();
        }

        Assert.Equal(
            (FitStatus.Failed, "the results of job job were damaged 3 times, the last time: the disk is bad"),
            (bench.Outcome!.Status, bench.Outcome.Reason));
    }

    private static Bench Done(FitSettings? settings = null)
    {
        var bench = new Bench(new CountingModel(6), settings);
        bench.Give(bench.Start);
        bench.Work();
        return bench;
    }

    private sealed class AwayStore : ICheckpointStore
    {
        public ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default) =>
            ValueTask.FromResult(new StoreReply("it is away"));
    }
}
