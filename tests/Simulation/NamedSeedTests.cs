using Xunit;

namespace FitCluster.Simulation.Tests;

/// <summary>Seeds that once failed, by what they found.</summary>
public sealed class NamedSeedTests
{
    [Theory]
    [InlineData(84, "a second activation that is still loading says that it is empty")]
    [InlineData(399, "a second activation whose part could not be read says that it is empty")]
    [InlineData(260, "a claim that is carried out late fences its own coordinator, which starts again")]
    [InlineData(394, "a commit asked for twice is carried out after a newer one")]
    [InlineData(9162, "a checkpoint that is damaged after it was found is forgotten before a start from the beginning")]
    [InlineData(24642, "a commit that was given up is carried out after a newer one")]
    public void A_seed_that_once_failed_passes(int seed, string found)
    {
        var result = SimulationHarness.Run(new ToyJob(4, 14), (ulong)seed, SimulationHarness.AllFaults((ulong)seed));
        Assert.True(result.Violations.Count == 0, $"{found}: {string.Join("; ", result.Violations)}");
    }

    [Theory]
    [InlineData(706, "a shard's results that are refused, as a claim was carried out late, are asked for forever")]
    [InlineData(866, "a coordinator that stands down while it collects tells nobody that the results are still wanted")]
    public void A_seed_that_once_failed_with_a_short_fit_passes(int seed, string found)
    {
        var result = SimulationHarness.Run(new ToyJob(4, 2), (ulong)seed, SimulationHarness.AllFaults((ulong)seed));
        Assert.True(result.Violations.Count == 0, $"{found}: {string.Join("; ", result.Violations)}");
    }

    [Fact]
    public void A_seed_is_a_run()
    {
        var first = SimulationHarness.Run(new ToyJob(4, 14), 7, SimulationHarness.AllFaults(7));
        var second = SimulationHarness.Run(new ToyJob(4, 14), 7, SimulationHarness.AllFaults(7));
        Assert.Equal(first.Log, second.Log);
        Assert.Equal(first.Counts.Steps, second.Counts.Steps);
    }
}
