using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A small TwinEB fit by the default optimizer: the data of <see cref="TwinEbReferenceJob"/>, with a split into components, two restarts, validation cells and held-out rows.</summary>
internal sealed class TwinEbDefaultJob(int shards) : IFitJob
{
    private readonly TwinEbReferenceJob _data = new(shards, 1);

    public IFitModel Model { get; } = new TwinEbConjugateModel(new TwinEbOptions
    {
        Rows = 30,
        Columns = 8,
        Factors = 2,
        RowComponents = 3,
        ColumnComponents = 2,
        Tolerance = 1e-3,
        Restarts = 2,
        HeldOutSamples = 5,
    });

    public int Shards => shards;

    public ShardData Load(ShardId shard) => _data.Load(shard);
}
