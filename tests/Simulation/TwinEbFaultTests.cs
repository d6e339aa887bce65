using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class TwinEbFaultTests
{
    private static readonly ulong Seeds = Effort.Of(50UL, 1_000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_reference_optimizer_survives_all_faults_with_the_bits_of_the_plain_loop(int localSteps)
    {
        var job = new TwinEbReferenceJob(3, localSteps);
        var plain = new PlainRun(job);
        var failed = new List<string>();
        for (var seed = 0UL; seed < Seeds; seed++)
        {
            var result = SimulationHarness.Run(job, seed, SimulationHarness.AllFaults(seed), plain);
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}");
            }
        }

        Assert.True(failed.Count == 0, $"{failed.Count} of {Seeds} seeds failed:\n{string.Join("\n", failed.Take(8))}");
    }
}
