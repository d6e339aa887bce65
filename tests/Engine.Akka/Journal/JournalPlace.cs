using FitCluster.Engine.Tests.Cluster.Sqlite;
using FitCluster.Messages;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered.Journal;

/// <summary>A database of a test's own, and stores over it, as several nodes have them.</summary>
public abstract class JournalPlace : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _stores = [];

    /// <summary>A database in a file.</summary>
    public static async Task<JournalPlace> Sqlite() => new InFile(await SqliteHarness.Prepared());

    /// <summary>A database of PostgreSQL.</summary>
    public static async Task<JournalPlace> Postgres()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var server = await PostgresServer.Shared();
        var url = await server.NewDatabase();
        await using var store = new PostgresStore(url);
        await store.Prepare();
        return new InPostgres(server, url);
    }

    /// <summary>Runs SQL; the first column of each row.</summary>
    public abstract Task<IReadOnlyList<string>> Sql(string sql);

    /// <summary>The forms of a job's entries, in order.</summary>
    public async Task<IReadOnlyList<string>> Forms(JobName job) =>
        [.. (await Sql($"SELECT manifest FROM {Table("journal")} WHERE persistence_id = 'job-{job}' ORDER BY sequence_number"))
            .Select(form => form.Split('.')[0])];

    /// <summary>The name of a table.</summary>
    public abstract string Table(string name);

    /// <summary>A store without a journal, as clients have it.</summary>
    public IClusterStore Plain()
    {
        var store = Open();
        _stores.Add(store);
        return store;
    }

    /// <summary>The store of a node.</summary>
    public JournaledStore Node(string name, TimeSpan? limit = null) => Node(name, out _, limit);

    /// <summary>The store of a node, whose tables can be made to fail.</summary>
    internal JournaledStore Node(string name, out FaultyTables tables, TimeSpan? limit = null)
    {
        var inner = Open();
        tables = new FaultyTables((IJobProjection)inner);
        var store = new JournaledStore(inner, tables, name, TimeProvider.System, limit ?? TimeSpan.FromSeconds(30));
        _stores.Add(store);
        return store;
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected abstract IClusterStore Open();

    private sealed class InFile(SqliteHarness harness) : JournalPlace
    {
        public override Task<IReadOnlyList<string>> Sql(string sql)
        {
            using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={harness.Path};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(reader.GetString(0));
            }

            return Task.FromResult<IReadOnlyList<string>>(rows);
        }

        public override string Table(string name) => name;

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await harness.DisposeAsync();
        }

        protected override IClusterStore Open() => new SqliteStore(harness.Path);
    }

    private sealed class InPostgres(PostgresServer server, string url) : JournalPlace
    {
        public override async Task<IReadOnlyList<string>> Sql(string sql) =>
            (await server.Sql(url, sql)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        public override string Table(string name) => $"fitcluster.{name}";

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await server.DropDatabase(url);
        }

        protected override IClusterStore Open() => new PostgresStore(url);
    }
}

/// <summary>Tables into which nothing can be carried out while they fail: as if the node died between the journal and them.</summary>
internal sealed class FaultyTables(IJobProjection inner) : IJobProjection
{
    public bool Fails { get; set; }

    public JournalDatabase Journals => inner.Journals;

    public Task<JobStanding> Standing(JobName job, CancellationToken cancellation = default) => inner.Standing(job, cancellation);

    public Task<StoreReply?> Refusal(CommitCheckpoint commit, CancellationToken cancellation = default) =>
        inner.Refusal(commit, cancellation);

    public Task<StoreReply> Project(JobName job, long number, JobChange change, CancellationToken cancellation = default) =>
        Fails ? throw new ClusterStoreException("the tables are away", true) : inner.Project(job, number, change, cancellation);
}
