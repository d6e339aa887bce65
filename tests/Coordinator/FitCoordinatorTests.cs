using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Coordinator.Tests;

public sealed class FitCoordinatorTests
{
    private static readonly double Expected = Enumerable.Range(1, 6).Sum(round => round * 6.0);

    [Fact]
    public void A_fit_runs_to_its_end_with_checkpoints_and_results()
    {
        var bench = new Bench(new CountingModel(6));
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
        Assert.Equal(Expected, bench.Outcome.GlobalResult!.Scalar("sum"));
        Assert.Equal(3, bench.Outcome.ShardResults.Count);
        Assert.Equal([2, 4, 6], bench.Checkpoints);
        Assert.Equal([1, 2, 3, 4, 5, 6], bench.Outcome.Trace.Select(line => line.Round.Value));
        Assert.Equal(3, bench.Take<ReleaseShard>().Count);
    }

    [Fact]
    public void A_duplicate_answer_is_ignored()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        var runs = bench.Take<RunRound>();
        bench.Give(Bench.Answer(runs[0]));
        bench.Give(Bench.Answer(runs[0]));
        bench.Give(Bench.Answer(runs[1]));
        Assert.Empty(bench.Take<RunRound>());
        bench.Give(Bench.Answer(runs[2]));
        Assert.Equal([2, 2, 2], bench.Take<RunRound>().Select(run => run.Round.Value));
        bench.Give(Bench.Answer(runs[2]));
        Assert.Empty(bench.Take<RunRound>());
    }

    [Fact]
    public void A_late_result_of_an_old_attempt_is_dropped_and_told_so()
    {
        var bench = new Bench(new CountingModel(6), store: Claimed(4));
        bench.StartAll();
        var runs = bench.Take<RunRound>();
        var stale = Bench.Answer(runs[0]) with { Attempt = new Attempt(2), Partial = CountingModel.Partial(1e6) };
        bench.Give(stale);
        var told = Assert.Single(bench.Take<StaleAttempt>());
        Assert.Equal((2, 5), (told.Attempt.Value, told.Current.Value));
        bench.Sent.AddRange(runs.Select(run => (bench.Self, (IMessage)run)));
        bench.Work();
        Assert.Equal(Expected, bench.Outcome!.GlobalResult!.Scalar("sum"));
    }

    [Fact]
    public void A_message_of_a_newer_attempt_makes_it_stand_down()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        bench.Give(Bench.Answer(bench.Take<RunRound>()[0]) with { Attempt = new Attempt(99) });
        Assert.True(bench.IsStopped);
        Assert.Null(bench.Outcome);
        Assert.Contains(bench.Sent, sent => sent.To == bench.Self);
    }

    [Fact]
    public void A_late_answer_is_asked_for_again_with_growing_waits()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        bench.Give(Bench.Answer(bench.Take<RunRound>()[0]));
        bench.Pass(4);
        Assert.Empty(bench.Take<RunRound>());
        bench.Pass(1.5);
        Assert.Equal([1, 2], bench.Take<RunRound>().Select(run => run.Shard.Value));
        bench.Pass(5.5);
        Assert.Empty(bench.Take<RunRound>());
        bench.Pass(5);
        Assert.Equal([1, 2], bench.Take<RunRound>().Select(run => run.Shard.Value));
    }

    [Fact]
    public void A_lost_shard_alone_is_loaded_again_and_replays_while_the_others_redo_nothing()
    {
        var bench = new Bench(new CountingModel(6), Bench.Settings with { CheckpointRounds = 3 });
        bench.Give(bench.Start);
        bench.Work(() => bench.Sent.OfType<(ActorAddress, IMessage Message)>().Any(s => s.Message is RunRound { Round.Value: 6 }));
        Assert.Equal([3], bench.Checkpoints);
        var runs = bench.Take<RunRound>();
        bench.Sent.Clear();
        var lost = runs.Single(run => run.Shard.Value == 1);
        bench.Give(new ShardEmpty(Bench.Job, lost.Attempt, lost.Load, lost.Shard));
        var load = Assert.Single(bench.Take<LoadShard>());
        Assert.Equal((1, 2, true, 3), (load.Shard.Value, load.Load, load.FromCheckpoint, load.CheckpointRound.Value));
        bench.Give(Bench.Answer(lost) with { Partial = CountingModel.Partial(1e9) });
        Assert.Single(bench.Take<StaleAttempt>());
        bench.Ready([load]);
        foreach (var round in new[] { 4, 5, 6 })
        {
            var run = Assert.Single(bench.Take<RunRound>());
            Assert.Equal((1, round, 2), (run.Shard.Value, run.Round.Value, run.Load));
            bench.Give(Bench.Answer(run));
        }

        Assert.Empty(bench.Take<RunRound>());
        bench.Sent.AddRange(runs.Where(run => run.Shard.Value != 1).Select(run => (bench.Self, (IMessage)run)));
        bench.Work();
        Assert.Equal(Expected, bench.Outcome!.GlobalResult!.Scalar("sum"));
    }

    [Fact]
    public void A_shard_that_answered_and_was_then_lost_counts_once()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        var runs = bench.Take<RunRound>();
        bench.Give(Bench.Answer(runs[0]));
        bench.Give(new ShardEmpty(Bench.Job, default, 0, runs[0].Shard));
        bench.Ready(bench.Take<LoadShard>());
        bench.Give(Bench.Answer(Assert.Single(bench.Take<RunRound>())));
        bench.Sent.AddRange(runs[1..].Select(run => (bench.Self, (IMessage)run)));
        bench.Work();
        Assert.Equal(Expected, bench.Outcome!.GlobalResult!.Scalar("sum"));
    }

    [Fact]
    public void A_partial_that_is_not_finite_fails_the_job_and_names_array_and_shard()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        bench.Give(Bench.Answer(bench.Take<RunRound>()[2]) with { Partial = CountingModel.Partial(double.NaN) });
        Assert.Equal(FitStatus.Failed, bench.Outcome!.Status);
        Assert.Equal("array 'value' of shard 2 of job job is not finite in round 1", bench.Outcome.Reason);
    }

    [Fact]
    public void A_model_that_fails_with_a_best_so_far_has_its_results_collected_and_says_the_same_when_it_is_started_again()
    {
        var store = new InMemoryCheckpointStore();
        var model = new CountingModel(6) { Fails = (6, "restart 1 diverged") };
        var bench = new Bench(model, store: store);
        bench.Give(bench.Start);
        bench.Work();
        void Check(FitOutcome? outcome)
        {
            Assert.Equal((FitStatus.Failed, "job job cannot go on after round 6: restart 1 diverged"), (outcome!.Status, outcome.Reason));
            Assert.Equal(Expected, outcome.GlobalResult!.Scalar("sum"));
            Assert.Equal(3, outcome.ShardResults.Count);
        }

        Check(bench.Outcome);
        bench.Forget();
        bench.Give(bench.Start);
        Check(bench.Outcome);

        var again = new Bench(model, store: store);
        again.Give(again.Start);
        again.Work();
        Check(again.Outcome);
        Assert.Equal([new Round(6)], again.ResumedFrom.Select(r => r!.Value));
    }

    [Fact]
    public void A_model_that_says_why_it_cannot_go_on_fails_the_job()
    {
        var bench = new Bench(new CountingModel(6) { Fails = (3, "the variance of column 7 is 0") });
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal(FitStatus.Failed, bench.Outcome!.Status);
        Assert.Contains("the variance of column 7 is 0", bench.Outcome.Reason, StringComparison.Ordinal);
        Assert.Equal([2], bench.Checkpoints);
    }

    [Fact]
    public void A_shard_that_fails_again_and_again_ends_the_job_with_its_reason()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        var run = bench.Take<RunRound>()[1];
        for (var failure = 1; failure <= 3; failure++)
        {
            Assert.Null(bench.Outcome);
            bench.Give(new ShardFailed(Bench.Job, run.Attempt, run.Load, run.Shard, run.Round, "the solver broke", false));
            bench.Pass(3);
            bench.Ready(bench.Take<LoadShard>());
            run = bench.Take<RunRound>().Find(r => r.Shard == run.Shard) ?? run;
        }

        Assert.Equal(FitStatus.Failed, bench.Outcome!.Status);
        Assert.Equal("shard 1 of job job failed 3 times in a row without progress, the last time: the solver broke", bench.Outcome.Reason);
    }

    [Fact]
    public void A_shard_that_is_lost_three_times_while_it_was_at_work_ends_the_job_by_name()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        for (var loss = 0; loss < 3; loss++)
        {
            Assert.Null(bench.Outcome);
            var run = bench.Take<RunRound>().Find(r => r.Shard.Value == 1)!;
            bench.Give(new ShardEmpty(Bench.Job, run.Attempt, run.Load, run.Shard));
            bench.Ready(bench.Take<LoadShard>());
        }

        Assert.Equal((FitStatus.Failed, new ShardId(1)), (bench.Outcome!.Status, bench.Outcome.Culprit));
        Assert.StartsWith(
            "shard 1 of job job was lost 3 times in a row in round 1 without progress", bench.Outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_that_is_lost_three_times_while_it_is_loaded_ends_the_job_by_name()
    {
        var bench = new Bench(new CountingModel(6));
        bench.Give(bench.Start);
        var load = bench.Take<LoadShard>()[1];
        var loading = new ShardLoading(Bench.Job, load.Attempt, load.Load, load.Shard);
        for (var activation = 0; activation < 4; activation++)
        {
            Assert.Null(bench.Outcome);
            bench.Give(loading);
        }

        Assert.Equal((FitStatus.Failed, new ShardId(1)), (bench.Outcome!.Status, bench.Outcome.Culprit));
        Assert.StartsWith(
            "shard 1 of job job was lost 3 times in a row in round 1 without progress", bench.Outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(3, bench.Events.Count(
            words => words.StartsWith("shard 1 of job job was lost while it was being loaded", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_shard_whose_node_drains_while_it_is_loaded_is_not_lost()
    {
        var bench = new Bench(new CountingModel(6));
        bench.Give(bench.Start);
        var load = bench.Take<LoadShard>()[1];
        for (var activation = 0; activation < 10; activation++)
        {
            bench.Give(new ShardLoading(Bench.Job, load.Attempt, load.Load, load.Shard));
            bench.Give(new ShardLeaving(Bench.Job, load.Attempt, load.Load, load.Shard));
        }

        Assert.Null(bench.Outcome);
        Assert.Empty(bench.Events);
    }

    [Fact]
    public void A_coordinator_whose_node_cannot_open_the_job_hands_it_to_the_next_and_one_that_goes_on_fails()
    {
        var bench = new Bench(new CountingModel(6), open: _ => throw new Math.Models.JobNotHereException("node n cannot use the data"));
        bench.Give(bench.Start);
        Assert.True(bench.IsStopped);
        Assert.Null(bench.Outcome);
        Assert.Equal(bench.Start, Assert.Single(bench.Take<StartJob>()));
        Assert.Equal("node n cannot use the data; the coordinator of job job goes to another node", Assert.Single(bench.Events));

        bench = new Bench(new CountingModel(6), Bench.Settings with { OpenTries = 3 },
            open: _ => throw new Math.Models.JobNotHereException("node n cannot use the data"))
        { Restarts = 2 };
        bench.Give(bench.Start);
        Assert.Equal(
            (FitStatus.Failed, "job job could not be opened: node n cannot use the data"), (bench.Outcome!.Status, bench.Outcome.Reason));
    }

    [Fact]
    public void Many_shards_that_cannot_be_loaded_once_each_do_not_end_the_job()
    {
        var bench = new Bench(new CountingModel(6), Bench.Settings with { JobFailures = 2 });
        bench.Give(bench.Start);
        foreach (var load in bench.Take<LoadShard>())
        {
            bench.Give(new ShardFailed(Bench.Job, load.Attempt, load.Load, load.Shard, default, "no data here", false));
        }

        Assert.Null(bench.Outcome);
        bench.Pass(3);
        bench.Work();
        Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
    }

    [Fact]
    public void A_shard_whose_node_was_only_cut_off_is_not_blamed()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        for (var loss = 0; loss < 5; loss++)
        {
            var run = bench.Take<RunRound>().Find(r => r.Shard.Value == 1)!;
            bench.Give(new ShardEmpty(Bench.Job, run.Attempt, run.Load, run.Shard));
            bench.Ready(bench.Take<LoadShard>());
            bench.Give(new ShardCutOff(Bench.Job, run.Shard));
        }

        Assert.Null(bench.Outcome);
        bench.Give(new ShardCutOff(Bench.Job, new ShardId(99)));
        Assert.Null(bench.Outcome);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void A_job_that_was_begun_too_often_without_progress_is_given_up(int restarts, bool isGivenUp)
    {
        var bench = new Bench(new CountingModel(6), Bench.Settings with { JobRestarts = 3 }) { Restarts = restarts };
        bench.Give(bench.Start);
        Assert.Equal(isGivenUp, bench.Outcome is not null);
        if (isGivenUp)
        {
            Assert.Equal(FitStatus.Failed, bench.Outcome!.Status);
            Assert.StartsWith("job job was begun 3 times without coming to a checkpoint", bench.Outcome.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_shard_that_owes_nothing_may_be_lost_as_often_as_nodes_die()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        var run = bench.Take<RunRound>().Find(r => r.Shard.Value == 1)!;
        bench.Give(Bench.Answer(run));
        for (var loss = 0; loss < 10; loss++)
        {
            bench.Give(new ShardEmpty(Bench.Job, run.Attempt, run.Load, run.Shard));
            bench.Ready(bench.Take<LoadShard>());
            run = bench.Take<RunRound>().FindLast(r => r.Shard.Value == 1)!;
            bench.Give(Bench.Answer(run));
        }

        Assert.Null(bench.Outcome);
    }

    [Fact]
    public void An_ended_job_that_is_started_again_says_its_end_again_and_computes_nothing()
    {
        var bench = new Bench(new CountingModel(4));
        bench.StartAll();
        bench.Work();
        var outcome = bench.Outcome;
        Assert.Equal(FitStatus.Converged, outcome!.Status);
        bench.Sent.Clear();
        bench.Forget();
        bench.Give(bench.Start);
        Assert.Same(outcome, bench.Outcome);
        Assert.Empty(bench.Sent);
        Assert.Single(bench.Attempts);
    }

    [Fact]
    public void A_job_that_has_ended_in_the_cluster_s_store_is_not_begun()
    {
        var bench = new Bench(new CountingModel(4)) { HasEnded = true };
        bench.Give(bench.Start);
        bench.Work();
        Assert.Null(bench.Outcome);
        Assert.Empty(bench.Attempts);
        Assert.DoesNotContain(bench.Sent, sent => sent.Message is LoadShard);
    }

    [Fact]
    public void A_straggler_is_named_once_and_marked_until_it_answers()
    {
        var bench = new Bench(new CountingModel(6) { Shards = 5 });
        bench.StartAll();
        var runs = bench.Take<RunRound>();
        bench.Pass(0.2);
        foreach (var run in runs.Where(r => r.Shard.Value != 3))
        {
            bench.Give(Bench.Answer(run));
        }

        bench.Pass(0.5);
        Assert.DoesNotContain(bench.Shards, shard => shard.IsStraggler);
        bench.Pass(1);
        bench.Pass(0.5);
        Assert.Equal(new ShardId(3), Assert.Single(bench.Shards, shard => shard.IsStraggler).Shard);
        Assert.Equal("shard 3 of job job is slow: 1.7 s where the median of all shards is 0.2 s",
            Assert.Single(bench.Events, words => words.Contains("is slow", StringComparison.Ordinal)));
        bench.Give(Bench.Answer(runs.Single(r => r.Shard.Value == 3)));
        foreach (var run in bench.Take<RunRound>())
        {
            bench.Give(Bench.Answer(run));
        }

        bench.Pass(0.5);
        Assert.DoesNotContain(bench.Shards, shard => shard.IsStraggler);
    }

    [Fact]
    public void In_a_round_that_is_long_for_all_nobody_is_a_straggler()
    {
        var bench = new Bench(new CountingModel(6) { Shards = 2 });
        bench.StartAll();
        foreach (var run in bench.Take<RunRound>())
        {
            bench.Give(Bench.Answer(run));
        }

        bench.Pass(0.5);
        bench.Pass(9);
        bench.Pass(0.5);
        Assert.Equal(9.5, bench.Shards[0].WaitingSeconds, 0.6);
        Assert.DoesNotContain(bench.Shards, shard => shard.IsStraggler);
        Assert.DoesNotContain(bench.Events, words => words.Contains("is slow", StringComparison.Ordinal));
    }

    [Fact]
    public void A_coordinator_whose_node_drains_leaves_with_a_checkpoint_and_its_successor_loses_nothing()
    {
        var model = new CountingModel(9);
        var bench = new Bench(model, Bench.Settings with { CheckpointRounds = 0 });
        bench.StartAll();
        bench.Work(() => bench.Sent.Any(sent => sent.Message is RunRound { Round.Value: 4 }));
        bench.Give(new Draining());
        bench.Work(() => bench.IsStopped);
        Assert.True(bench.IsStopped);
        Assert.Null(bench.Outcome);
        Assert.Contains(bench.Events, words => words.StartsWith("the coordinator of job job leaves its node", StringComparison.Ordinal));
        var left = bench.Checkpoints[^1];
        var successor = new Bench(model, Bench.Settings, bench.Store);
        successor.Work();
        Assert.Equal((FitStatus.Converged, new Round(left)), (successor.Outcome!.Status, successor.ResumedFrom[0]));
    }

    [Fact]
    public void The_directory_starts_jobs_in_order_while_they_fit()
    {
        static OpenJob Of(string name, int shards, bool runs = false, bool cancel = false, double silent = 0) =>
            new(new JobSubmission(new JobName(name), "spec", "s", "d", shards), runs, cancel, silent);
        static string Words(long capacity, params OpenJob[] jobs) => string.Join(
            ' ', JobDirectory.Decide(new OpenJobsFound(jobs, capacity)).Select(c => $"{(c.Message is StartJob ? '+' : '-')}{c.Job}"));
        Assert.Equal("+b +c", Words(8, Of("a", 3, runs: true), Of("b", 3), Of("c", 2), Of("d", 1)));
        Assert.Equal("", Words(8, Of("a", 3, runs: true), Of("b", 6), Of("c", 1)));
        Assert.Equal("+big", Words(8, Of("big", 20), Of("c", 1)));
        Assert.Equal("+a -a -b", Words(8, Of("a", 1, true, true, 6), Of("b", 1, true, true)));
        Assert.Equal(100, JobDirectory.Decide(new OpenJobsFound([.. Enumerable.Range(0, 1000).Select(i => Of($"j{i}", 1))], 5000)).Count);
    }

    [Fact]
    public void A_shard_whose_node_drains_goes_with_a_checkpoint_and_without_a_loss()
    {
        var bench = new Bench(new CountingModel(6));
        bench.StartAll();
        var run = (RunRound)bench.Sent.Last(sent => sent.Message is RunRound { Shard.Value: 1 }).Message;
        bench.Give(new ShardLeaving(Bench.Job, run.Attempt, run.Load, run.Shard));
        bench.Work();
        Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
        Assert.Contains(bench.Events, words => words.StartsWith("shard 1 of job job leaves its node", StringComparison.Ordinal));
    }

    [Fact]
    public void An_interrupt_saves_and_a_new_start_goes_on_to_the_same_end()
    {
        var model = new CountingModel(6);
        var first = new Bench(model, Bench.Settings with { CheckpointRounds = 0 });
        first.Give(first.Start);
        first.Work(() => first.Sent.Any(s => s.Message is RunRound { Round.Value: 3 }));
        first.Give(new InterruptJob(Bench.Job, "asked for"));
        first.Work();
        Assert.Equal((FitStatus.Interrupted, "asked for"), (first.Outcome!.Status, first.Outcome.Reason));
        Assert.Equal([3], first.Checkpoints);

        var second = new Bench(model, store: first.Store);
        Assert.Empty(second.Attempts);
        second.Give(second.Start);
        second.Work();
        Assert.Equal(new Round(3), second.ResumedFrom[0]);
        Assert.Equal(Expected, second.Outcome!.GlobalResult!.Scalar("sum"));
        Assert.Equal([1, 2, 3, 4, 5, 6], second.Outcome.Trace.Select(line => line.Round.Value));
    }

    [Fact]
    public void A_coordinator_activated_with_empty_hands_goes_on_by_itself()
    {
        var model = new CountingModel(6);
        var first = new Bench(model);
        first.Give(first.Start);
        first.Work(() => first.Checkpoints.Count == 2);
        var second = new Bench(model, store: first.Store);
        second.Work();
        Assert.Equal(new Round(4), second.ResumedFrom[0]);
        Assert.Equal(2, second.Attempt.Value);
        Assert.Equal(Expected, second.Outcome!.GlobalResult!.Scalar("sum"));
    }

    [Fact]
    public void A_damaged_newest_checkpoint_is_reported_and_the_one_before_is_used()
    {
        var model = new CountingModel(6);
        var first = new Bench(model);
        first.Give(first.Start);
        first.Work(() => first.Checkpoints.Count == 2);
        first.Store.Damage(Bench.Job, new Round(4), new ShardId(0));
        var second = new Bench(model, store: first.Store);
        second.Give(second.Start);
        second.Work();
        Assert.Equal(new Round(2), second.ResumedFrom[0]);
        Assert.Contains(second.Events, words => words.Contains("passed over", StringComparison.Ordinal));
        Assert.Equal(Expected, second.Outcome!.GlobalResult!.Scalar("sum"));
    }

    [Fact]
    public void A_limit_of_rounds_stops_the_fit_with_valid_results()
    {
        var bench = new Bench(new CountingModel(6), Bench.Settings with { MaxRounds = 4 });
        bench.Give(bench.Start);
        bench.Work();
        Assert.Equal((FitStatus.Stopped, "the limit of 4 rounds was reached"), (bench.Outcome!.Status, bench.Outcome.Reason));
        Assert.Equal(4, bench.Outcome.Rounds.Value);
        Assert.NotNull(bench.Outcome.GlobalResult);
    }

    [Fact]
    public void A_failed_checkpoint_is_reported_and_the_fit_goes_on_and_tries_again()
    {
        var bench = new Bench(new CountingModel(6))
        {
            StoreFault = request => request is SavePart { Shard.Value: 1, Round.Value: 2 } ? "the disk is full" : null,
        };
        bench.Give(bench.Start);
        bench.Work(() => bench.Events.Count > 0);
        Assert.Contains("the disk is full", bench.Events[0], StringComparison.Ordinal);
        bench.Pass(2);
        bench.Work();
        Assert.Equal(FitStatus.Converged, bench.Outcome!.Status);
        Assert.DoesNotContain(2, bench.Checkpoints);
        Assert.Equal(6, bench.Checkpoints[^1]);
    }

    [Fact]
    public void Another_spec_under_the_same_name_is_refused()
    {
        var model = new CountingModel(6);
        var bench = new Bench(model) { Sender = new ActorAddress("user", "1") };
        bench.StartAll();
        bench.Give(bench.Start with { SpecHash = "other" });
        Assert.Contains("another spec", Assert.Single(bench.Take<JobRefused>()).Reason, StringComparison.Ordinal);
        Assert.Null(bench.Outcome);
        bench.Give(bench.Start);
        Assert.Empty(bench.Take<JobRefused>());
    }

    private static InMemoryCheckpointStore Claimed(int times)
    {
        var store = new InMemoryCheckpointStore();
        for (var i = 0; i < times; i++)
        {
            store.Handle(new ClaimAttempt(Bench.Job)).AsTask().GetAwaiter().GetResult();
        }

        return store;
    }
}
