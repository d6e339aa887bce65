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

    public string PartPath(JobName job, Round round, ShardId shard, Attempt attempt) => Path.Combine(
        Root, job.Value, $"round-{round.Value:D6}", shard.Value == -1 ? $"global.a{attempt}.npz" : $"part-{shard.Value:D5}.a{attempt}.npz");

    public override ICheckpointStore Another() => new DirectoryCheckpointStore(Root);

    public override ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt)
    {
        var path = PartPath(job, round, shard, attempt);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        return ValueTask.CompletedTask;
    }

    public override ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt)
    {
        File.Delete(PartPath(job, round, shard, attempt));
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
