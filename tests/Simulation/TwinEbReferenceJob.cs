using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A small TwinEB fit by the reference optimizer: two restarts, validation cells, held-out rows.</summary>
internal sealed class TwinEbReferenceJob(int shards, int localSteps) : IFitJob
{
    private const int Rows = 30;
    private const int Columns = 8;

    public IFitModel Model { get; } = new TwinEbReferenceModel(new TwinEbOptions
    {
        Rows = Rows,
        Columns = Columns,
        Optimizer = TwinEbOptimizer.Reference,
        Factors = 2,
        RowComponents = 3,
        ColumnComponents = 3,
        BatchSize = 8,
        Steps = 9,
        Restarts = 2,
        HeldOutSamples = 5,
        LocalSteps = localSteps,
    });

    public int Shards => shards;

    public ShardData Load(ShardId shard)
    {
        var (first, last) = (Rows * shard.Value / shards, Rows * (shard.Value + 1) / shards);
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (heldColumns, heldValues, heldKinds, heldStarts, roles) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double> { 0 }, new List<double>());
        for (var i = first; i < last; i++)
        {
            var isHeldOut = i % 5 == 4;
            roles.Add(isHeldOut ? 1 : 0);
            for (var j = 0; j < Columns; j++)
            {
                var cell = (ulong)((i * Columns) + j);
                var count = double.Floor(4 * Philox.Uniform(1, 1, cell) * Philox.Uniform(1, 2, (ulong)j));
                if (Philox.Uniform(1, 3, cell) < 0.2)
                {
                    heldColumns.Add(j);
                    heldValues.Add(count);
                    heldKinds.Add(isHeldOut ? 2 : 1);
                }
                else if (count > 0)
                {
                    values.Add(count);
                    columns.Add(j);
                }
            }

            starts.Add(values.Count);
            heldStarts.Add(heldColumns.Count);
        }

        var extras = new ArraySet().Set("rowRole", [.. roles]).Set("heldOutStart", [.. heldStarts])
            .Set("heldOutColumn", [.. heldColumns]).Set("heldOutValue", [.. heldValues]).Set("heldOutKind", [.. heldKinds]);
        var block = MatrixBlock.FromCsr(last - first, Columns, values.ToArray(), columns.ToArray(), starts.ToArray());
        return new ShardData(shard, first, Rows, block, null, extras);
    }
}
