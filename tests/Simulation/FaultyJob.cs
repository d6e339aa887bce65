using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A job whose data sometimes cannot be read and whose local step sometimes throws, after it has spoilt the state.</summary>
internal sealed class FaultyJob(IFitJob job, SplitMix random, double probability, Func<bool> isFaulty) : IFitJob
{
    public IFitModel Model { get; } = new FaultyModel(job.Model, random, probability, isFaulty);

    public int Shards => job.Shards;

    public ShardData Load(ShardId shard) =>
        isFaulty() && random.Chance(probability) ? throw new IOException("the disk is not there (simulated)") : job.Load(shard);

    private sealed class FaultyModel(IFitModel model, SplitMix random, double probability, Func<bool> isFaulty) : IFitModel
    {
        public string Name => model.Name;

        public ArraySet InitialGlobal() => model.InitialGlobal();

        public ArraySet InitialShard(ShardData data) => model.InitialShard(data);

        public ArraySet Broadcast(ArraySet global) => model.Broadcast(global);

        public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
        {
            var partial = model.Local(broadcast, data, shard);
            if (isFaulty() && random.Chance(probability))
            {
                shard[0].Values.AsSpan().Fill(1e30);
                throw new InvalidOperationException("the local step broke off (simulated)");
            }

            return partial;
        }

        public ArraySet Update(ArraySet global, ArraySet partial) => model.Update(global, partial);

        public RoundReport Report(ArraySet global) => model.Report(global);

        public ArraySet EndEarly(ArraySet global) => model.EndEarly(global);

        public ArraySet ShardResult(ShardData data, ArraySet shard) => model.ShardResult(data, shard);

        public ArraySet GlobalResult(ArraySet global) => model.GlobalResult(global);
    }
}
