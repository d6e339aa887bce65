using FitCluster.Math.Ebmf;
using FitCluster.Math.Ebnm;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class EbmfFaultTests
{
    private static readonly ulong Seeds = Effort.Of(100UL, 1_000);

    [Theory]
    [InlineData(PriorFamily.PointNormal, VarianceStructure.Constant, 0)]
    [InlineData(PriorFamily.PointExponential, VarianceStructure.Row, 0.2)]
    [InlineData(PriorFamily.UnimodalSymmetric, VarianceStructure.Kronecker, 0)]
    public void A_factorization_survives_all_faults_with_the_bits_of_the_plain_loop(
        PriorFamily loadings, VarianceStructure variance, double missing)
    {
        var job = new EbmfJob(3, loadings, variance, missing);
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
