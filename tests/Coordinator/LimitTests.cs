using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Coordinator.Tests;

public sealed class LimitTests
{
    private const int Rounds = 9;

    private static readonly FitSettings Limited = Bench.Settings with { MaxRounds = 5 };

    private static double Expected => Enumerable.Range(1, Rounds).Sum(round => round * 6.0);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_fit_that_a_limit_stopped_goes_on_as_if_there_had_been_none(int endingRounds)
    {
        var model = new CountingModel(Rounds) { EndingRounds = endingRounds };
        var stopped = Run(model, Limited, null);
        Assert.Equal((FitStatus.Stopped, "the limit of 5 rounds was reached"), (stopped.Outcome!.Status, stopped.Outcome.Reason));
        Assert.Equal((5 + endingRounds, 5), (stopped.Outcome.Rounds.Value, stopped.Outcome.Resume!.Round.Value));
        Assert.Equal(SumOf(5 + endingRounds) + (1000 * endingRounds), stopped.Outcome.GlobalResult!.Scalar("sum"));

        var longer = Run(model, Bench.Settings, stopped.Store);
        Assert.Equal([new Round(5)], longer.ResumedFrom.Select(round => round!.Value));
        Assert.Equal((FitStatus.Converged, Expected), (longer.Outcome!.Status, longer.Outcome.GlobalResult!.Scalar("sum")));
        Assert.Null(longer.Outcome.Resume);
        Assert.Equal(Enumerable.Range(1, Rounds).Select(round => (long)round), longer.Outcome.Trace.Select(line => line.Round.Value));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void With_the_same_limit_it_ends_again_with_the_same_results(int endingRounds)
    {
        var model = new CountingModel(Rounds) { EndingRounds = endingRounds };
        var stopped = Run(model, Limited, null);
        var again = Run(model, Limited, stopped.Store);
        Assert.Equal((FitStatus.Stopped, stopped.Outcome!.Reason), (again.Outcome!.Status, again.Outcome.Reason));
        Assert.Equal(stopped.Outcome.GlobalResult!.Scalar("sum"), again.Outcome.GlobalResult!.Scalar("sum"));
        Assert.Equal(stopped.Outcome.Resume!.Round, again.Outcome.Resume!.Round);
        // It did not do a round again.
        Assert.Equal(5 + endingRounds, again.ResumedFrom[0]!.Value.Value);
    }

    [Fact]
    public void A_fit_can_be_stopped_and_gone_on_with_again_and_again()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 2 };
        var bench = Run(model, Bench.Settings with { MaxRounds = 2 }, null);
        foreach (var limit in new[] { 3, 4, 6 })
        {
            bench = Run(model, Bench.Settings with { MaxRounds = limit }, bench.Store);
            Assert.Equal((FitStatus.Stopped, SumOf(limit + 2) + 2000), (bench.Outcome!.Status, bench.Outcome.GlobalResult!.Scalar("sum")));
        }

        bench = Run(model, Bench.Settings, bench.Store);
        Assert.Equal((FitStatus.Converged, Expected), (bench.Outcome!.Status, bench.Outcome.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void The_state_before_the_limit_is_kept_however_many_checkpoints_follow()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 4 };
        var settings = Limited with { CheckpointRounds = 1, Keep = 1 };
        var stopped = Run(model, settings, null);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], stopped.Checkpoints);
        var longer = Run(model, settings with { MaxRounds = 100 }, stopped.Store);
        Assert.Equal((new Round(5), Expected), (longer.ResumedFrom[0], longer.Outcome!.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void When_the_state_before_the_limit_could_not_be_saved_it_goes_on_from_an_older_one()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 1 };
        var bench = new Bench(model, Limited with { FinalCheckpointTries = 2 })
        {
            StoreFault = request => request is SavePart { Round.Value: 5 } ? "the disk is full" : null,
        };
        bench.Give(bench.Start);
        bench.Work();
        bench.Pass(2);
        bench.Work();
        Assert.Equal(FitStatus.Stopped, bench.Outcome!.Status);
        Assert.Contains(
            bench.Events, words => words.StartsWith(
            "the checkpoint in which its limit was reached of job job (round 5) was given up after 2", StringComparison.Ordinal));
        var longer = Run(model, Bench.Settings, bench.Store);
        Assert.Equal((new Round(4), Expected), (longer.ResumedFrom[0], longer.Outcome!.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void A_coordinator_that_is_activated_with_empty_hands_leaves_a_stopped_fit_alone()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 1 };
        var stopped = Run(model, Limited, null);
        stopped.Store.Do(new DropCheckpoints(Bench.Job, stopped.Attempt, stopped.Outcome!.Resume!.Round));
        Assert.Equal(4, stopped.Store.PartCount(Bench.Job));
        var empty = new Bench(model, Limited, stopped.Store);
        empty.Work();
        Assert.Empty(empty.Attempts);
        empty.Give(empty.Start with { Spec = "a larger limit, which the settings do not have" });
        empty.Work();
        Assert.Equal(
            (FitStatus.Stopped, stopped.Outcome.GlobalResult!.Scalar("sum")),
            (empty.Outcome!.Status, empty.Outcome.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void An_ended_coordinator_that_is_told_a_larger_limit_goes_on()
    {
        var model = new CountingModel(Rounds);
        var bench = new Bench(model, spec => spec == "spec" ? Limited : Bench.Settings);
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal(FitStatus.Stopped, bench.Outcome!.Status);
        bench.Forget();
        bench.Give(bench.Start with { Spec = "longer" });
        bench.Work();
        Assert.Equal((FitStatus.Converged, Expected), (bench.Outcome!.Status, bench.Outcome.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void A_coordinator_takes_the_limits_of_the_text_that_the_store_knows_to_be_the_newest()
    {
        var model = new CountingModel(Rounds);
        var bench = new Bench(model, spec => spec == "spec" ? Limited : Bench.Settings) { Spec = "longer" };
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal((FitStatus.Converged, Expected), (bench.Outcome!.Status, bench.Outcome.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void An_interrupt_while_the_state_before_the_limit_is_saved_loses_nothing()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 2 };
        var bench = new Bench(model, Limited);
        bench.Give(bench.Start);
        bench.Work(() => bench.Sent.Any(sent => sent.Message is SaveShard { Round.Value: 5 }));
        bench.Give(new InterruptJob(Bench.Job, "asked for"));
        bench.Work();
        Assert.Equal(FitStatus.Interrupted, bench.Outcome!.Status);
        var same = Run(model, Limited, bench.Store);
        Assert.Equal((FitStatus.Stopped, SumOf(7) + 2000), (same.Outcome!.Status, same.Outcome.GlobalResult!.Scalar("sum")));
        var longer = Run(model, Bench.Settings, bench.Store);
        Assert.Equal((new Round(5), Expected), (longer.ResumedFrom[0], longer.Outcome!.GlobalResult!.Scalar("sum")));
    }

    [Fact]
    public void A_limit_of_time_that_is_past_before_the_first_round_can_be_gone_on_from()
    {
        var model = new CountingModel(Rounds) { EndingRounds = 1 };
        var bench = new Bench(model, Bench.Settings with { MaxSeconds = 2 });
        bench.StartAll();
        bench.Pass(3);
        bench.Work();
        Assert.Equal((FitStatus.Stopped, 1, 3.0), (bench.Outcome!.Status, bench.Outcome.Resume!.Round.Value, bench.Outcome.Resume.Seconds));
        Assert.Equal("the limit of 2 seconds was reached", bench.Outcome.Reason);
        var longer = Run(model, Bench.Settings with { MaxSeconds = 100 }, bench.Store);
        Assert.Equal((FitStatus.Converged, Expected), (longer.Outcome!.Status, longer.Outcome.GlobalResult!.Scalar("sum")));
        Assert.Equal(3, longer.Outcome.Seconds);
    }

    private static double SumOf(int rounds) => Enumerable.Range(1, rounds).Sum(round => round * 6.0);

    private static Bench Run(CountingModel model, FitSettings settings, InMemoryCheckpointStore? store)
    {
        var bench = new Bench(model, settings, store);
        bench.Give(bench.Start);
        bench.Work();
        return bench;
    }
}
