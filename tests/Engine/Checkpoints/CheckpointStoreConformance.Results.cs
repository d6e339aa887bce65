using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Checkpoints;

/// <summary>Parts of results, and what is kept to go on from.</summary>
public abstract partial class CheckpointStoreConformance
{
    [Fact]
    public async Task A_part_of_the_results_stands_beside_the_checkpoint_and_comes_back_as_it_was()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var manifest = await Checkpoint(harness.Store, attempt, 10, 2);
        var saved = await SaveResult(harness.Store, attempt, 10, 1, State(77));
        Assert.Equal(saved, await SaveResult(harness.Another(), attempt, 10, 1, State(77)));
        ArraySets.AssertSame(State(77), harness.Another().LoadResult(Result(attempt, 10, 1, saved)));
        var found = await Find(harness.Store);
        Assert.Empty(found.PassedOver);
        Assert.Equal(manifest.Parts, found.Manifest!.Parts);
        var state = manifest.Parts.Single(part => part.Shard.Value == 1);
        Assert.IsType<PartLoaded>(await harness.Store.Do(new LoadPart(Job, attempt, new Round(10), state.Shard, state.Checksum)));
        Assert.Contains("0 is the least",
            (await harness.Store.Do(new SavePart(Job, attempt, new Round(10), new ShardId(-1), State(1), PartKind.Result))).Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_part_of_the_results_that_was_harmed_is_not_loaded(bool isRemoved)
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var saved = await SaveResult(harness.Store, attempt, 10, 1, State(77));
        await (isRemoved
            ? harness.Remove(Job, new Round(10), new ShardId(1), attempt, PartKind.Result)
            : harness.Damage(Job, new Round(10), new ShardId(1), attempt, PartKind.Result));
        var error = Assert.Throws<ResultPartException>(() => harness.Store.LoadResult(Result(attempt, 10, 1, saved)));
        Assert.True(error.IsDamaged);
        Assert.Contains(isRemoved ? "missing" : "damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_attempt_s_part_of_the_results_takes_the_place_of_the_older_one_s_which_is_refused_from_then_on()
    {
        await using var harness = await CreateHarness();
        var old = await Claim(harness.Store);
        await Checkpoint(harness.Store, old, 10, 2);
        var first = await SaveResult(harness.Store, old, 10, 0, State(1));
        var other = await SaveResult(harness.Store, old, 10, 1, State(2));
        var attempt = await Claim(harness.Another());
        Assert.True((await harness.Store.Do(new SavePart(Job, old, new Round(10), new ShardId(0), State(1), PartKind.Result))).IsFenced);
        ArraySets.AssertSame(State(1), harness.Store.LoadResult(Result(old, 10, 0, first)));
        var second = await SaveResult(harness.Store, attempt, 11, 0, State(3));
        Assert.Throws<ResultPartException>(() => harness.Store.LoadResult(Result(old, 10, 0, first)));
        ArraySets.AssertSame(State(2), harness.Store.LoadResult(Result(old, 10, 1, other)));
        ArraySets.AssertSame(State(3), harness.Store.LoadResult(Result(attempt, 11, 0, second)));
        // Three parts of the checkpoint, one of each shard's results; a checkpoint of the newer attempt sweeps away what is left of the
        // older one's.
        Assert.Equal(5, await harness.PartCount(Job));
        await Checkpoint(harness.Store, attempt, 12, 2, keep: 1);
        Assert.Throws<ResultPartException>(() => harness.Store.LoadResult(Result(old, 10, 1, other)));
    }

    [Fact]
    public async Task The_newest_checkpoint_up_to_a_round_is_found()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        foreach (var round in new[] { 10, 20, 30 })
        {
            await Checkpoint(harness.Store, attempt, round, 2);
        }

        Assert.Equal(new Round(30), (await Find(harness.Store, 30)).Manifest!.Round);
        Assert.Equal(new Round(20), (await Find(harness.Store, 29)).Manifest!.Round);
        Assert.Equal(new Round(20), (await Find(harness.Store, 20)).Manifest!.Round);
        await harness.Damage(Job, new Round(20), new ShardId(1), attempt);
        var found = await Find(harness.Another(), 29);
        Assert.Equal(new Round(10), found.Manifest!.Round);
        Assert.Contains("round 20", Assert.Single(found.PassedOver), StringComparison.Ordinal);
        AssertNone(await Find(harness.Store, 9));
    }

    [Fact]
    public async Task A_checkpoint_to_go_on_from_is_kept_however_many_follow()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 10, 2);
        await Checkpoint(harness.Store, attempt, 20, 2);
        for (var round = 30; round <= 70; round += 10)
        {
            await Checkpoint(harness.Store, attempt, round, 2, keep: 2, resume: 25);
        }

        Assert.Equal(9, await harness.PartCount(Job));
        Assert.Equal(new Round(70), (await Find(harness.Store)).Manifest!.Round);
        Assert.Equal(new Round(20), (await Find(harness.Store, 59)).Manifest!.Round);
        await Checkpoint(harness.Store, attempt, 80, 2, keep: 2);
        AssertNone(await Find(harness.Store, 69));
    }

    [Fact]
    public async Task A_checkpoint_supersedes_those_of_later_rounds_by_older_attempts_and_only_those()
    {
        await using var harness = await CreateHarness();
        var old = await Claim(harness.Store);
        foreach (var round in new[] { 10, 20, 30 })
        {
            await Checkpoint(harness.Store, old, round, 2);
        }

        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 25, 2);
        Assert.Equal(new Round(25), (await Find(harness.Store)).Manifest!.Round);
        Assert.Equal(9, await harness.PartCount(Job));
        // A commit that was given up and is carried out late takes nothing away from its own attempt.
        var late = await SaveAll(harness.Store, attempt, 22, 2);
        Assert.Null((await harness.Store.Do(new CommitCheckpoint(Job, attempt, late, 9))).Error);
        Assert.Equal(new Round(25), (await Find(harness.Another())).Manifest!.Round);
    }

    [Fact]
    public async Task When_the_results_are_written_nothing_is_left_but_what_can_be_gone_on_from()
    {
        await using var harness = await CreateHarness();
        var old = await Claim(harness.Store);
        await Checkpoint(harness.Store, old, 10, 2);
        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 20, 2);
        await Checkpoint(harness.Store, attempt, 30, 2);
        var saved = await SaveResult(harness.Store, attempt, 30, 0, State(1));
        await SaveAll(harness.Store, attempt, 40, 2);
        Assert.True((await harness.Store.Do(new DropCheckpoints(Job, old, null))).IsFenced);
        ArraySets.AssertSame(State(1), harness.Store.LoadResult(Result(attempt, 30, 0, saved)));

        Assert.Null((await harness.Store.Do(new DropCheckpoints(Job, attempt, new Round(25)))).Error);
        Assert.Equal(3, await harness.PartCount(Job));
        Assert.Equal(new Round(20), (await Find(harness.Another())).Manifest!.Round);
        Assert.Throws<ResultPartException>(() => harness.Store.LoadResult(Result(attempt, 30, 0, saved)));

        Assert.Null((await harness.Store.Do(new DropCheckpoints(Job, attempt, null))).Error);
        Assert.Equal(0, await harness.PartCount(Job));
        AssertNone(await Find(harness.Store));
        Assert.Null((await harness.Store.Do(new DropCheckpoints(new JobName("nobody"), attempt, null))).Error);
        Assert.Equal(new Attempt(3), await Claim(harness.Store));
    }

    private static async Task<PartSaved> SaveResult(ICheckpointStore store, Attempt attempt, int round, int shard, ArraySet rows)
    {
        var reply = await store.Do(new SavePart(Job, attempt, new Round(round), new ShardId(shard), rows, PartKind.Result));
        Assert.Null(reply.Error);
        return Assert.IsType<PartSaved>(reply);
    }

    private static LoadPart Result(Attempt attempt, int round, int shard, PartSaved saved) =>
        new(Job, attempt, new Round(round), new ShardId(shard), saved.Checksum, PartKind.Result);
}
