using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class NbFaultTests
{
    private static readonly ulong Seeds = Effort.Of(25UL, 500);

    [Theory]
    [InlineData(NbOptimizer.Default)]
    [InlineData(NbOptimizer.Reference)]
    public void A_mixture_over_datasets_survives_all_faults_with_the_bits_of_the_plain_loop(NbOptimizer optimizer) =>
        SimulationHarness.SurvivesAllFaults(new NbJob(optimizer), Seeds);

    // Two types of cells in two datasets, with capture: groups, two starts, tries without a component.
    private sealed class NbJob : IFitJob
    {
        private const int Cells = 24;
        private const int Genes = 5;

        public NbJob(NbOptimizer optimizer)
        {
            var options = new NbOptions
            {
                Genes = Genes, Cells = Cells, Components = 2, Datasets = ["a", "b"], Capture = NbCapture.Anchored,
                LogCaptureTotal = double.Log(200), Starts = 2, Tolerance = 0.5, Optimizer = optimizer, Steps = 12, BatchSize = 10,
                Priors = new NbPriors { MeanDatasets = new NbHierarchy(NbFamily.Gaussian) },
            };
            Model = optimizer == NbOptimizer.Default ? new NbModel(options) : new NbReferenceModel(options);
        }

        public IFitModel Model { get; }

        public int Shards => 3;

        public ShardData Load(ShardId shard)
        {
            var (first, last) = (Cells * shard.Value / Shards, Cells * (shard.Value + 1) / Shards);
            var counts = new double[(last - first) * Genes];
            for (var i = 0; i < counts.Length; i++)
            {
                var (c, g) = (first + (i / Genes), i % Genes);
                counts[i] = double.Floor(Philox.Uniform(1, 1, (ulong)((first * Genes) + i)) * (c % 2 == g % 2 ? 12 : 3));
            }

            double[] datasets = [.. Enumerable.Range(first, last - first).Select(c => (double)(c / 2 % 2))];
            return new ShardData(
                shard, first, Cells, MatrixBlock.FromDense(last - first, Genes, counts), null,
                new ArraySet().Set(NbCells.DatasetExtra, datasets));
        }
    }
}
