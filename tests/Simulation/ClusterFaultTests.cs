using System.Diagnostics;
using FitCluster.Engine;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

/// <summary>
/// Many jobs, the job directory, users and draining nodes, under every fault: all end, none twice, with the bits of the plain loop.
/// </summary>
public sealed class ClusterFaultTests(ITestOutputHelper output)
{
    private static readonly PlainRun Plain = new(ClusterSimulation.Toy);

    [Fact]
    public void Without_faults_every_job_is_run_once()
    {
        var result = ClusterSimulation.Run(2, new SimulatedFaults { Until = TimeSpan.Zero }, Plain);
        Assert.Empty(result.Violations);
    }

    [Fact]
    public void With_all_faults_all_jobs_end_and_none_twice()
    {
        var seeds = Effort.Of(300UL, 10_000);
        var first = ulong.TryParse(Environment.GetEnvironmentVariable("FITCLUSTER_SEED"), out var given) ? given : 0;
        seeds = first > 0 ? 1 : seeds;
        var (clock, failed, attempts, crashes) = (Stopwatch.StartNew(), new List<string>(), 0L, 0L);
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = ClusterSimulation.Run(seed, SimulationHarness.AllFaults(seed), Plain);
            attempts += result.Attempts;
            crashes += result.Counts.Crashes;
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}\n    {string.Join("\n    ", result.Log.TakeLast(first > 0 ? 500 : 12))}");
            }
        }

        output.WriteLine($"{seeds} seeds in {clock.Elapsed.TotalSeconds:F1} s: {attempts} attempts, {crashes} crashes");
        Assert.True(
            failed.Count == 0, $"{failed.Count} of {seeds} seeds failed (FITCLUSTER_SEED runs one):\n{string.Join("\n", failed.Take(5))}");
        Assert.True(seeds == 1 || (attempts > (long)seeds * 4 && crashes > 0), "a kind of fault never happened");
    }

    [Fact]
    public void A_directory_that_forgets_silent_coordinators_is_noticed()
    {
        for (var seed = 0UL; seed < 100; seed++)
        {
            if (ClusterSimulation.Run(
                seed, SimulationHarness.AllFaults(seed), Plain, tellsSilent: false) is { Violations: [var violation, ..] })
            {
                output.WriteLine($"caught by seed {seed}: {violation}");
                return;
            }
        }

        Assert.Fail("it went unnoticed for 100 seeds");
    }
}
