using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using FitCluster.Tests;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster.Sqlite;

public sealed class SqliteStoreTests : ClusterStoreConformance
{
    private static readonly JobName Job = new("job-1");
    private static readonly JobSubmission Submission = new(Job, "spec", "s", "d", 1);

    [Fact]
    public async Task Eight_stores_over_a_file_that_is_not_there_yet_make_it_once_and_write_to_it_at_once()
    {
        await using var harness = new SqliteHarness();
        var stores = Enumerable.Range(0, 8).Select(_ => harness.AnotherCluster()).ToList();
        var submitted = await Task.WhenAll(stores.Select(async (store, i) =>
        {
            await store.Prepare();
            for (var n = 0; n < 20; n++)
            {
                await store.AddEvent(Job, $"n{i}", $"{n}");
            }

            return await store.Submit(Submission);
        }));
        Assert.Single(submitted, Submitted.New);
        Assert.Equal(160, (await stores[3].Events(Job)).Count);
        Assert.Equal(["wal", 0x46436C75L, 2L], [
            harness.Scalar("PRAGMA journal_mode"), harness.Scalar("PRAGMA application_id"), harness.Scalar("PRAGMA user_version")
        ]);
    }

    [Fact]
    public async Task Who_looks_while_a_store_is_made_finds_nothing_or_all_of_it()
    {
        await using var harness = new SqliteHarness();
        for (var n = 0; n < Effort.Of(20, 1000); n++)
        {
            var path = Path.Combine(harness.Folder, $"{n}.db");
            SqliteConnection Open()
            {
                var connection = new SqliteConnection($"Data Source={path};Pooling=False");
                connection.Open();
                connection.Execute("PRAGMA busy_timeout = 10000");
                return connection;
            }

            using var looking = Open();
            var looked = Task.Run(() => SpinWait.SpinUntil(() => SqliteSchema.IsReady(looking, path), TimeSpan.FromSeconds(20)));
            using var making = Open();
            SqliteSchema.Migrate(making, path);
            Assert.True(await looked);
        }
    }

    [Fact]
    public async Task Time_is_this_machine_s()
    {
        var clock = new SetClock();
        await using var harness = await SqliteHarness.Prepared(new SqliteSurroundings { Clock = clock });
        var store = harness.Cluster;
        await store.Submit(Submission);
        await store.ReportNode(new NodeEntry { Name = "a", Capacity = 4 });
        await store.Report(Job, new JobProgress { Objective = double.NaN });
        Assert.True(await store.TakeLease("l", "a", TimeSpan.FromSeconds(10)));
        clock.Now += TimeSpan.FromSeconds(4.5);
        Assert.Equal(4.5, Assert.Single(await store.Nodes()).SeenSecondsAgo);
        Assert.Equal(4.5, Assert.Single(Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs())).Jobs).SilentSeconds);
        Assert.Equal(4, Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs())).Capacity);
        Assert.False(await store.TakeLease("l", "b", TimeSpan.FromSeconds(10)));
        clock.Now += TimeSpan.FromSeconds(5.5);
        Assert.Equal(0, Assert.IsType<OpenJobsFound>(await store.Do(new ListOpenJobs())).Capacity);
        Assert.True(await store.TakeLease("l", "b", TimeSpan.FromSeconds(10)));
        var entry = (await store.Job(Job))!;
        Assert.Equal((SetClock.Start, SetClock.Start), (entry.Submitted, entry.Reported!.Value));
        clock.Now += TimeSpan.FromHours(1);
        await store.ReportNode(new NodeEntry { Name = "b" });
        Assert.Equal("b", Assert.Single(await store.Nodes()).Name);
        // A clock that was set back gives nobody negative times.
        clock.Now -= TimeSpan.FromHours(2);
        Assert.Equal(0, Assert.Single(await store.Nodes()).SeenSecondsAgo);
    }

    [Fact]
    public async Task A_part_that_is_saved_again_while_it_is_read_is_read_and_nothing_is_left_behind()
    {
        await using var harness = await SqliteHarness.Prepared();
        var attempt = await Claim(harness.Store);
        var state = new ArraySet().Set("x", new double[20_000]);
        SavePart part = new(Job, new Attempt(0), new Round(1), new ShardId(0), state);
        var saved = Assert.IsType<PartSaved>(await harness.Store.Do(part));
        var other = harness.AnotherCluster();
        var saving = Task.Run(async () =>
        {
            for (var n = 0; n < 100; n++)
            {
                Assert.Equal(saved, await other.Do(part));
            }
        });
        while (!saving.IsCompleted)
        {
            Assert.IsType<PartLoaded>(await harness.Store.Do(new LoadPart(Job, part.Attempt, part.Round, part.Shard, saved.Checksum)));
        }

        await saving;
        Assert.Equal(1, await harness.PartCount(Job));

        // What a process leaves that dies between a file and its row is swept away, once it is old.
        var (old, young) = (harness.InFolder(Job, "round-000001.part-00000.a1.x.npz"), harness.InFolder(Job, "results.y.F.npy.tmp-z"));
        await File.WriteAllTextAsync(old, "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(young, "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        File.SetLastWriteTimeUtc(Directory.GetFiles(harness.InFolder(Job, ""), "*a0*")[0], DateTime.UtcNow.AddHours(-2));
        var manifest = new CheckpointManifest(
            Job, attempt, new Round(1), "s", "d", 1, [new CheckpointPart(new ShardId(0), new Attempt(0), saved.Checksum, saved.Bytes)]);
        Assert.Null((await harness.Store.Do(new CommitCheckpoint(Job, attempt, manifest, 1))).Error);
        Assert.Equal((false, true), (File.Exists(old), File.Exists(young)));
        Assert.Equal(1, await harness.PartCount(Job));
    }

    protected override async ValueTask<ClusterHarness> CreateClusterHarness() => await SqliteHarness.Prepared();
}
