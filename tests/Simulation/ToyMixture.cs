using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>
/// A small Gaussian mixture fitted by EM with damped responsibilities: each row's state depends on all rounds before, so a round that is
/// done twice, skipped or done from the wrong state shows in the bits. Told to end early it does some more rounds, which are damped less.
/// Every partial also counts its shard and its rounds, and the update checks both.
/// </summary>
internal sealed class ToyMixture(int shards, int rounds, int endingRounds) : IFitModel
{
    private const int Components = 3;
    private const int Columns = 2;

    public string Name => "toy-mixture";

    public ArraySet InitialGlobal() => new ArraySet()
        .Set("means", [.. Enumerable.Range(0, Components * Columns).Select(i => double.Sin(1 + i) * 2)], [Components, Columns])
        .Set("weights", [.. Enumerable.Repeat(1.0 / Components, Components)])
        .Set("round", 0).Set("objective", 0).Set("stop", 0);

    public ArraySet InitialShard(ShardData data) => new ArraySet()
        .Set("responsibilities", [.. Enumerable.Repeat(1.0 / Components, data.Block.Rows * Components)], [data.Block.Rows, Components])
        .Set("rounds", 0);

    public ArraySet Broadcast(ArraySet global) =>
        new ArraySet().Set(global.Get("means")).Set(global.Get("weights")).Set(global.Get("round")).Set(global.Get("stop"));

    public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
    {
        var (means, weights) = (broadcast["means"], broadcast["weights"]);
        var r = shard["responsibilities"];
        var damping = broadcast.Scalar("stop") > 0 ? 0.3 : 0.4;
        var (sums, counts, objective) = (new double[Components * Columns], new double[Components], 0.0);
        shard["rounds"][0]++;
        var likelihood = new double[Components];
        for (var i = 0; i < data.Block.Rows; i++)
        {
            var x = data.Block.DenseRows(i, 1);
            var total = 0.0;
            for (var k = 0; k < Components; k++)
            {
                var distance = 0.0;
                for (var j = 0; j < Columns; j++)
                {
                    distance += (x[j] - means[(k * Columns) + j]) * (x[j] - means[(k * Columns) + j]);
                }

                total += likelihood[k] = weights[k] * double.Exp(-distance / 2);
            }

            objective += double.Log(total);
            for (var k = 0; k < Components; k++)
            {
                ref var rik = ref r[(i * Components) + k];
                rik = (damping * rik) + ((1 - damping) * likelihood[k] / total);
                counts[k] += rik;
                for (var j = 0; j < Columns; j++)
                {
                    sums[(k * Columns) + j] += rik * x[j];
                }
            }
        }

        var who = new double[shards];
        who[data.Shard.Value] = 1;
        return new ArraySet()
            .Set("sums", sums, [Components, Columns]).Set("counts", counts).Set("objective", objective).Set("who", who)
            .Set("rounds", shard.Scalar("rounds")).Set("latest", shard.Scalar("rounds"), Reduction.Max);
    }

    public ArraySet Update(ArraySet global, ArraySet partial)
    {
        var round = global.Scalar("round") + 1;
        if (partial["who"].Any(count => count != 1) || partial.Scalar("rounds") != round * shards || partial.Scalar("latest") != round)
        {
            throw new InvalidOperationException(
                $"round {round} counted shards [{string.Join(", ", partial["who"])}] and {partial.Scalar("rounds")} of " +
                $"{round * shards} rounds");
        }

        var (sums, counts) = (partial["sums"], partial["counts"]);
        var total = counts.Sum();
        return new ArraySet()
            .Set("means", [.. sums.Select((sum, i) => sum / (counts[i / Columns] + 1e-3))], [Components, Columns])
            .Set("weights", [.. counts.Select(count => count / total)])
            .Set("round", round).Set("objective", partial.Scalar("objective")).Set(global.Get("stop"));
    }

    public RoundReport Report(ArraySet global)
    {
        var round = global.Scalar("round");
        var stop = global.Scalar("stop");
        var isDone = round >= rounds || (stop > 0 && round >= stop - 1);
        return new RoundReport(
            round < 5 ? "warm-up" : "sweep", round == 0 ? double.NaN : global.Scalar("objective"), isDone, round >= rounds, round / rounds);
    }

    public ArraySet EndEarly(ArraySet global) => global.Clone().Set("stop", global.Scalar("round") + endingRounds + 1);

    public ArraySet ShardResult(ShardData data, ArraySet shard) => new ArraySet().Set(shard.Get("responsibilities"));

    public ArraySet GlobalResult(ArraySet global) => new ArraySet().Set(global.Get("means")).Set(global.Get("weights"));
}

/// <summary>The toy's data: made up, the same for the same numbers.</summary>
internal sealed class ToyJob(int shards, int rounds, int rowsPerShard = 5, int endingRounds = 0) : IFitJob
{
    public IFitModel Model { get; } = new ToyMixture(shards, rounds, endingRounds);

    public int Shards => shards;

    public ShardData Load(ShardId shard)
    {
        var random = new Engine.SplitMix((ulong)shard.Value + 77);
        var values = Enumerable.Range(0, rowsPerShard * 2).Select(_ => (random.NextDouble() * 6) - 3).ToArray();
        return new ShardData(
            shard, shard.Value * rowsPerShard, shards * rowsPerShard, MatrixBlock.FromDense(rowsPerShard, 2, values), null, new ArraySet());
    }
}
