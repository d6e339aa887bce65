using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Checkpoints;

/// <summary>A store made ready for <see cref="CheckpointStoreConformance"/>, with ways to do harm behind its back.</summary>
public abstract class StoreHarness : IAsyncDisposable
{
    /// <summary>The store under test, empty at first.</summary>
    public abstract ICheckpointStore Store { get; }

    /// <summary>Another store over the same data, as another process has it (memory: the same one).</summary>
    public abstract ICheckpointStore Another();

    /// <summary>Flips a bit of a saved part.</summary>
    public abstract ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State);

    /// <summary>Makes a saved part vanish.</summary>
    public abstract ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State);

    /// <summary>How many parts of a job are kept, committed or not, those of results among them.</summary>
    public abstract ValueTask<int> PartCount(JobName job);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
