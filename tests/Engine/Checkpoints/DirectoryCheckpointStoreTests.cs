using System.IO.Compression;
using System.Text;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Checkpoints;

public sealed class DirectoryCheckpointStoreTests
{
    private static readonly JobName Job = new("job");

    private static ArraySet State { get; } = new ArraySet().Set("moments/m", [1.5, 2, 3, 4, 5, 6], [2, 3]).Set("s", 7, Reduction.Max).Set(
        "v", [8.0]);

    [Fact]
    public async Task A_part_is_an_uncompressed_zip_of_npy_files_laid_out_as_NumPy_does()
    {
        await using var harness = new DirectoryHarness();
        await Save(harness.Store, 3, 4);
        var path = harness.PartPath(Job, new Round(3), new ShardId(4), new Attempt(1));
        using var zip = ZipFile.OpenRead(path);
        Assert.Equal(["header.json", "moments/m.npy", "s.npy", "v.npy"], zip.Entries.Select(e => e.FullName));
        Assert.All(zip.Entries, e => Assert.Equal(e.Length, e.CompressedLength));
        foreach (var (entry, shape) in new[] { ("moments/m.npy", "(2, 3)"), ("s.npy", "()"), ("v.npy", "(1,)") })
        {
            using var memory = new MemoryStream();
            zip.GetEntry(entry)!.Open().CopyTo(memory);
            var bytes = memory.ToArray();
            Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 118, 0], bytes[..10]);
            Assert.Equal(
                $"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}", Encoding.ASCII.GetString(bytes, 10, 118).TrimEnd());
            Assert.Equal((byte)'\n', bytes[127]);
        }
    }

    [Fact]
    public async Task A_checkpoint_whose_manifest_is_damaged_anywhere_is_passed_over()
    {
        await using var harness = new DirectoryHarness();
        await Commit(harness.Store, 1);
        await Commit(harness.Store, 2);
        var path = Path.Combine(harness.Root, "job", "round-000002", "manifest.json");
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (var at = 0; at < whole.Length; at += 3)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 2;
            await File.WriteAllBytesAsync(path, damaged, TestContext.Current.CancellationToken);
            AssertRound(1, path, await harness.Store.Do(new FindCheckpoint(Job)));
            await File.WriteAllBytesAsync(path, whole.AsMemory(0, at), TestContext.Current.CancellationToken);
            AssertRound(1, path, await harness.Store.Do(new FindCheckpoint(Job)));
        }

        await File.WriteAllBytesAsync(path, whole, TestContext.Current.CancellationToken);
        Assert.Equal(new Round(2), ((CheckpointFound)await harness.Store.Do(new FindCheckpoint(Job))).Manifest!.Round);
    }

    [Fact]
    public async Task A_write_that_was_cut_off_is_never_taken_for_a_checkpoint_and_is_cleaned_up()
    {
        await using var harness = new DirectoryHarness();
        await Commit(harness.Store, 1);
        var (first, second) = (Path.Combine(harness.Root, "job", "round-000001"), Path.Combine(harness.Root, "job", "round-000002"));
        Directory.CreateDirectory(second);
        var stale = new[] { Path.Combine(first, "part-00000.a1.npz.tmp-1"), Path.Combine(second, "manifest.json.tmp-1"), Path.Combine(
            harness.Root, "job", "attempt.json.tmp-1") };
        foreach (var file in stale)
        {
            await File.WriteAllTextAsync(file, "{", TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-2));
        }

        var found = Assert.IsType<CheckpointFound>(await harness.Store.Do(new FindCheckpoint(Job)));
        Assert.Equal(new Round(1), found.Manifest!.Round);
        Assert.Empty(found.PassedOver);
        await Commit(harness.Store, 3);
        Assert.DoesNotContain(
            Directory.GetFiles(harness.Root, "*", SearchOption.AllDirectories), f => f.Contains(".tmp-", StringComparison.Ordinal));
        Assert.False(Directory.Exists(second));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_is_an_error_that_names_it()
    {
        await using var harness = new DirectoryHarness();
        await File.WriteAllTextAsync(harness.Root, "a file where the folder should be", TestContext.Current.CancellationToken);
        StoreRequest[] requests = [new ClaimAttempt(Job), new SavePart(Job, new Attempt(1), new Round(1), new ShardId(0), State)];
        foreach (var request in requests)
        {
            var reply = await harness.Store.Do(request);
            Assert.Contains(harness.Root, reply.Error, StringComparison.Ordinal);
            Assert.False(reply.IsFenced || reply.IsCorrupt);
        }
    }

    [Fact]
    public async Task A_damaged_attempt_file_stops_claims_and_writes_in_words()
    {
        await using var harness = new DirectoryHarness();
        await Commit(harness.Store, 1);
        var path = Path.Combine(harness.Root, "job", "attempt.json");
        await File.WriteAllTextAsync(path, "{", TestContext.Current.CancellationToken);
        Assert.Contains("attempt.json is damaged", (await harness.Store.Do(new ClaimAttempt(Job))).Error, StringComparison.Ordinal);
        Assert.Contains("attempt.json is damaged",
            (await harness.Store.Do(new SavePart(Job, new Attempt(1), new Round(2), new ShardId(0), State))).Error,
            StringComparison.Ordinal);
        File.Delete(path);
        Assert.Equal(new Attempt(2), ((AttemptClaimed)await harness.Store.Do(new ClaimAttempt(Job))).Attempt);
    }

    [Theory]
    [InlineData("", "%")]
    [InlineData("moments/m", "moments/m")]
    [InlineData("../x", "%2E./x")]
    [InlineData("/a//b/", "%2Fa/%2Fb%2F")]
    [InlineData("λ %", "%CE%BB%20%25")]
    public void The_name_of_an_array_becomes_that_of_an_entry_and_back(string name, string entry)
    {
        Assert.Equal(entry, NpzNames.Escape(name));
        Assert.Equal(name, entry == "%" ? "" : Uri.UnescapeDataString(entry));
    }

    [Fact]
    public async Task A_request_that_is_cancelled_is_answered()
    {
        await using var harness = new DirectoryHarness();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.NotNull((await harness.Store.Handle(new ClaimAttempt(Job), cancelled.Token)).Error);
    }

    [Fact]
    public async Task Of_prunings_at_the_same_time_none_fails_for_what_another_has_deleted()
    {
        await using var harness = new DirectoryHarness();
        var paths = new CheckpointPaths(harness.Root);
        for (var repeat = 0; repeat < 8; repeat++)
        {
            for (var round = 1; round <= 6; round++)
            {
                await Commit(harness.Store, (10 * repeat) + round);
            }

            var newest = ManifestFile.Read(await File.ReadAllBytesAsync(
                paths.Manifest(Job, new Round((10 * repeat) + 6)), TestContext.Current.CancellationToken));
            var tasks = Enumerable.Range(0, 4).Select(at => Task.Run(() =>
            {
                var pruner = new CheckpointPruner(paths, new CheckpointReader(paths));
                if (at > 0)
                {
                    pruner.Prune(new CommitCheckpoint(Job, new Attempt(1), newest, 1), CancellationToken.None);
                }
                else
                {
                    pruner.Drop(new DropCheckpoints(Job, new Attempt(1), repeat % 2 == 0 ? newest.Round : null));
                }
            }));
            await Task.WhenAll(tasks);
        }
    }

    private static async Task<PartSaved> Save(ICheckpointStore store, int round, int shard)
    {
        var reply = await store.Do(new SavePart(Job, new Attempt(1), new Round(round), new ShardId(shard), State));
        Assert.Null(reply.Error);
        return (PartSaved)reply;
    }

    private static async Task Commit(ICheckpointStore store, int round)
    {
        var saved = await Save(store, round, 0);
        var manifest = new CheckpointManifest(Job, new Attempt(1), new Round(round), "s", "d", 1,
            [new CheckpointPart(new ShardId(0), new Attempt(1), saved.Checksum, saved.Bytes)]);
        Assert.Null((await store.Do(new CommitCheckpoint(Job, new Attempt(1), manifest, 5))).Error);
    }

    private static void AssertRound(int round, string passedOver, StoreReply reply)
    {
        var found = Assert.IsType<CheckpointFound>(reply);
        Assert.Equal(new Round(round), found.Manifest!.Round);
        Assert.Contains(passedOver, Assert.Single(found.PassedOver), StringComparison.Ordinal);
    }
}
