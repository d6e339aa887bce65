using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Coordinator.Tests;

/// <summary>A model one can follow by hand: shards count their rounds, and the global state sums what they say.</summary>
internal sealed class CountingModel(int rounds) : IFitModel, IFitJob
{
    public string Name => "counting";

    public IFitModel Model => this;

    public int Shards { get; init; } = 3;

    /// <summary>Words with which the global state says that it cannot go on, after this round.</summary>
    public (long Round, string Words)? Fails { get; init; }

    /// <summary>The rounds that are still done after it was told to end early; each counts for 1000 more.</summary>
    public int EndingRounds { get; init; }

    public StateFormat? GlobalFormat { get; init; }

    public StateFormat? ShardFormat { get; init; }

    public ShardData Load(ShardId shard) =>
        new(shard, shard.Value, Shards, MatrixBlock.FromDense(1, 1, [shard.Value]), null, new ArraySet());

    public ArraySet InitialGlobal() => new ArraySet().Set("round", 0).Set("sum", 0).Set("stop", 0);

    public ArraySet InitialShard(ShardData data) => new ArraySet().Set("count", 0);

    public ArraySet Broadcast(ArraySet global) => new ArraySet().Set("round", global.Scalar("round"));

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        shard["count"][0]++;
        return Partial(shard.Scalar("count") * (data.Shard.Value + 1));
    }

    /// <summary>What a shard would answer.</summary>
    public static ArraySet Partial(double value) => new ArraySet().Set("value", value);

    public ArraySet Update(ArraySet global, ArraySet partial) => new ArraySet()
        .Set("round", global.Scalar("round") + 1)
        .Set("sum", global.Scalar("sum") + partial.Scalar("value") + (global.Scalar("stop") > 0 ? 1000 : 0))
        .Set(global.Get("stop"));

    public RoundReport Report(ArraySet global)
    {
        var round = (long)global.Scalar("round");
        var stop = (long)global.Scalar("stop");
        var isDone = round >= rounds || (stop > 0 && round >= stop - 1);
        return new RoundReport("count", global.Scalar("sum"), isDone, round >= rounds, 0, null,
            Fails is { } fails && fails.Round == round ? fails.Words : null);
    }

    public ArraySet EndEarly(ArraySet global) => global.Clone().Set("stop", global.Scalar("round") + EndingRounds + 1);

    public ArraySet ShardResult(ShardData data, ArraySet shard) => shard.Clone();

    public ArraySet GlobalResult(ArraySet global) => global.Clone();
}
