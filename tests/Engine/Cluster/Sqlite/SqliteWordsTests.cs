using System.Diagnostics;
using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster.Sqlite;

/// <summary>What is wrong with a store in a file is said in a sentence, and harms nothing.</summary>
public sealed class SqliteWordsTests
{
    private static readonly JobName Job = new("job-1");
    private static readonly JobSubmission Submission = new(Job, "spec", "s", "d", 1);

    [Fact]
    public async Task What_no_store_can_be_in_is_refused()
    {
        await using var harness = new SqliteHarness();
        string In(string name) => Path.Combine(harness.Folder, name);
        Directory.CreateDirectory(In("folder.db"));
        await File.WriteAllTextAsync(In("text.db"), new string('x', 5000), TestContext.Current.CancellationToken);
        Run($"{In("other.sqlite")}", "CREATE TABLE mine (x)");
        foreach (var (path, words, isUnreachable) in new[]
        {
            (In("folder.db"), "folder.db is a folder: name a file in it", false),
            (In("none/job.db"), $"the folder {In("none")} of the store {In("none/job.db")} is not there: make it", true),
            (In("text.db"), $"the file {In("text.db")} is not an SQLite database: name another file", false),
            (In("other.sqlite"), $"the file {In("other.sqlite")} is an SQLite database of another program", false),
            ("/proc/job.db", "the store /proc/job.db may not be written to by this user", true),
        })
        {
            await using var store = new SqliteStore(path);
            AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => store.Prepare()), words, isUnreachable);
            Assert.Contains(path, (await store.Do(new ClaimAttempt(Job))).Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(path + ".parts"), path);
        }

        Assert.Equal(1L, Run(In("other.sqlite"), "SELECT count(*) FROM sqlite_schema"));
    }

    [Fact]
    public async Task A_store_that_was_not_made_is_not_made_by_reading_it()
    {
        await using var harness = new SqliteHarness();
        AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => harness.Cluster.Jobs()), "is not there: start a node", true);
        Assert.Empty(Directory.GetFileSystemEntries(harness.Folder));
    }

    [Fact]
    public async Task A_store_of_a_newer_program_is_refused_with_both_versions()
    {
        await using var harness = await SqliteHarness.Prepared();
        harness.Scalar("PRAGMA user_version = 999");
        var error = await Assert.ThrowsAsync<ClusterStoreException>(() => harness.AnotherCluster().Prepare());
        AssertWords(error, "tables of version 999, and this program knows versions up to 2: upgrade this program", false);
    }

    [Fact]
    public async Task A_store_on_a_file_system_that_machines_share_is_refused()
    {
        await using var harness = await SqliteHarness.Prepared();
        foreach (var (magic, name) in new[] { (0x6969u, "NFS"), (0x65735546u, "FUSE"), (0x01021997u, "9p"), (0xFF534D42u, "CIFS") })
        {
            var store = harness.Another(new SqliteSurroundings { FileSystem = _ => magic });
            AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => store.Prepare()), $"is on {name}, where several", false);
        }

        Assert.Equal(0x9FA0u, SharedFileSystems.MagicOf("/proc"));
        Assert.Null(SharedFileSystems.NameOf(SharedFileSystems.MagicOf("/proc")));
    }

    [Fact]
    public async Task A_second_machine_is_refused_while_the_first_is_at_it_and_so_is_the_first_when_another_has_come()
    {
        var clock = new SetClock();
        SqliteSurroundings On(string machine) => new() { Clock = clock, Machine = new SqliteMachine(machine, $"host-{machine}") };
        await using var harness = await SqliteHarness.Prepared(On("1"));
        await harness.Cluster.Submit(Submission);
        clock.Now += TimeSpan.FromSeconds(14);
        const string Words = "is used by another machine (host-1, 14.0 s ago): a store in a file serves one machine";
        foreach (var ask in new Func<IClusterStore, Task>[] { s => s.Prepare(), s => s.Jobs(), s => s.Submit(Submission) })
        {
            AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => ask(harness.Another(On("2")))), Words, false);
        }

        var same = harness.Another(On("1"));
        Assert.Equal(Submitted.Same, await same.Submit(Submission));
        clock.Now += TimeSpan.FromSeconds(16);
        var second = harness.Another(On("2"));
        await second.Prepare(TestContext.Current.CancellationToken);
        Assert.Equal(Submitted.Same, await second.Submit(Submission));
        AssertWords(
            await Assert.ThrowsAsync<ClusterStoreException>(() => harness.Cluster.AddEvent(Job, "n", "x")), "host-2, 0.0 s ago", false);
        Assert.Empty(await second.Events(Job));
    }

    [Fact]
    public async Task A_store_that_is_held_for_long_is_said_to_be_and_is_used_again_after()
    {
        await using var harness = await SqliteHarness.Prepared(new SqliteSurroundings { Patience = TimeSpan.FromSeconds(0.3) });
        using (var holder = new SqliteConnection($"Data Source={harness.Path};Pooling=False"))
        {
            holder.Open();
            Execute(holder, "BEGIN IMMEDIATE");
            AssertWords(
                await Assert.ThrowsAsync<ClusterStoreException>(() => harness.Cluster.Submit(Submission)),
                "has been held by another process for 0.3 s: is one of its nodes frozen?", true);
            Assert.Empty(await harness.Cluster.Jobs());
        }

        Assert.Equal(Submitted.New, await harness.Cluster.Submit(Submission));
    }

    [Fact]
    public async Task A_file_that_is_deleted_replaced_or_damaged_is_not_written_to_as_if_nothing_were()
    {
        await using var harness = await SqliteHarness.Prepared();
        await harness.Cluster.Submit(Submission);
        Run(harness.Path, "PRAGMA wal_checkpoint(TRUNCATE)");
        var copy = harness.Path + "-copy";
        File.Copy(harness.Path, copy);
        await harness.Cluster.AddEvent(Job, "n", "after the copy");
        foreach (var file in Directory.GetFiles(harness.Folder, "job.db*").Where(file => file != copy))
        {
            File.Delete(file);
        }

        AssertWords(
            await Assert.ThrowsAsync<ClusterStoreException>(() => harness.Cluster.AddEvent(Job, "n", "lost")), "is not there", true);
        File.Copy(copy, harness.Path);
        Assert.Equal(Submitted.Same, await harness.Cluster.Submit(Submission));
        Assert.Empty(await harness.Cluster.Events(Job));

        await harness.Cluster.DisposeAsync();
        var bytes = await File.ReadAllBytesAsync(copy, TestContext.Current.CancellationToken);
        bytes.AsSpan(4096).Fill(0x5A);
        File.Delete(harness.Path);
        await File.WriteAllBytesAsync(harness.Path, bytes, TestContext.Current.CancellationToken);
        AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => harness.AnotherCluster().Jobs()), "is damaged (", false);
    }

    [Fact]
    public async Task A_full_disk_is_said_to_be_and_takes_nothing_that_was_acknowledged()
    {
        await using var harness = new SqliteHarness();
        using var disk = new SmallDisk(harness.Folder, "1536k");
        await using var store = new SqliteStore(harness.Path);
        await store.Prepare(TestContext.Current.CancellationToken);
        await store.Submit(Submission);
        SavePart part = new(Job, new Attempt(1), new Round(1), new ShardId(0), new ArraySet().Set("x", new double[200_000]));
        Assert.Contains("full: nothing was written; make room", (await store.Do(part)).Error, StringComparison.Ordinal);
        var words = new string('w', 100_000);
        var written = 0;
        var error = await Assert.ThrowsAsync<ClusterStoreException>(async () =>
        {
            for (; written < 100; written++)
            {
                await store.AddEvent(Job, "n", words);
            }
        });
        AssertWords(error, "is full: nothing was written; make room", true);
        Assert.Equal(written, (await store.Events(Job)).Count);
        Assert.Equal((true, "ok"), (written > 0, Run(harness.Path, "PRAGMA integrity_check")));
        disk.Resize("8m");
        Assert.Equal(Submitted.Same, await store.Submit(Submission));
        await store.AddEvent(Job, "n", words);
        Assert.IsType<PartSaved>(await store.Do(part));
        Assert.Empty(Directory.GetFiles(harness.InFolder(Job, ""), "*.tmp-*"));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_to_is_said_to_be()
    {
        await using var harness = new SqliteHarness();
        using var disk = new SmallDisk(harness.Folder, "2m");
        await using (var first = new SqliteStore(harness.Path))
        {
            await first.Prepare(TestContext.Current.CancellationToken);
        }

        disk.Remount("ro");
        await using var store = new SqliteStore(harness.Path);
        AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => store.Submit(Submission)), "may not be written to", true);
        await using var another = new SqliteStore(Path.Combine(harness.Folder, "new.db"));
        AssertWords(await Assert.ThrowsAsync<ClusterStoreException>(() => another.Prepare()), "may not be written to", true);
    }

    private static void AssertWords(ClusterStoreException error, string words, bool isUnreachable)
    {
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(isUnreachable, error.IsUnreachable);
    }

    private static object? Run(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return Execute(connection, sql);
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>A small file system in memory over a folder; a test that may not mount one skips.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _folder;

        public SmallDisk(string folder, string size)
        {
            _folder = folder;
            Assert.SkipUnless(Mount($"size={size}", "-t", "tmpfs", "none") == 0, "may not mount a file system here");
        }

        public void Resize(string size) => Remount($"size={size}");

        public void Remount(string options) => Assert.Equal(0, Mount($"remount,{options}"));

        public void Dispose() => Process.Start("umount", ["-l", _folder]).WaitForExit();

        private int Mount(string options, params string[] more)
        {
            using var process = Process.Start(
                new ProcessStartInfo("mount", ["-o", options, .. more, _folder]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
