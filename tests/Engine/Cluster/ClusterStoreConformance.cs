using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster;

/// <summary>What every store of a cluster promises, beside what every checkpoint store does.</summary>
public abstract partial class ClusterStoreConformance : CheckpointStoreConformance
{
    private static readonly JobName Job = new("job-1");
    private static readonly JobName ConformanceJob = new("pbmc-ebmf.1");

    /// <summary>An empty store, prepared. A test that needs a service that is not here skips from within.</summary>
    protected abstract ValueTask<ClusterHarness> CreateClusterHarness();

    protected sealed override async ValueTask<StoreHarness> CreateHarness() => await CreateClusterHarness();

    [Fact]
    public async Task The_same_job_is_submitted_once_however_often_it_is()
    {
        await using var harness = await CreateClusterHarness();
        var results =
            await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => harness.Cluster.Submit(new JobSubmission(Job, "spec", "s", "d", 2))));
        Assert.Equal(1, results.Count(r => r == Submitted.New));
        Assert.Equal(15, results.Count(r => r == Submitted.Same));
        Assert.Equal(Submitted.OtherSpec, await harness.Cluster.Submit(new JobSubmission(Job, "spec", "other", "d", 2)));
        Assert.Equal(Submitted.OtherData, await harness.Cluster.Submit(new JobSubmission(Job, "spec", "s", "other", 2)));
        var entry = Assert.Single(await harness.Cluster.Jobs());
        Assert.Equal((JobState.Queued, "spec", 2), (entry.State, entry.Submission.Spec, entry.Submission.Shards));
    }

    [Fact]
    public async Task Reports_of_a_superseded_attempt_are_refused_and_the_end_is_reported_once_with_its_files()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        await store.Submit(new JobSubmission(Job, "spec", "s", "d", 1));
        await store.Do(new ClaimAttempt(Job));
        await store.Do(new ClaimAttempt(Job));
        Assert.False(await store.Report(Job, new JobProgress { Attempt = new Attempt(1), Round = new Round(9) }));
        var shard = new ShardStatus(new ShardId(0), 1, true, new Round(3), 0.5, 0.25, 0, 1, true, 100);
        var progress = new JobProgress
        {
            Attempt = new Attempt(2), Node = "n", Round = new Round(3), Phase = "backfit", Objective = -1.5, Share = 0.5, Shards = [shard]
        };
        Assert.True(await store.Report(Job, progress));
        var read = (await store.Job(Job))!;
        Assert.Equal((JobState.Running, new Round(3), -1.5, shard),
            (read.State, read.Progress.Round, read.Progress.Objective, Assert.Single(read.Progress.Shards)));
        Assert.True(await store.AddRounds(
            Job, new Attempt(2), [new JobRound(new Round(1), "a", double.NaN, 1), new JobRound(new Round(2), "b", 2, 2)]));
        Assert.True(await store.AddRounds(
            Job, new Attempt(2), [new JobRound(new Round(2), "lost", 3, 2.4), new JobRound(new Round(2), "c", 3, 2.5)]));
        Assert.Equal(["a", "c"], (await store.Rounds(Job)).Select(r => r.Phase));

        var file = Path.GetTempFileName();
        var content = new byte[9_000_000];
        new Random(1).NextBytes(content);
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        Assert.False(await store.End(Job, progress with { Attempt = new Attempt(1) }, JobState.Converged, "", [("x.npy", file)]));
        Assert.Empty(await store.Results(Job));
        Assert.True(await store.End(Job, progress, JobState.Converged, "", [("x.npy", file)]));
        Assert.False(await store.End(Job, progress, JobState.Failed, "twice", []));
        Assert.Equal(JobState.Converged, (await store.Job(Job))!.State);
        var result = Assert.Single(await store.Results(Job));
        using var copy = new MemoryStream();
        await store.CopyResult(Job, result, copy);
        Assert.True(copy.ToArray().AsSpan().SequenceEqual(content));
        await harness.DamageResult(Job, "x.npy");
        Assert.Contains(
            "damaged", (await Assert.ThrowsAsync<ClusterStoreException>(() => store.CopyResult(Job, result, new MemoryStream()))).Message,
            StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_job_is_cancelled_and_resumed_in_every_state()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        Assert.Null(await store.Cancel(Job));
        await store.Submit(new JobSubmission(Job, "spec", "s", "d", 1));
        Assert.Equal(JobState.Cancelled, (await store.Cancel(Job))!.State);
        Assert.Equal(JobState.Queued, (await store.Resume(Job))!.State);
        await store.Do(new ClaimAttempt(Job));
        await store.Report(Job, new JobProgress { Attempt = new Attempt(1) });
        var cancelling = (await store.Cancel(Job))!;
        Assert.Equal((JobState.Running, true), (cancelling.State, cancelling.CancelWanted));
        var open = Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs()));
        Assert.True(Assert.Single(open.Jobs) is { IsRunning: true, CancelWanted: true });
        await store.End(Job, new JobProgress { Attempt = new Attempt(1) }, JobState.Cancelled, "by a user", []);
        Assert.Empty(Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs())).Jobs);
        Assert.IsType<JobHasEnded>(await store.Do(new ClaimAttempt(Job)));
        Assert.Equal((JobState.Queued, ""), ((await store.Resume(Job))!.State, (await store.Job(Job))!.Reason));
        Assert.Equal(new Attempt(2), Assert.IsType<AttemptClaimed>(await store.Do(new ClaimAttempt(Job))).Attempt);
        await store.Beat([(Job, new Attempt(1))]);
        Assert.Equal(JobState.Queued, (await store.Job(Job))!.State);
        await store.Beat([(Job, new Attempt(2)), (new JobName("unknown"), new Attempt(1))]);
        Assert.Equal(JobState.Running, (await store.Job(Job))!.State);
    }

    [Fact]
    public async Task A_stopped_job_keeps_what_it_can_be_gone_on_from_and_is_queued_again_by_another_text_of_the_same_hash()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        var submission = new JobSubmission(ConformanceJob, "limit 2", "s", "d", 2);
        await store.Submit(submission);
        var attempt = await Claim(store);
        await Checkpoint(store, attempt, 2, 2);
        await Checkpoint(store, attempt, 3, 2);
        await store.AddRounds(
            ConformanceJob, attempt, [.. Enumerable.Range(1, 3).Select(round => new JobRound(new Round(round), "p", round, round))]);
        var part = Assert.IsType<PartSaved>(
            await store.Do(new SavePart(ConformanceJob, attempt, new Round(3), new ShardId(0), State(1), PartKind.Result)));
        Assert.Equal(Submitted.Same, await store.Submit(submission with { Spec = "limit 9" }));
        Assert.True(await store.End(
            ConformanceJob, new JobProgress { Attempt = attempt }, JobState.Stopped, "the limit of 2 rounds", [], new Round(2)));
        Assert.Equal(3, await harness.PartCount(ConformanceJob));
        Assert.True((await store.Do(
            new LoadPart(ConformanceJob, attempt, new Round(3), new ShardId(0), part.Checksum, PartKind.Result))).IsCorrupt);
        Assert.IsType<JobHasEnded>(await store.Do(new ClaimAttempt(ConformanceJob)));

        Assert.Equal(Submitted.Same, await store.Submit(submission));
        Assert.Equal(Submitted.OtherSpec, await store.Submit(submission with { Spec = "limit 9", SpecHash = "other" }));
        Assert.Equal(JobState.Stopped, (await store.Job(ConformanceJob))!.State);
        var submitted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.Submit(submission with { Spec = "limit 9" })));
        Assert.Single(submitted, Submitted.GoesOn);
        Assert.Equal(7, submitted.Count(s => s == Submitted.Same));
        var entry = (await store.Job(ConformanceJob))!;
        Assert.Equal((JobState.Queued, "limit 9", "", null), (entry.State, entry.Submission.Spec, entry.Reason, entry.Ended));
        Assert.Equal([1, 2], (await store.Rounds(ConformanceJob)).Select(round => round.Round.Value));
        // Who ended it says so again, too late.
        Assert.False(await store.End(
            ConformanceJob, new JobProgress { Attempt = attempt }, JobState.Stopped, "the limit of 2 rounds", [], new Round(2)));
        Assert.Equal(new AttemptClaimed(new Attempt(3), 0, "limit 9"), await store.Do(new ClaimAttempt(ConformanceJob)));
        Assert.Equal(new Round(2), (await Find(store)).Manifest!.Round);

        Assert.True(await store.End(ConformanceJob, new JobProgress { Attempt = new Attempt(3) }, JobState.Converged, "", []));
        Assert.Equal(0, await harness.PartCount(ConformanceJob));
        Assert.Equal(Submitted.Same, await store.Submit(submission with { Spec = "limit 20" }));
    }

    [Fact]
    public async Task A_stopped_job_of_which_nothing_is_kept_is_done()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        var submission = new JobSubmission(ConformanceJob, "limit 2", "s", "d", 2);
        await store.Submit(submission);
        var attempt = await Claim(store);
        await Checkpoint(store, attempt, 2, 2);
        Assert.True(await store.End(
            ConformanceJob, new JobProgress { Attempt = attempt }, JobState.Stopped, "the model ended without reaching its tolerance", []));
        Assert.Equal(0, await harness.PartCount(ConformanceJob));
        Assert.Equal(Submitted.Same, await store.Submit(submission with { Spec = "limit 9" }));
        Assert.Equal(JobState.Stopped, (await store.Job(ConformanceJob))!.State);
    }

    [Fact]
    public async Task A_failed_job_keeps_its_checkpoints_and_no_parts_of_results()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        await store.Submit(new JobSubmission(ConformanceJob, "spec", "s", "d", 2));
        var attempt = await Claim(store);
        await Checkpoint(store, attempt, 2, 2);
        await store.Do(new SavePart(ConformanceJob, attempt, new Round(2), new ShardId(0), State(1), PartKind.Result));
        Assert.Equal(4, await harness.PartCount(ConformanceJob));
        Assert.True(await store.End(ConformanceJob, new JobProgress { Attempt = attempt }, JobState.Failed, "it failed", []));
        Assert.Equal(3, await harness.PartCount(ConformanceJob));
    }

    [Fact]
    public async Task Attempts_without_progress_are_counted_until_a_checkpoint_or_a_resumption()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        await store.Submit(new JobSubmission(Job, "spec", "s", "d", 1));
        async Task<int> Restarts() => Assert.IsType<AttemptClaimed>(await store.Do(new ClaimAttempt(Job))).Restarts;
        async Task Checkpoint(long attempt, long round)
        {
            var part = Assert.IsType<PartSaved>(
                await store.Do(new SavePart(Job, new Attempt(attempt), new Round(round), new ShardId(-1), new ArraySet().Set("x", round))));
            var manifest = new CheckpointManifest(Job, new Attempt(attempt), new Round(round), "s", "d", 0,
                [new CheckpointPart(new ShardId(-1), new Attempt(attempt), part.Checksum, part.Bytes)]);
            Assert.Null((await store.Do(new CommitCheckpoint(Job, new Attempt(attempt), manifest, 3))).Error);
        }

        Assert.Equal((0, 1), (await Restarts(), await Restarts()));
        await Checkpoint(2, 0);
        Assert.Equal(2, await Restarts());
        await Checkpoint(3, 5);
        Assert.Equal((1, 2), (await Restarts(), await Restarts()));
        await store.End(Job, new JobProgress { Attempt = new Attempt(5) }, JobState.Failed, "no luck", []);
        await store.Resume(Job);
        Assert.Equal((0, 1), (await Restarts(), await Restarts()));
    }

    [Fact]
    public async Task Events_and_nodes_take_every_text()
    {
        await using var harness = await CreateClusterHarness();
        var store = harness.Cluster;
        const string hostile = "'; DROP TABLE jobs; -- \"\n\0 λ";
        await store.AddEvent(Job, "n'1", hostile);
        await store.AddEvent(Job, "n'1", "second");
        var events = await store.Events(Job);
        Assert.Equal([hostile.Replace('\0', '?'), "second"], events.Select(e => e.Words));
        Assert.Equal("second", Assert.Single(await store.Events(Job, events[0].Number)).Words);
        await store.ReportNode(new NodeEntry { Name = "a", Capacity = 4, LastLines = [hostile], Actors = ["fit/x"], MemoryBytes = 7 });
        await store.ReportNode(new NodeEntry { Name = "b", Capacity = 3 });
        await store.ReportNode(new NodeEntry { Name = "b", Capacity = 3, State = "draining" });
        var nodes = await store.Nodes();
        Assert.Equal(["a", "b"], nodes.Select(n => n.Name));
        Assert.Equal((7, "fit/x"), (nodes[0].MemoryBytes, nodes[0].Actors[0]));
        Assert.Equal(4, Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs())).Capacity);
    }
}
