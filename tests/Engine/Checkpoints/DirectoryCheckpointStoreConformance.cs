using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Checkpoints;

public sealed class DirectoryCheckpointStoreConformance : CheckpointStoreConformance
{
    protected override ValueTask<StoreHarness> CreateHarness() => ValueTask.FromResult<StoreHarness>(new DirectoryHarness());
}

/// <summary>A store over a temporary folder.</summary>
internal sealed class DirectoryHarness : StoreHarness
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fitcluster-checkpoints-");

    public DirectoryHarness() => Store = new DirectoryCheckpointStore(Root);

    public string Root => Path.Combine(_folder.FullName, "store");

    public override ICheckpointStore Store { get; }

    public string PartPath(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
    {
        var name = kind == PartKind.Result ? $"result-{shard.Value:D5}" : shard.Value == -1 ? "global" : $"part-{shard.Value:D5}";
        return Path.Combine(Root, job.Value, $"round-{round.Value:D6}", $"{name}.a{attempt}.npz");
    }

    public override ICheckpointStore Another() => new DirectoryCheckpointStore(Root);

    public override ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
    {
        var path = PartPath(job, round, shard, attempt, kind);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        return ValueTask.CompletedTask;
    }

    public override ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
    {
        File.Delete(PartPath(job, round, shard, attempt, kind));
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> PartCount(JobName job) =>
        ValueTask.FromResult(Directory.GetFiles(Path.Combine(Root, job.Value), "*.npz*", SearchOption.AllDirectories).Length);

    public override ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return base.DisposeAsync();
    }
}
