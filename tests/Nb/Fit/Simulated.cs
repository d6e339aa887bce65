using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Nb.Tests.Fit;

/// <summary>Counts drawn from known parameters by inversion of their distribution; cell c is of dataset c mod D and component c mod
/// K.</summary>
internal sealed class Simulated
{
    /// <summary>Draws counts.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="cells">Cells.</param>
    /// <param name="genes">Genes.</param>
    /// <param name="datasets">D.</param>
    /// <param name="components">K.</param>
    /// <param name="density">By dataset, component and gene.</param>
    /// <param name="capture">By cell's number its mean capture; log-normal about it with a standard deviation of 0.3.</param>
    public Simulated(
        ulong seed, int cells, int genes, int datasets, int components, Func<int, int, int, NbDensity> density, Func<int,
            double>? capture = null)
    {
        (Cells, Genes) = (cells, genes);
        Datasets = [.. Enumerable.Range(0, cells).Select(c => (double)(c % datasets))];
        Components = [.. Enumerable.Range(0, cells).Select(c => c / datasets % components)];
        Counts = new double[cells * genes];
        for (var c = 0; c < cells; c++)
        {
            var nu = capture is null ? 1 : double.Min(1, capture(c) * double.Exp(0.3 * Philox.Normal(seed, 1, (ulong)c)));
            for (var g = 0; g < genes; g++)
            {
                Counts[(c * genes) + g] = Draw(
                    density((int)Datasets[c], Components[c], g), nu, Philox.Uniform(seed, 2, (ulong)((c * genes) + g)));
            }
        }
    }

    public int Cells { get; }

    public int Genes { get; }

    public double[] Counts { get; }

    public double[] Datasets { get; }

    public int[] Components { get; }

    /// <summary>The cells in so many shards.</summary>
    public ShardData[] Shards(int count, bool isOneDataset = false) => [.. Enumerable.Range(0, count).Select(s =>
    {
        var (first, last) = (Cells * s / count, Cells * (s + 1) / count);
        return new ShardData(
            new ShardId(s), first, Cells, MatrixBlock.FromDense(last - first, Genes,
                Counts.AsSpan((first * Genes)..(last * Genes)).ToArray()), null,
            new ArraySet().Set(NbCells.DatasetExtra, isOneDataset ? new double[last - first] : Datasets[first..last]));
    })];

    private static double Draw(NbDensity density, double capture, double uniform)
    {
        var u = 0;
        for (var sum = 0.0; u < 2000; u++)
        {
            sum += double.Exp(density.Log(u, capture));
            if (sum >= uniform)
            {
                break;
            }
        }

        return u;
    }
}
