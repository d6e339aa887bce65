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

    [Fact]
    public void With_all_faults_every_run_ends_with_the_bits_of_the_plain_loop()
    {
        var seeds = Effort.Of(1_000UL, 30_000);
        var first = ulong.TryParse(Environment.GetEnvironmentVariable("FITCLUSTER_SEED"), out var given) ? given : 0;
        seeds = first > 0 ? 1 : seeds;
        var job = new ToyJob(4, 14);
        var plain = new PlainRun(job);
        var clock = Stopwatch.StartNew();
        var failed = new List<string>();
        var (crashes, zombies, attempts, damaged, passedOver, handled) = (0L, 0L, 0L, 0L, 0L, 0L);
        for (var seed = first; seed < first + seeds; seed++)
        {
            var result = SimulationHarness.Run(job, seed, SimulationHarness.AllFaults(seed), plain);
            crashes += result.Counts.Crashes;
            zombies += result.Counts.Zombies;
            handled += result.Counts.Handled;
            attempts += result.Attempts;
            damaged += result.Store.Damaged;
            passedOver += result.Store.PassedOver;
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}\n    {string.Join("\n    ", result.Log.TakeLast(first > 0 ? 300 : 6))}");
            }
        }

        output.WriteLine(
            $"{seeds} seeds in {clock.Elapsed.TotalSeconds:F1} s ({seeds / clock.Elapsed.TotalSeconds:F0} a second): {handled} " +
            $"messages, {crashes} crashes, " +
            $"{zombies} zombies, {attempts} attempts, {damaged} parts damaged, {passedOver} checkpoints passed over");
        Assert.True(
            failed.Count == 0, $"{failed.Count} of {seeds} seeds failed (FITCLUSTER_SEED runs one):\n{string.Join("\n", failed.Take(8))}");
        if (seeds > 1)
        {
            Assert.True(
                crashes > 0 && zombies > 0 && damaged > 0 && passedOver > 0 && attempts > (long)seeds, "a kind of fault never happened");
        }
    }

    [Theory]
    [InlineData((int)Canary.NoAttemptCheck)]
    [InlineData((int)Canary.NoCopyForSaving)]
    [InlineData((int)Canary.NoRoundCheck)]
    public void A_guard_that_is_taken_out_is_noticed(int canary)
    {
        var job = new ToyJob(4, 14);
        var plain = new PlainRun(job);
        for (var seed = 0UL; seed < 100; seed++)
        {
            var result = SimulationHarness.Run(job, seed, SimulationHarness.AllFaults(seed), plain, (Canary)canary);
            if (result.Violations.Count > 0)
            {
                output.WriteLine($"{(Canary)canary} was caught by seed {seed}: {result.Violations[0]}");
                return;
            }
        }

        Assert.Fail($"{(Canary)canary} went unnoticed for 100 seeds");
    }
}
