using FitCluster.Engine.Tests.Checkpoints;
using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Cluster;

/// <summary>A store of a cluster made ready for <see cref="ClusterStoreConformance"/>.</summary>
public abstract class ClusterHarness : StoreHarness
{
    /// <summary>The store under test.</summary>
    public abstract IClusterStore Cluster { get; }

    public sealed override ICheckpointStore Store => Cluster;

    /// <summary>Another one over the same data, as another process has it; the harness disposes of it.</summary>
    public abstract IClusterStore AnotherCluster();

    public sealed override ICheckpointStore Another() => AnotherCluster();

    /// <summary>Changes a byte of a result file of more than 4 MB.</summary>
    public abstract ValueTask DamageResult(JobName job, string name);

    public override async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
