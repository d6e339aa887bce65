using FitCluster.Engine;
using Xunit;

namespace FitCluster.Simulation.Tests;

/// <summary>A fit that a limit stopped is gone on with, under every fault, and ends with the bits of one that had no limit.</summary>
public sealed class LimitFaultTests(ITestOutputHelper output)
{
    private const int Rounds = 14;

    [Theory]
    [InlineData(6, 0)]
    [InlineData(6, 3)]
    [InlineData(1, 2)]
    [InlineData(12, 2)]
    public void Without_faults_it_ends_as_if_there_had_been_no_limit(long limit, int endingRounds)
    {
        // Some of them are tidied up after the first end, others not.
        var results = Check(limit, endingRounds, 0, 3, _ => SimulatedFaults.None);
        Assert.All(
            results, result => Assert.Contains(result.Log, line => line.EndsWith($": attempt 2 from {limit}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(6, 0)]
    [InlineData(6, 3)]
    public void With_all_faults_it_ends_as_if_there_had_been_no_limit(long limit, int endingRounds)
    {
        var first = ulong.TryParse(Environment.GetEnvironmentVariable("FITCLUSTER_SEED"), out var given) ? given : 0;
        var seeds = first > 0 ? 1UL : Environment.GetEnvironmentVariable("FITCLUSTER_LONG") == "1" ? 10_000UL : 300;
        Check(limit, endingRounds, first, seeds, SimulationHarness.AllFaults);
    }

    [Fact]
    public void A_fit_that_takes_its_early_end_for_its_end_is_noticed()
    {
        var job = new ToyJob(4, Rounds, endingRounds: 3);
        var limit = (6, new PlainRun(job, 6));
        var seeds = Enumerable.Range(0, 8)
            .Select(seed => SimulationHarness.Run(job, (ulong)seed, SimulatedFaults.None, canary: Canary.NoGoingBack, limit: limit));
        Assert.Contains(seeds, result => result.Violations.Count > 0);
    }

    private List<SimulationResult> Check(long limit, int endingRounds, ulong first, ulong seeds, Func<ulong, SimulatedFaults> faults)
    {
        var job = new ToyJob(4, Rounds, endingRounds: endingRounds);
        var (plain, stopped) = (new PlainRun(job), new PlainRun(job, limit));
        Assert.Equal(long.Min(limit + endingRounds, Rounds), stopped.Trace.Count);
        Assert.False(PlainRun.AreSame(plain.GlobalResult, stopped.GlobalResult));
        var (failed, results) = (new List<string>(), new List<SimulationResult>());
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = SimulationHarness.Run(job, seed, faults(seed), plain, limit: (limit, stopped));
            results.Add(result);
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}\n    {string.Join("\n    ", result.Log.TakeLast(first > 0 ? 300 : 12))}");
            }
        }

        output.WriteLine($"{seeds} seeds, {failed.Count} failed");
        Assert.True(failed.Count == 0,
            $"{failed.Count} of {seeds} seeds failed (FITCLUSTER_SEED runs one):\n{string.Join("\n", failed.Take(8))}");
        return results;
    }
}
