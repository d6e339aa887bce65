using System.Collections.Concurrent;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class JobRecorderTests : IAsyncDisposable
{
    private static readonly JobName Job = new("job");
    private static readonly Attempt Attempt = new(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeStore _store = new();
    private readonly ConcurrentQueue<string> _said = new();
    private readonly ConcurrentQueue<JobName> _abandoned = new();
    private readonly JobRecorder _recorder;

    public JobRecorderTests()
    {
        var results = new ResultRecorder(_store, "n1", new ClusterJobs("n1"));
        _recorder = new JobRecorder(_store, "n1", results, _said.Enqueue, _abandoned.Enqueue, _ => { });
        _recorder.Start();
    }

    public ValueTask DisposeAsync() => _recorder.DisposeAsync();

    [Fact]
    public async Task What_a_coordinator_says_is_in_the_store_soon()
    {
        _recorder.OnStarted(Job, new Round(4), Attempt);
        Round(5, -20);
        Round(6, double.NaN, "a word");
        _recorder.OnCheckpoint(Job, new Round(6), 100, 0.1);
        _recorder.OnShards(Job, Attempt, [Shard(0, 30), Shard(1, 12)]);
        await _recorder.Flush(Limit);

        Assert.Equal(
            [("job", "n1", "attempt 3 goes on from the checkpoint of round 4"), ("job", "n1", "a word")], _store.Added);
        Assert.Equal([5L, 6L], _store.AddedRounds.Select(round => round.Round.Value));
        var progress = _store.Reported.Last();
        Assert.Equal((Attempt, "n1", 6L), (progress.Attempt, progress.Node, progress.Round.Value));
        Assert.Equal((-20.0, 42L), (progress.Objective, progress.Rows));
        Assert.Equal((6L, 1), (progress.CheckpointRound.Value, progress.Checkpoints));
        Assert.Equal(["job: attempt 3 goes on from the checkpoint of round 4", "job: a word"], _said);
    }

    [Fact]
    public async Task What_is_noted_while_the_store_is_away_is_kept_in_order_and_told_once()
    {
        _store.IsAway = true;
        _recorder.OnStarted(Job, null, Attempt);
        Round(1, -3, "one");
        await Said("cannot be written down at the moment");
        Round(2, -2, "two");
        await _recorder.Flush(TimeSpan.FromSeconds(3));
        Assert.Empty(_store.Added);

        _store.IsAway = false;
        await _recorder.Flush(Limit);
        Assert.Equal(["attempt 3 begins with round 1", "one", "two"], _store.Added.Select(added => added.Words));
        Assert.Equal([1L, 2L], _store.AddedRounds.Select(round => round.Round.Value));
        const string Away = "(the store fake://here cannot be reached): it is kept, and tried again";
        Assert.Single(_said, line => line.Contains(Away, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(FitStatus.Stopped, "a limit", JobState.Stopped, "a limit")]
    [InlineData(FitStatus.Interrupted, "a user wants it", JobState.Cancelled, "a user wants it")]
    [InlineData(FitStatus.Failed, "it diverged", JobState.Failed, "it diverged")]
    [InlineData(FitStatus.Converged, "", JobState.Converged, "")]
    public async Task A_job_that_ends_is_ended_in_the_store_once(FitStatus status, string why, JobState state, string reason)
    {
        _recorder.OnStarted(Job, null, Attempt);
        _recorder.OnEnded(Job, Outcome(status, why));
        await _recorder.Flush(Limit);
        await Task.Delay(1000);
        var ended = Assert.Single(_store.Ended);
        Assert.Equal((state, reason, 0), (ended.State, ended.Reason, ended.Files));
        Assert.Equal((Attempt, 9L, 1.5), (ended.Progress.Attempt, ended.Progress.Round.Value, ended.Progress.Seconds));
    }

    [Fact]
    public async Task An_end_that_the_store_does_not_take_is_tried_again()
    {
        _recorder.OnStarted(Job, null, Attempt);
        await _recorder.Flush(Limit);
        _store.IsAway = true;
        _recorder.OnEnded(Job, Outcome(FitStatus.Stopped, "a limit"));
        await Said("it is kept, and tried again");
        Assert.Empty(_store.Ended);
        _store.IsAway = false;
        await _recorder.Flush(Limit);
        Assert.Single(_store.Ended);
    }

    [Fact]
    public async Task A_job_that_waits_for_its_end_is_not_silent()
    {
        var gate = new TaskCompletionSource();
        _store.Gate = gate.Task;
        _recorder.OnStarted(Job, null, Attempt);
        _recorder.OnEnded(Job, Outcome(FitStatus.Stopped, "a limit"));
        await Eventually.Holds(() => _store.Beats.Count >= 2, "a beat");
        Assert.Equal((Job, Attempt), _store.Beats.First());
        gate.SetResult();
        await _recorder.Flush(Limit);
        Assert.Single(_store.Ended);
    }

    [Fact]
    public async Task A_job_that_has_ended_in_the_store_is_abandoned_and_one_that_goes_on_elsewhere_is_not()
    {
        _store.IsOurs = false;
        _store.Entry = Entry(JobState.Running);
        _recorder.OnStarted(Job, null, Attempt);
        await _recorder.Flush(Limit);
        Assert.Empty(_abandoned);

        _store.Entry = Entry(JobState.Cancelled);
        Round(1, -3);
        await _recorder.Flush(Limit);
        Assert.Equal([Job], _abandoned);
    }

    [Fact]
    public async Task Results_of_a_job_that_is_no_more_are_not_written()
    {
        _recorder.OnEnded(Job, Outcome(FitStatus.Converged, "") with { GlobalResult = new ArraySet() });
        await _recorder.Flush(Limit);
        Assert.Empty(_store.Ended);
        Assert.Empty(_said);
    }

    [Fact]
    public async Task A_job_whose_spec_cannot_be_read_here_is_tried_again_and_told()
    {
        _store.Entry = Entry(JobState.Running);
        _recorder.OnEnded(Job, Outcome(FitStatus.Converged, "") with { GlobalResult = new ArraySet() });
        await Said("the submitted spec cannot be read");
        Assert.Empty(_store.Ended);
    }

    private static FitOutcome Outcome(FitStatus status, string reason) =>
        new(status, reason, new Round(9), null, [], null, [], 1.5) { Attempt = Attempt };

    private static ShardStatus Shard(int index, int rows) => new(new ShardId(index), 1, true, new Round(6), 0, 0.1, 0, 0, false, rows);

    private static JobEntry Entry(JobState state) =>
        new() { Submission = new JobSubmission(Job, "no spec", "spec", "data", 1), State = state };

    private Task Said(string words) =>
        Eventually.Holds(() => _said.Any(line => line.Contains(words, StringComparison.Ordinal)), $"'{words}'");

    private void Round(long number, double objective, string? note = null) =>
        _recorder.OnRound(Job, new RoundReport("backfit", objective, false, false, 0.5) { Note = note }, new Round(number), number);
}
