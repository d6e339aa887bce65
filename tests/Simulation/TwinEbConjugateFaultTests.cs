using FitCluster.Math.Models;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class TwinEbConjugateFaultTests
{
    private static readonly ulong Seeds = Effort.Of(50UL, 1_000);

    [Theory]
    [InlineData(TwinEbLikelihood.Poisson)]
    [InlineData(TwinEbLikelihood.Gaussian)]
    public void The_default_optimizer_survives_all_faults_with_the_bits_of_the_plain_loop(TwinEbLikelihood likelihood) =>
        SimulationHarness.SurvivesAllFaults(new ConjugateJob(likelihood), Seeds);

    // The reference's small data set, with two restarts, a split into components, and held-out rows.
    private sealed class ConjugateJob(TwinEbLikelihood likelihood) : IFitJob
    {
        private readonly TwinEbReferenceJob _data = new(3, 1);

        public IFitModel Model { get; } = new TwinEbConjugateModel(new TwinEbOptions
        {
            Rows = 30,
            Columns = 8,
            Likelihood = likelihood,
            Factors = 2,
            RowComponents = 3,
            ColumnComponents = 3,
            Steps = 8,

            // The harness asks for runs that converge: so wide that the third sweep after the split does.
            Tolerance = 0.5,
            Restarts = 2,
            HeldOutSamples = 5,
        });

        public int Shards => _data.Shards;

        public ShardData Load(ShardId shard) => _data.Load(shard);
    }
}
