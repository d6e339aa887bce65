using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Simulation.Tests;

/// <summary>A small factorization: the model that the actors are there for.</summary>
internal sealed class EbmfJob : IFitJob
{
    private const int Rows = 48;
    private const int Columns = 16;
    private readonly double[] _y = new double[Rows * Columns];

    public EbmfJob(int shards, PriorFamily loadings, VarianceStructure variance, double missing)
    {
        Shards = shards;
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                var at = (ulong)((i * Columns) + j);
                var signal = 2 * Philox.Normal(1, 1, (ulong)i) * Philox.Normal(1, 2, (ulong)j);
                _y[at] = Philox.Uniform(1, 4, at) < missing ? double.NaN : signal + Philox.Normal(1, 3, at);
            }
        }

        Model = new EbmfModel(new EbmfOptions
        {
            Rows = Rows, Columns = Columns, MaxFactors = 2, LoadingsPrior = [loadings], Variance = variance, Tolerance = 0.1
        });
    }

    public IFitModel Model { get; }

    public int Shards { get; }

    public ShardData Load(ShardId shard)
    {
        var (first, last) = (Rows * shard.Value / Shards, Rows * (shard.Value + 1) / Shards);
        var block = MatrixBlock.FromDense(last - first, Columns, _y.AsSpan(first * Columns, (last - first) * Columns));
        return new ShardData(shard, first, Rows, block, null, new ArraySet());
    }
}
