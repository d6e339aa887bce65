using FitCluster.Engine.Tests.Cluster;
using FitCluster.Engine.Tests.Cluster.Sqlite;
using FitCluster.Messages;

namespace FitCluster.Engine.Tests.Clustered.Journal;

/// <summary>What every store of a cluster promises, asked of one as a node has it.</summary>
public sealed class JournaledStoreConformance : ClusterStoreConformance
{
    protected override async ValueTask<ClusterHarness> CreateClusterHarness() => new Harness(await SqliteHarness.Prepared());

    private sealed class Harness(SqliteHarness inner) : ClusterHarness
    {
        private readonly List<JournaledStore> _others = [];

        public override IClusterStore Cluster { get; } = new JournaledStore(inner.Cluster, "n0");

        public override IClusterStore AnotherCluster()
        {
            lock (_others)
            {
                _others.Add(new JournaledStore(inner.AnotherCluster(), $"n{_others.Count + 1}"));
                return _others[^1];
            }
        }

        public override ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State) =>
            inner.Damage(job, round, shard, attempt, kind);

        public override ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State) =>
            inner.Remove(job, round, shard, attempt, kind);

        public override ValueTask DamageResult(JobName job, string name) => inner.DamageResult(job, name);

        public override ValueTask<int> PartCount(JobName job) => inner.PartCount(job);

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            foreach (var other in _others)
            {
                await other.DisposeAsync();
            }

            await inner.DisposeAsync();
        }
    }
}
