using FitCluster.Messages;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FitCluster.Engine.Tests.Cluster.Sqlite;

/// <summary>A store in a file of a temporary folder.</summary>
internal sealed class SqliteHarness : ClusterHarness
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fitcluster-sqlite-");
    private readonly List<SqliteStore> _others = [];

    public SqliteHarness(SqliteSurroundings? surroundings = null) =>
        Cluster = new SqliteStore(Path, surroundings ?? SqliteSurroundings.Here);

    public string Folder => _folder.FullName;

    public string Path => System.IO.Path.Combine(Folder, "job.db");

    public override IClusterStore Cluster { get; }

    public static async Task<SqliteHarness> Prepared(SqliteSurroundings? surroundings = null)
    {
        var harness = new SqliteHarness(surroundings);
        await harness.Cluster.Prepare(TestContext.Current.CancellationToken);
        return harness;
    }

    public override IClusterStore AnotherCluster() => Another(SqliteSurroundings.Here);

    public SqliteStore Another(SqliteSurroundings surroundings)
    {
        _others.Add(new SqliteStore(Path, surroundings));
        return _others[^1];
    }

    public override ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
    {
        Damage(PartPath(job, round, shard, attempt, kind));
        return ValueTask.CompletedTask;
    }

    public override ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
    {
        File.Delete(PartPath(job, round, shard, attempt, kind));
        return ValueTask.CompletedTask;
    }

    public override ValueTask DamageResult(JobName job, string name)
    {
        Damage(InFolder(job, Assert.IsType<string>(Scalar($"SELECT file FROM results WHERE job = '{job}' AND name = '{name}'"))));
        return ValueTask.CompletedTask;
    }

    /// <summary>As many files as rows: nothing is left behind.</summary>
    public override ValueTask<int> PartCount(JobName job)
    {
        var rows = (int)(long)Scalar($"SELECT count(*) FROM parts WHERE job = '{job}'")!;
        Assert.Equal(rows, Directory.GetFiles(InFolder(job, ""), "*.npz*").Length);
        return ValueTask.FromResult(rows);
    }

    /// <summary>Runs SQL behind the store's back.</summary>
    public object? Scalar(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public string InFolder(JobName job, string name) => System.IO.Path.Combine(Path + ".parts", job.Value, name);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var other in _others)
        {
            await other.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private string PartPath(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind) => InFolder(job, Assert.IsType<string>(
        Scalar($"SELECT file FROM parts WHERE job = '{job}' AND kind = {(int)kind} AND round = {round} AND shard = {shard} " +
            $"AND attempt = {attempt}")));

    private static void Damage(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
