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
        PriorFamily loadings, VarianceStructure variance, double missing) =>
        SimulationHarness.SurvivesAllFaults(new EbmfJob(3, loadings, variance, missing), Seeds);
}
