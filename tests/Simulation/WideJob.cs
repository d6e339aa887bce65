using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A job whose results are much larger than anything else of it: each row has a column, and 50 columns of results.</summary>
internal sealed class WideJob(int shards, int rowsPerShard) : IFitJob, IFitModel
{
    private const int Columns = 50;

    public IFitModel Model => this;

    public int Shards => shards;

    public string Name => "wide";

    public ShardData Load(ShardId shard) => new(
        shard, shard.Value * rowsPerShard, shards * rowsPerShard,
        MatrixBlock.FromDense(rowsPerShard, 1, new double[rowsPerShard]), null, new ArraySet());

    public ArraySet InitialGlobal() => new ArraySet().Set("round", 0);

    public ArraySet InitialShard(ShardData data) => new ArraySet().Set("rounds", 0);

    public ArraySet Broadcast(ArraySet global) => global;

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        shard["rounds"][0]++;
        return new ArraySet().Set("count", 1);
    }

    public ArraySet Update(ArraySet global, ArraySet partial) => new ArraySet().Set("round", global.Scalar("round") + 1);

    public RoundReport Report(ArraySet global) => new("wide", double.NaN, global.Scalar("round") >= 2, true, 0);

    public ArraySet EndEarly(ArraySet global) => global;

    public ArraySet ShardResult(ShardData data, ArraySet shard)
    {
        var rows = new double[rowsPerShard * Columns];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = (data.FirstRow * Columns) + i;
        }

        return new ArraySet().Set("rows", rows, [rowsPerShard, Columns]);
    }

    public ArraySet GlobalResult(ArraySet global) => global;
}
