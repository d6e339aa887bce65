using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Checkpoints;

/// <summary>What every checkpoint store promises. Each store has a subclass that makes its harness.</summary>
public abstract partial class CheckpointStoreConformance
{
    private static readonly JobName Job = new("pbmc-ebmf.1");

    /// <summary>An empty store. A test that needs a service that is not here skips from within.</summary>
    protected abstract ValueTask<StoreHarness> CreateHarness();

    [Fact]
    public async Task Attempts_count_up_from_one_for_each_job()
    {
        await using var harness = await CreateHarness();
        Assert.Equal(new Attempt(1), await Claim(harness.Store));
        Assert.Equal(new Attempt(2), await Claim(harness.Another()));
        Assert.Equal(new Attempt(3), await Claim(harness.Store));
        Assert.Equal(new Attempt(1), await Claim(harness.Store, new JobName("another")));
    }

    [Fact]
    public async Task Claims_at_the_same_time_never_get_the_same_attempt()
    {
        await using var harness = await CreateHarness();
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? harness.Store : harness.Another();
            var mine = new List<long>();
            for (var n = 0; n < 5; n++)
            {
                mine.Add((await Claim(store)).Value);
            }

            Assert.Equal(mine.Order(), mine);
            return mine;
        })));
        Assert.Equal(Enumerable.Range(1, 40).Select(n => (long)n), claims.SelectMany(c => c).Order());
    }

    [Fact]
    public async Task There_is_no_checkpoint_before_the_first_commit()
    {
        await using var harness = await CreateHarness();
        AssertNone(await Find(harness.Store));
        var attempt = await Claim(harness.Store);
        await SaveAll(harness.Store, attempt, 10, 2);
        AssertNone(await Find(harness.Another()));
    }

    [Fact]
    public async Task Every_bit_of_every_array_comes_back()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var state = new ArraySet()
            .Set("F", [1, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue], [2, 3])
            .Set("nan", [BitConverter.Int64BitsToDouble(0x7FF0_0000_0000_0001), BitConverter.Int64BitsToDouble(
                unchecked((long)0xFFF8_1234_5678_9ABC)), double.NaN])
            .Set("scalar", -3.5, Reduction.Max)
            .Set("empty", [], [0])
            .Set("", [1])
            .Set("empty/wide", [], [3, 0, 5])
            .Set("deep", [7], [1, 1, 1, 1, 1, 1, 1, 1])
            .Set("moments/m", [2])
            .Set("../../etc/passwd", [3])
            .Set("/", [4]).Set("a//b", [5]).Set("a/", [6]).Set("A", [7]).Set("a", [8]).Set("%41", [9]).Set("header.json", [10])
            .Set("λ τ\n\"混\0", [11])
            .Set("large", [.. Enumerable.Range(0, 300_000).Select(i => 1.0 / i)], [300, 1000]);
        foreach (var (shard, arrays) in new[] { (0, state), (-1, new ArraySet()) })
        {
            var saved = await Save(harness.Store, attempt, 3, shard, arrays);
            Assert.True(saved.Bytes > 0);
            var loaded = Assert.IsType<PartLoaded>(
                await harness.Another().Do(new LoadPart(Job, attempt, new Round(3), new ShardId(shard), saved.Checksum)));
            ArraySets.AssertSame(arrays, loaded.State);
        }
    }

    [Fact]
    public async Task A_part_that_was_saved_shares_nothing_with_the_state()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var state = State(1);
        var saved = await Save(harness.Store, attempt, 1, 0, state);
        state["x"][0] = 99;
        var loaded = Assert.IsType<PartLoaded>(
            await harness.Store.Do(new LoadPart(Job, attempt, new Round(1), new ShardId(0), saved.Checksum)));
        ArraySets.AssertSame(State(1), loaded.State);
    }

    [Fact]
    public async Task The_same_state_has_the_same_checksum_and_may_be_saved_twice()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var first = await Save(harness.Store, attempt, 1, 0, State(1));
        Assert.Equal(first, await Save(harness.Another(), attempt, 1, 0, State(1)));
        Assert.NotEqual(first.Checksum, (await Save(harness.Store, attempt, 1, 1, State(2))).Checksum);
    }

    [Fact]
    public async Task A_committed_checkpoint_is_found_as_it_was_committed()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var manifest = await Checkpoint(harness.Store, attempt, 10, 3);
        var found = await Find(harness.Another());
        Assert.Empty(found.PassedOver);
        Assert.Equal(Fields(manifest), Fields(found.Manifest!));
        Assert.Equal(manifest.Parts, found.Manifest!.Parts);
        foreach (var part in found.Manifest.Parts)
        {
            var loaded = Assert.IsType<PartLoaded>(
                await harness.Another().Do(new LoadPart(Job, part.Attempt, new Round(10), part.Shard, part.Checksum)));
            ArraySets.AssertSame(State(part.Shard.Value + 10), loaded.State);
        }
    }

    [Fact]
    public async Task Writes_of_an_older_attempt_are_refused_and_change_nothing()
    {
        await using var harness = await CreateHarness();
        var old = await Claim(harness.Store);
        await Checkpoint(harness.Store, old, 10, 2);
        var next = await SaveAll(harness.Store, old, 20, 2);
        Assert.Equal(new Attempt(2), await Claim(harness.Another()));
        var refused = await harness.Store.Do(new CommitCheckpoint(Job, old, next, 2));
        Assert.True(refused.IsFenced);
        Assert.Contains("attempt 2", refused.Error, StringComparison.Ordinal);
        Assert.True((await harness.Store.Do(new SavePart(Job, old, new Round(30), new ShardId(0), State(0)))).IsFenced);
        Assert.Equal(new Round(10), (await Find(harness.Store)).Manifest!.Round);
        // The new attempt may commit, even the same round, and even with parts that the old one saved.
        var mine = next with { Attempt = new Attempt(2) };
        Assert.Null((await harness.Store.Do(new CommitCheckpoint(Job, mine.Attempt, mine, 2))).Error);
        Assert.Equal(new Attempt(2), (await Find(harness.Store)).Manifest!.Attempt);
    }

    [Fact]
    public async Task A_commit_without_all_its_parts_is_refused()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        var manifest = await SaveAll(harness.Store, attempt, 10, 2);
        var lacking = manifest with { Shards = 3 };
        var invented = manifest with { Shards = 3, Parts = [.. manifest.Parts, new CheckpointPart(new ShardId(2), attempt, "00", 5)] };
        var twice = manifest with { Parts = [.. manifest.Parts, manifest.Parts[0]] };
        var shorter = manifest with { Parts = [.. manifest.Parts.Select(p => p with { Bytes = p.Bytes - 1 })] };
        foreach (var wrong in new[]
        {
            lacking, invented, twice, shorter, manifest with { Job = new JobName("another") }, manifest with { Attempt = new Attempt(9) }
        })
        {
            var reply = await harness.Store.Do(new CommitCheckpoint(Job, attempt, wrong, 2));
            Assert.Contains("not committed", reply.Error, StringComparison.Ordinal);
            Assert.False(reply.IsFenced);
        }

        Assert.Contains(
            "not committed", (await harness.Store.Do(new CommitCheckpoint(Job, attempt, manifest, 0))).Error, StringComparison.Ordinal);
        AssertNone(await Find(harness.Store));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    [InlineData(1, true)]
    public async Task A_damaged_newest_checkpoint_is_passed_over_and_named(int shard, bool isRemoved)
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 100, 2);
        var newest = await Checkpoint(harness.Store, attempt, 120, 2);
        await Harm(harness, 120, shard, attempt, isRemoved);
        var found = await Find(harness.Another());
        Assert.Equal(new Round(100), found.Manifest!.Round);
        var sentence = Assert.Single(found.PassedOver);
        Assert.Contains("checkpoint of round 120", sentence, StringComparison.Ordinal);
        Assert.Contains(isRemoved ? "missing" : "damaged", sentence, StringComparison.Ordinal);
        Assert.Contains("the one of round 100 is used", sentence, StringComparison.Ordinal);
        var part = newest.Parts.Single(p => p.Shard.Value == shard);
        var loaded = await harness.Store.Do(new LoadPart(Job, attempt, new Round(120), part.Shard, part.Checksum));
        Assert.True(loaded.IsCorrupt);
        Assert.NotNull(loaded.Error);
        await Harm(harness, 100, shard, attempt, isRemoved);
        var none = await Find(harness.Store);
        Assert.Null(none.Manifest);
        Assert.Equal(2, none.PassedOver.Count);
        Assert.All(none.PassedOver, s => Assert.Contains("no older one", s, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_part_with_another_checksum_than_asked_for_is_not_loaded()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await Save(harness.Store, attempt, 1, 0, State(1));
        var reply = await harness.Store.Do(new LoadPart(Job, attempt, new Round(1), new ShardId(0), new string('0', 64)));
        Assert.True(reply.IsCorrupt);
        Assert.True((await harness.Store.Do(new LoadPart(Job, attempt, new Round(1), new ShardId(7), ""))).IsCorrupt);
        Assert.True((await harness.Store.Do(new LoadPart(new JobName("nobody"), attempt, new Round(1), new ShardId(0), ""))).IsCorrupt);
    }

    [Fact]
    public async Task A_part_of_a_committed_checkpoint_is_not_replaced_by_another()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 10, 2);
        var reply = await harness.Store.Do(new SavePart(Job, attempt, new Round(10), new ShardId(0), State(77)));
        Assert.Contains("committed checkpoint", reply.Error, StringComparison.Ordinal);
        await Save(harness.Store, attempt, 10, 0, State(10));
        Assert.Equal(new Round(10), (await Find(harness.Store)).Manifest!.Round);
    }

    [Fact]
    public async Task A_commit_keeps_as_many_as_asked_for_and_removes_the_rest()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await SaveAll(harness.Store, attempt, 5, 2);
        for (var round = 10; round <= 50; round += 10)
        {
            await Checkpoint(harness.Store, attempt, round, 2, keep: 2);
        }

        // Two checkpoints of two shards and a coordinator; the orphans of round 5 are gone.
        Assert.Equal(6, await harness.PartCount(Job));
        await harness.Damage(Job, new Round(50), new ShardId(0), attempt);
        Assert.Equal(new Round(40), (await Find(harness.Store)).Manifest!.Round);
        await harness.Damage(Job, new Round(40), new ShardId(0), attempt);
        Assert.Null((await Find(harness.Store)).Manifest);
    }

    [Fact]
    public async Task The_newest_whole_checkpoint_is_never_pruned()
    {
        await using var harness = await CreateHarness();
        var attempt = await Claim(harness.Store);
        await Checkpoint(harness.Store, attempt, 10, 2, keep: 9);
        await Checkpoint(harness.Store, attempt, 20, 2, keep: 9);
        var manifest = await SaveAll(harness.Store, attempt, 30, 2);
        await harness.Damage(Job, new Round(30), new ShardId(1), attempt);
        Assert.Null((await harness.Store.Do(new CommitCheckpoint(Job, attempt, manifest, 1))).Error);
        var found = await Find(harness.Store);
        Assert.Equal(new Round(20), found.Manifest!.Round);
        Assert.Single(found.PassedOver);
    }

    [Fact]
    public async Task Parts_that_are_being_saved_for_the_next_checkpoint_are_not_pruned()
    {
        await using var harness = await CreateHarness();
        var old = await Claim(harness.Store);
        await SaveAll(harness.Store, old, 30, 2);
        var attempt = await Claim(harness.Store);
        var next = await SaveAll(harness.Store, attempt, 20, 2);
        await Checkpoint(harness.Store, attempt, 10, 2, keep: 1);
        // Rounds 10 and 20 of this attempt stay; round 30 of the old one can no longer be committed.
        Assert.Equal(6, await harness.PartCount(Job));
        Assert.Null((await harness.Store.Do(new CommitCheckpoint(Job, attempt, next, 1))).Error);
        Assert.Equal(new Round(20), (await Find(harness.Store)).Manifest!.Round);
        Assert.Equal(3, await harness.PartCount(Job));
    }

    [Fact]
    public async Task A_request_that_makes_no_sense_is_an_error_in_words()
    {
        await using var harness = await CreateHarness();
        var store = harness.Store;
        Assert.NotNull((await store.Do(new ClaimAttempt(default))).Error);
        Assert.NotNull((await store.Do(new SavePart(Job, new Attempt(1), new Round(-1), new ShardId(0), State(0)))).Error);
        Assert.NotNull((await store.Do(new SavePart(Job, new Attempt(1), new Round(1), new ShardId(-2), State(0)))).Error);
        Assert.NotNull(
            (await store.Do(new SavePart(Job, new Attempt(1), new Round(1), new ShardId(0), new ArraySet().Set("\ud800", [1])))).Error);
        AssertNone(await Find(store));
    }

    protected static ArraySet State(int number) => new ArraySet().Set("x", [number, 0.5, -number], [3]).Set("round", number, Reduction.Max);

    protected static async Task<Attempt> Claim(ICheckpointStore store, JobName? job = null)
    {
        var reply = await store.Do(new ClaimAttempt(job ?? Job));
        Assert.Null(reply.Error);
        return Assert.IsType<AttemptClaimed>(reply).Attempt;
    }

    protected static async Task<PartSaved> Save(ICheckpointStore store, Attempt attempt, int round, int shard, ArraySet state)
    {
        var reply = await store.Do(new SavePart(Job, attempt, new Round(round), new ShardId(shard), state));
        Assert.Null(reply.Error);
        return Assert.IsType<PartSaved>(reply);
    }

    /// <summary>Saves the parts of all shards and the coordinator, and returns the manifest that is still to be committed.</summary>
    protected static async Task<CheckpointManifest> SaveAll(ICheckpointStore store, Attempt attempt, int round, int shards)
    {
        var parts = new List<CheckpointPart>();
        for (var shard = -1; shard < shards; shard++)
        {
            var saved = await Save(store, attempt, round, shard, State(shard + round));
            parts.Add(new CheckpointPart(new ShardId(shard), attempt, saved.Checksum, saved.Bytes));
        }

        return new CheckpointManifest(Job, attempt, new Round(round), "spec \"1\"", "data λ", shards, parts);
    }

    protected static async Task<CheckpointManifest> Checkpoint(
        ICheckpointStore store, Attempt attempt, int round, int shards, int keep = 10, int? resume = null)
    {
        var manifest = await SaveAll(store, attempt, round, shards);
        var reply = await store.Do(new CommitCheckpoint(Job, attempt, manifest, keep, resume is { } upTo ? new Round(upTo) : null));
        Assert.Null(reply.Error);
        return manifest;
    }

    protected static async Task<CheckpointFound> Find(ICheckpointStore store, int? upTo = null)
    {
        var reply = await store.Do(new FindCheckpoint(Job, upTo is { } last ? new Round(last) : null));
        Assert.Null(reply.Error);
        return Assert.IsType<CheckpointFound>(reply);
    }

    private static void AssertNone(CheckpointFound found)
    {
        Assert.Null(found.Manifest);
        Assert.Empty(found.PassedOver);
    }

    private static ValueTask Harm(StoreHarness harness, int round, int shard, Attempt attempt, bool isRemoved) => isRemoved
        ? harness.Remove(Job, new Round(round), new ShardId(shard), attempt)
        : harness.Damage(Job, new Round(round), new ShardId(shard), attempt);

    private static (JobName Job, Attempt Attempt, Round Round, string SpecHash, string DataHash, int Shards) Fields(CheckpointManifest m) =>
        (m.Job, m.Attempt, m.Round, m.SpecHash, m.DataHash, m.Shards);
}
