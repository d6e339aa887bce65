using System.Diagnostics;
using FitCluster.Engine;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Simulation.Tests;

public sealed class FaultTests(ITestOutputHelper output)
{
    [Fact]
    public void Without_faults_a_run_equals_the_plain_loop()
    {
        var result = SimulationHarness.Run(new ToyJob(4, 14), 1, SimulatedFaults.None);
        Assert.Empty(result.Violations);
        Assert.NotNull(result.Outcome);
        Assert.Equal(1, result.Attempts);
    }

    [Theory]
    [InlineData(14)]
    [InlineData(2)]
    public void With_all_faults_every_run_ends_with_the_bits_of_the_plain_loop(int rounds)
    {
        var seeds = Effort.Of(1_000UL, 30_000);
        var first = ulong.TryParse(Environment.GetEnvironmentVariable("FITCLUSTER_SEED"), out var given) ? given : 0;
        seeds = first > 0 ? 1 : seeds;
        var job = new ToyJob(4, rounds);
        var plain = new PlainRun(job);
        var clock = Stopwatch.StartNew();
        var failed = new List<string>();
        var (crashes, zombies, attempts, damaged, passedOver, handled, damagedResults) = (0L, 0L, 0L, 0L, 0L, 0L, 0L);
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = SimulationHarness.Run(job, seed, SimulationHarness.AllFaults(seed), plain);
            crashes += result.Counts.Crashes;
            zombies += result.Counts.Zombies;
            handled += result.Counts.Handled;
            attempts += result.Attempts;
            damaged += result.Store.Damaged;
            passedOver += result.Store.PassedOver;
            damagedResults += result.Store.DamagedResults;
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}\n    {string.Join("\n    ", result.Log.TakeLast(first > 0 ? 300 : 6))}");
            }
        }

        output.WriteLine(
            $"{seeds} seeds in {clock.Elapsed.TotalSeconds:F1} s ({seeds / clock.Elapsed.TotalSeconds:F0} a second): {handled} " +
            $"messages, {crashes} crashes, " +
            $"{zombies} zombies, {attempts} attempts, {damaged} parts damaged, " +
            $"{passedOver} checkpoints passed over, {damagedResults} results damaged");
        Assert.True(
            failed.Count == 0, $"{failed.Count} of {seeds} seeds failed (FITCLUSTER_SEED runs one):\n{string.Join("\n", failed.Take(8))}");
        if (seeds > 1)
        {
            Assert.True(
                crashes > 0 && zombies > 0 && damaged > 0 && passedOver > 0 && attempts > (long)seeds && damagedResults > 0,
                "a kind of fault never happened");
        }
    }

    [Theory]
    [InlineData((int)Canary.NoAttemptCheck)]
    [InlineData((int)Canary.NoCopyForSaving)]
    [InlineData((int)Canary.NoRoundCheck)]
    [InlineData((int)Canary.NoResultCheck)]
    public void A_guard_that_is_taken_out_is_noticed(int canary)
    {
        // What concerns the results is met more often when a fit is short, and seldom then.
        var (rounds, seeds) = canary == (int)Canary.NoResultCheck ? (2, 1000UL) : (14, 100UL);
        var job = new ToyJob(4, rounds);
        var plain = new PlainRun(job);
        for (var seed = 0UL; seed < seeds; seed++)
        {
            var result = SimulationHarness.Run(job, seed, SimulationHarness.AllFaults(seed), plain, (Canary)canary);
            if (result.Violations.Count > 0)
            {
                output.WriteLine($"{(Canary)canary} was caught by seed {seed}: {result.Violations[0]}");
                return;
            }
        }

        Assert.Fail($"{(Canary)canary} went unnoticed for {seeds} seeds");
    }
}
