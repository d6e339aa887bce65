using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster.Postgres;

[Trait(Effort.Quick, "no")]
public sealed class PostgresStoreTests : ClusterStoreConformance
{
    private static readonly JobName Job = new("job-1");

    [Fact]
    public async Task An_older_schema_is_migrated_and_a_newer_one_is_refused()
    {
        await using var harness = await Harness.Create();
        await harness.Sql("DROP TABLE fitcluster.result_part_chunks, fitcluster.result_parts, fitcluster.leases, fitcluster.journal, " +
            "fitcluster.projected");
        await harness.Sql(
            "ALTER TABLE fitcluster.events DROP COLUMN node; ALTER TABLE fitcluster.nodes DROP COLUMN state, DROP COLUMN capacity; " +
            "ALTER TABLE fitcluster.attempts DROP COLUMN restarts; UPDATE fitcluster.schema_version SET version = 1");
        await harness.Sql("INSERT INTO fitcluster.events (job, words) VALUES ('job-1', 'of old')");
        await using var again = new PostgresStore(harness.Url);
        await Task.WhenAll(again.Prepare(), harness.Cluster.Prepare());
        Assert.Equal(("", "of old"), (await again.Events(Job)).Select(e => (e.Node, e.Words)).Single());
        await harness.Sql("UPDATE fitcluster.schema_version SET version = 999");
        var error = await Assert.ThrowsAsync<ClusterStoreException>(() => again.Prepare());
        Assert.Contains("version 999", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Tables of version 4 are of nodes that met at a broker: while such nodes run nothing is touched; afterwards what they had begun is
    /// refused in words, and goes on only when it is resumed; what was queued stays so.
    /// </summary>
    [Fact]
    public async Task Jobs_that_nodes_of_before_had_begun_are_refused_in_words_and_can_be_resumed()
    {
        await using var harness = await Harness.Create();
        var queued = new JobName("queued");
        foreach (var job in new[] { Job, queued })
        {
            await harness.Cluster.Submit(new JobSubmission(job, "spec", "s", "d", 2));
        }

        Assert.Equal(new Attempt(1), Assert.IsType<AttemptClaimed>(await harness.Cluster.Do(new ClaimAttempt(Job))).Attempt);
        await harness.Sql(
            "DROP TABLE IF EXISTS fitcluster.leases, fitcluster.journal, fitcluster.projected; " +
            "UPDATE fitcluster.schema_version SET version = 4; " +
            $"UPDATE fitcluster.jobs SET state = 'Running' WHERE job = '{Job}'; " +
            "INSERT INTO fitcluster.nodes (name, entry) VALUES ('old-1', '{}')");
        await using var again = new PostgresStore(harness.Url);
        var refused = await Assert.ThrowsAsync<ClusterStoreException>(() => again.Prepare());
        Assert.Contains("in use by nodes of an earlier version", refused.Message, StringComparison.Ordinal);
        Assert.Contains("old-1", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsUnreachable);
        Assert.Equal("4 Running", (await harness.Sql(
            $"SELECT version || ' ' || state FROM fitcluster.schema_version, fitcluster.jobs WHERE job = '{Job}'")).Trim());

        await harness.Sql("UPDATE fitcluster.nodes SET seen = now() - interval '11 seconds'");
        await again.Prepare();
        var jobs = (await again.Jobs()).ToDictionary(entry => entry.Submission.Job);
        Assert.Equal((JobState.Failed, JobState.Queued), (jobs[Job].State, jobs[queued].State));
        Assert.Contains("an earlier version of FitCluster", jobs[Job].Reason, StringComparison.Ordinal);
        await again.Resume(Job);
        Assert.Equal(JobState.Queued, (await again.Job(Job))!.State);
        // The coordinator of before, should it still be somewhere, was superseded by the change itself.
        Assert.False(await again.Report(Job, new JobProgress { Attempt = new Attempt(1) }));
        Assert.Equal(new Attempt(3), Assert.IsType<AttemptClaimed>(await again.Do(new ClaimAttempt(Job))).Attempt);
    }

    [Fact]
    public async Task What_is_wrong_with_a_store_is_said_in_a_sentence_without_the_password()
    {
        await using var harness = await Harness.Create();
        var cases = new[]
        {
            (harness.Url.Replace("s3cret", "b4dword", StringComparison.Ordinal), "refuses the user"),
            ("postgres://fit:b4dword@127.0.0.1:1/x", "cannot be reached"),
            ("postgres://fit:b4dword@no-such-host.invalid/x", "is not known"),
            (harness.Url + "?sslmode=require", "store postgres://"),
            (harness.Url[..harness.Url.LastIndexOf('/')] + "/nothere", "no database"),
        };
        foreach (var (url, words) in cases)
        {
            await using var store = new PostgresStore(url);
            var error = await Assert.ThrowsAsync<ClusterStoreException>(() => store.Prepare());
            Assert.True(error.IsUnreachable);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("b4dword", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
            Assert.NotNull((await store.Do(new ClaimAttempt(Job))).Error);
        }

        Assert.Contains(
            "unknown parameter", Assert.Throws<ClusterStoreException>(() => new PostgresStore("postgres://a:b4dword@h/x?what=1")).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("b4dword", Assert.Throws<ClusterStoreException>(() => new PostgresStore("http://a:b4dword@h/x")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_connections_lose_the_lock_for_joining_and_no_submission()
    {
        await using var harness = await Harness.Create();
        var other = harness.AnotherCluster();
        var soon = TimeSpan.FromSeconds(20);
        Task Cut() => harness.Sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await harness.Cluster.WaitForSubmission(soon);
        var lost = await harness.Cluster.LockJoining();
        await Cut();
        await using (await other.LockJoining().WaitAsync(soon))
        {
            await lost.DisposeAsync();
            using var patience = new CancellationTokenSource(300);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => harness.Cluster.LockJoining(patience.Token));
        }

        // Submitted while nobody listens: whoever waits is told as soon as somebody does.
        await Cut();
        await harness.AnotherCluster().Submit(new JobSubmission(Job, "spec", "s", "d", 1));
        await harness.Cluster.WaitForSubmission(TimeSpan.FromMinutes(2)).WaitAsync(soon);
        await harness.Cluster.WaitForSubmission(TimeSpan.FromSeconds(3));
        var told = harness.Cluster.WaitForSubmission(TimeSpan.FromMinutes(2));
        await harness.AnotherCluster().Cancel(Job);
        await told.WaitAsync(soon);
    }

    protected override async ValueTask<ClusterHarness> CreateClusterHarness() => await Harness.Create();

    private sealed class Harness(PostgresServer server, string url) : ClusterHarness
    {
        private readonly List<PostgresStore> _others = [];

        public string Url => url;

        public override IClusterStore Cluster { get; } = new PostgresStore(url);

        public static async Task<Harness> Create()
        {
            Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
            var server = await PostgresServer.Shared();
            var harness = new Harness(server, await server.NewDatabase());
            await harness.Cluster.Prepare();
            return harness;
        }

        public Task<string> Sql(string sql) => server.Sql(url, sql);

        public override IClusterStore AnotherCluster()
        {
            _others.Add(new PostgresStore(url));
            return _others[^1];
        }

        public override async ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State) =>
            await Sql(
            $"UPDATE fitcluster.{(kind == PartKind.Result ? "result_" : "")}part_chunks " +
            $"SET content = set_byte(content, 0, 255 - get_byte(content, 0)) WHERE job = '{job}' AND round = {round} AND shard = " +
            $"{shard} AND attempt = {attempt}");

        public override async ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State) =>
            await Sql(
            $"DELETE FROM fitcluster.{(kind == PartKind.Result ? "result_" : "")}parts " +
            $"WHERE job = '{job}' AND round = {round} AND shard = {shard} AND attempt = {attempt}");

        public override async ValueTask DamageResult(JobName job, string name) => await Sql(
            $"UPDATE fitcluster.result_chunks SET content = set_byte(content, 5, 255 - get_byte(content, 5)) WHERE job = '{job}' " +
            $"AND name = '{name}' AND chunk = 1");

        public override async ValueTask<int> PartCount(JobName job) => int.Parse(await Sql(
            $"SELECT (SELECT count(*) FROM fitcluster.parts WHERE job = '{job}') + " +
            $"(SELECT count(*) FROM fitcluster.result_parts WHERE job = '{job}')"));

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            foreach (var other in _others)
            {
                await other.DisposeAsync();
            }

            await server.DropDatabase(url);
        }
    }
}
