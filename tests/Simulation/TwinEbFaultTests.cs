using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class TwinEbFaultTests
{
    private static readonly ulong Seeds = Effort.Of(50UL, 1_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_reference_optimizer_survives_all_faults_with_the_bits_of_the_plain_loop(int localSteps) =>
        SimulationHarness.SurvivesAllFaults(new TwinEbReferenceJob(3, localSteps), Seeds);
}
