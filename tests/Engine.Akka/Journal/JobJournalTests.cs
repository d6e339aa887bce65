using System.Diagnostics;
using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered.Journal;

/// <summary>What the journal of a job promises, in every database.</summary>
public abstract class JobJournalTests
{
    private static readonly JobName Job = new("job-1");

    protected abstract Task<JournalPlace> Create();

    [Fact]
    public async Task Of_two_nodes_the_one_that_does_not_know_the_other_s_entry_is_refused_by_the_database_and_decides_anew()
    {
        await using var place = await Create();
        var (a, b) = (place.Node("a"), place.Node("b", out var tables));
        Assert.Equal(new Attempt(1), await Claim(a));
        var commit = await Saved(a, new Attempt(1), 1);

        // b dies between the journal and the tables: they have not heard of its attempt, so that only the journal can refuse.
        tables.Fails = true;
        Assert.Contains("away", (await b.Do(new ClaimAttempt(Job))).Error, StringComparison.Ordinal);
        Assert.Equal(["1"], await place.Sql($"SELECT newest FROM {place.Table("attempts")}"));
        Assert.True((await a.Do(commit)).IsFenced);
        Assert.Equal(["claimed", "claimed"], await place.Forms(Job));
        // What b could not carry out, a did before it decided anew.
        Assert.Equal(["2"], await place.Sql($"SELECT newest FROM {place.Table("attempts")}"));

        // A line of the log is taken from whoever has seen something, and is not lost with the node.
        await b.AddEvent(Job, "b", "before its death", TestContext.Current.CancellationToken);
        Assert.Empty(await a.Events(Job, cancellation: TestContext.Current.CancellationToken));
        await a.AddEvent(Job, "a", "late", TestContext.Current.CancellationToken);
        Assert.Equal(["before its death", "late"], await Words(a));
        Assert.Equal(["claimed", "claimed", "noted", "noted"], await place.Forms(Job));
        Assert.Equal(new Attempt(3), await Claim(a));
        tables.Fails = false;
        Assert.True((await b.Do(commit)).IsFenced);
    }

    [Fact]
    public async Task Tables_that_were_emptied_are_filled_from_the_journal()
    {
        await using var place = await Create();
        var a = place.Node("a");
        await place.Plain().Submit(new JobSubmission(Job, "spec", "s", "d", 1), TestContext.Current.CancellationToken);
        await Claim(a);
        for (var round = 1; round <= 4; round++)
        {
            Assert.Null((await a.Do(await Saved(a, new Attempt(1), round))).Error);
            await a.AddEvent(Job, "a", $"round {round} 'é'", TestContext.Current.CancellationToken);
        }

        await Claim(place.Node("b"));
        Assert.Equal((new Attempt(3), 2), await ClaimWithRestarts(a));
        var before = await Everything(place);
        Assert.Equal(new Round(4), (await Found(a)).Round);
        foreach (var table in new[] { "attempts", "manifests", "events", "projected" })
        {
            await place.Sql($"DELETE FROM {place.Table(table)} WHERE job = '{Job}'");
        }

        Assert.Empty(await Words(a));
        // One that has the journal open finds out as well as one that reads it.
        await a.AddEvent(Job, "a", "found out", TestContext.Current.CancellationToken);
        Assert.Equal(before, (await Everything(place)).Where(line => !line.Contains("found out", StringComparison.Ordinal)));
        Assert.Equal(new Round(4), (await Found(a)).Round);
        Assert.Equal((new Attempt(4), 3), await ClaimWithRestarts(place.Node("c")));
    }

    [Fact]
    public async Task An_end_is_in_the_journal_even_if_the_node_died_between_the_tables_and_it()
    {
        await using var place = await Create();
        var (a, plain) = (place.Node("a"), place.Plain());
        await plain.Submit(new JobSubmission(Job, "spec", "s", "d", 1), TestContext.Current.CancellationToken);
        await Claim(a);
        Assert.True(await plain.End(Job, new JobProgress { Attempt = new(1) }, JobState.Failed, "why", [], null, CancellationToken.None));
        var b = place.Node("b");
        await b.AddEvent(Job, "b", "after the end", TestContext.Current.CancellationToken);
        Assert.IsType<JobHasEnded>(await b.Do(new ClaimAttempt(Job)));
        Assert.Equal(["claimed", "ended", "noted"], await place.Forms(Job));
        Assert.Equal(["after the end"], await Words(b));
        await plain.Resume(Job, TestContext.Current.CancellationToken);
        Assert.Equal((new Attempt(2), 0), await ClaimWithRestarts(b));
        Assert.True(await b.End(Job, new JobProgress { Attempt = new(2) }, JobState.Converged, "", [], null, CancellationToken.None));
        Assert.IsType<JobHasEnded>(await a.Do(new ClaimAttempt(Job)));
        Assert.Equal(["claimed", "ended", "noted", "claimed", "ended"], await place.Forms(Job));
    }

    [Fact]
    public async Task A_job_that_ran_before_there_were_journals_goes_on_and_200_entries_are_read_in_a_moment()
    {
        await using var place = await Create();
        var (plain, a) = (place.Plain(), place.Node("a"));
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            await plain.Do(new ClaimAttempt(Job));
        }

        Assert.Equal((new Attempt(6), 5), await ClaimWithRestarts(a));
        for (var n = 0; n < 200; n++)
        {
            await a.AddEvent(Job, "a", $"{n}", TestContext.Current.CancellationToken);
        }

        var b = place.Node("b");
        await b.AddEvent(new JobName("other"), "b", "warm", TestContext.Current.CancellationToken);
        var watch = Stopwatch.StartNew();
        Assert.Equal(new Attempt(7), await Claim(b));
        TestContext.Current.SendDiagnosticMessage($"read 201 entries and claimed: {watch.Elapsed.TotalMilliseconds:F0} ms");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}"), await Words(b));
    }

    [Fact]
    public async Task What_warms_a_node_up_leaves_nothing_that_grows()
    {
        await using var place = await Create();
        for (var n = 1; n <= 3; n++)
        {
            place.Node($"n{n}").WarmUp();
            var (last, rows) = ($"SELECT max(sequence_number) FROM {place.Table("journal")} WHERE deleted", "");
            for (var tries = 0; rows != $"{n}" && tries < 300; tries++)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
                rows = (await place.Sql($"SELECT coalesce(({last}), 0) || ''")).Single();
            }

            Assert.Equal(($"{n}", "1"), (rows, (await place.Sql($"SELECT count(*) || '' FROM {place.Table("journal")}")).Single()));
        }
    }

    protected static async Task<Attempt> Claim(JournaledStore store) => (await ClaimWithRestarts(store)).Attempt;

    private static async Task<(Attempt Attempt, int Restarts)> ClaimWithRestarts(JournaledStore store)
    {
        var reply = await store.Do(new ClaimAttempt(Job));
        Assert.Null(reply.Error);
        var claimed = Assert.IsType<AttemptClaimed>(reply);
        return (claimed.Attempt, claimed.Restarts);
    }

    private static async Task<CommitCheckpoint> Saved(JournaledStore store, Attempt attempt, int round)
    {
        var state = new ArraySet().Set("x", new double[] { round });
        var saved = Assert.IsType<PartSaved>(await store.Do(new SavePart(Job, attempt, new Round(round), new ShardId(0), state)));
        return new CommitCheckpoint(
            Job, attempt,
            new CheckpointManifest(
                Job, attempt, new Round(round), "s", "d", 1, [new CheckpointPart(new ShardId(0), attempt, saved.Checksum, saved.Bytes)]),
            2);
    }

    private static async Task<CheckpointManifest> Found(JournaledStore store) =>
        Assert.IsType<CheckpointFound>(await store.Do(new FindCheckpoint(Job))).Manifest!;

    private static async Task<IReadOnlyList<string>> Words(JournaledStore store) =>
        [.. (await store.Events(Job, cancellation: TestContext.Current.CancellationToken)).Select(line => line.Words)];

    private static async Task<IReadOnlyList<string>> Everything(JournalPlace place) =>
    [
        .. await place.Sql($"SELECT newest || ' ' || restarts FROM {place.Table("attempts")}"),
        .. await place.Sql($"SELECT round || ' ' || attempt || ' ' || parts FROM {place.Table("manifests")} ORDER BY round"),
        .. await place.Sql($"SELECT time || ' ' || node || ' ' || words FROM {place.Table("events")} ORDER BY number"),
    ];
}

/// <summary>Journals in a file.</summary>
public sealed class SqliteJournalTests : JobJournalTests
{
    protected override Task<JournalPlace> Create() => JournalPlace.Sqlite();
}

/// <summary>Journals in PostgreSQL.</summary>
[Trait(Effort.Quick, "no")]
public sealed class PostgresJournalTests : JobJournalTests
{
    [Fact]
    public async Task A_database_that_does_not_answer_is_an_error_in_time_and_not_for_long()
    {
        await using var place = await Create();
        await place.Node("w").AddEvent(new JobName("warm"), "a", "warm", TestContext.Current.CancellationToken);
        var a = place.Node("a", TimeSpan.FromSeconds(1));
        var frozen = place.Sql("BEGIN; LOCK TABLE fitcluster.journal; SELECT pg_sleep(4)");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var watch = Stopwatch.StartNew();
        Assert.Contains("did not answer within 1 s", (await a.Do(new ClaimAttempt(new JobName("j")))).Error, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<ClusterStoreException>(() => a.AddEvent(new JobName("j"), "a", "words"));
        Assert.True(error.IsUnreachable);
        Assert.InRange(watch.Elapsed.TotalSeconds, 1, 3.5);
        await frozen;
        var b = place.Node("b");
        Assert.NotNull(Assert.IsType<AttemptClaimed>(await b.Do(new ClaimAttempt(new JobName("j")))));
    }

    protected override Task<JournalPlace> Create() => JournalPlace.Postgres();
}
