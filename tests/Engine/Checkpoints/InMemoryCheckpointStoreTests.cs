using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Checkpoints;

public sealed class InMemoryCheckpointStoreTests : CheckpointStoreConformance
{
    protected override ValueTask<StoreHarness> CreateHarness() => ValueTask.FromResult<StoreHarness>(new Harness());

    [Fact]
    public void Every_request_is_done_before_Handle_returns()
    {
        var claim = new InMemoryCheckpointStore().Do(new ClaimAttempt(new JobName("job"))).AsTask();
        Assert.True(claim.IsCompletedSuccessfully);
    }

    private sealed class Harness : StoreHarness
    {
        private readonly InMemoryCheckpointStore _store = new();

        public override ICheckpointStore Store => _store;

        public override ICheckpointStore Another() => _store;

        public override ValueTask Damage(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
        {
            Assert.True(_store.Damage(job, round, shard, kind));
            return ValueTask.CompletedTask;
        }

        public override ValueTask Remove(JobName job, Round round, ShardId shard, Attempt attempt, PartKind kind = PartKind.State)
        {
            Assert.True(_store.Remove(job, round, shard, kind));
            return ValueTask.CompletedTask;
        }

        public override ValueTask<int> PartCount(JobName job) => ValueTask.FromResult(_store.PartCount(job));
    }
}
