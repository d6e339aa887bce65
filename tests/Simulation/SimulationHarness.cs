using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Messages;
using FitCluster.Workers;
using Xunit;

namespace FitCluster.Simulation.Tests;

/// <summary>What a simulated run came to.</summary>
internal sealed record SimulationResult(
    ulong Seed, FitOutcome? Outcome, IReadOnlyList<string> Violations, IReadOnlyList<string> Log, TimeSpan Ended, SimulatedCounts Counts,
    int Attempts, FaultyStore Store);

/// <summary>Which guard is taken out, to prove that the simulation would notice.</summary>
internal enum Canary
{
    None,
    NoAttemptCheck,
    NoCopyForSaving,
    NoRoundCheck,
    NoResultCheck,
    NoGoingBack,
}

/// <summary>Runs a job in the simulated engine with faults, watches the invariants, and compares the end with the plain loop.</summary>
internal static class SimulationHarness
{
    /// <summary>After the faults have stopped a run must end within this virtual time.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(400);

    public static FitSettings Settings { get; } = new()
    {
        CheckpointRounds = 4, AskAgainSeconds = 1, AskAgainMaxSeconds = 4, RetrySeconds = 0.5, LingerSeconds = 5, ReplayRounds = 6,
        Keep = 2, ResultTries = 1000,
        ShardFailures = 1000, ShardLoadFailures = 1000, JobFailures = 100_000, ShardLosses = 1000, StoreTries = 1000,
    };

    /// <summary>Every kind of fault, with weights that differ from seed to seed, for the first 40 virtual seconds.</summary>
    public static SimulatedFaults AllFaults(ulong seed)
    {
        var random = new SplitMix(seed * 31);
        double Up(double most) => most * random.NextDouble() * random.NextDouble();
        return new SimulatedFaults
        {
            Until = TimeSpan.FromSeconds(40), Loss = Up(0.2), Duplicate = Up(0.3), Delay = Up(0.3), SlowActor = Up(0.1),
            CrashActor = Up(0.06),
            CrashNode = Up(0.01), Zombie = random.NextDouble(), StoreFails = Up(0.3), StoreFailsAfterwards = Up(0.2),
            StoreAnswerLost = Up(0.2),
            StoreSlow = Up(0.4), StoreTorn = Up(0.2), StoreBitFlip = Up(0.1),
        };
    }

    /// <summary>Runs a job under all faults of so many seeds: each ends with the bits of the plain loop.</summary>
    public static void SurvivesAllFaults(IFitJob job, ulong seeds)
    {
        var plain = new PlainRun(job);
        var failed = new List<string>();
        for (var seed = 0UL; seed < seeds; seed++)
        {
            var result = Run(job, seed, AllFaults(seed), plain);
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {result.Violations[0]}");
            }
        }

        Assert.True(failed.Count == 0, $"{failed.Count} of {seeds} seeds failed:\n{string.Join("\n", failed.Take(8))}");
    }

    public static SimulationResult Run(
        IFitJob job, ulong seed, SimulatedFaults faults, PlainRun? plain = null, Canary canary = Canary.None, double localFaults = 0.01,
        (long Rounds, PlainRun Plain)? limit = null)
    {
        var run = new Watch(plain ?? new PlainRun(job), limit?.Plain);
        SimulatedEngine engine = null!;
        var store = new FaultyStore(seed, faults, run.Plains, () => engine.Now, run.Violate);
        engine = new SimulatedEngine(
            store, seed, faults, nodes: 3, (address, error) => run.Violate($"{address} threw {error.GetType().Name}: {error.Message}"));
        var isFaulty = () => faults.Until < TimeSpan.MaxValue && engine.IsFaulty;
        var faulty = new FaultyJob(job, new SplitMix(seed ^ 0xF00D), localFaults, isFaulty);
        var name = new JobName("sim");
        var address = ShardAddress.OfCoordinator(name);
        var settings = Settings with { MaxRounds = limit?.Rounds ?? Settings.MaxRounds };
        var results = new SimulatedResults(engine, store, run, new SplitMix(seed ^ 0xF11E), faults);
        engine.Register(ShardAddress.CoordinatorKind, _ => new FitCoordinator(_ => faulty, _ => settings, run, results.Load)
        {
            ChecksAttempts = canary != Canary.NoAttemptCheck,
            ChecksResults = canary != Canary.NoResultCheck,
            GoesPastLimits = canary != Canary.NoGoingBack,
            Counted = run.Count,
        });
        engine.Register(ShardAddress.Kind, _ => new ShardWorker(_ => faulty)
        {
            CopiesParts = canary != Canary.NoCopyForSaving,
            ChecksRounds = canary != Canary.NoRoundCheck,
        });
        run.Now = () => engine.Now;
        run.Ended = outcome => results.WriteSoon(name, outcome);
        engine.Spectator = run.See;
        var start = new StartJob(name, "toy", "spec", "data", job.Shards);

        // The user asks again until the job has ended, and in some runs changes his mind for a while.
        void Ask()
        {
            if (run.Outcome is null)
            {
                engine.Tell(address, start);
                engine.At(engine.Now + TimeSpan.FromSeconds(7), Ask);
            }
        }

        Ask();
        var random = new SplitMix(seed ^ 0xCAFE);
        if (seed % 4 == 3)
        {
            engine.At(TimeSpan.FromSeconds(random.NextDouble() * 20), () => engine.Tell(address, new InterruptJob(name, "asked for")));
        }

        var deadline = (faults.Until < TimeSpan.MaxValue ? faults.Until : TimeSpan.Zero) + Bound;
        if (limit is not null)
        {
            // Stopped by its limit, tidied up after or not, and gone on with under a larger one.
            engine.RunUntil(() => run.Outcome is not null || run.Violations.Count > 0, deadline);
            if (run.Outcome is { } first && run.Violations.Count == 0)
            {
                if (random.Chance(0.5))
                {
                    store.Drop(name, first.Attempt, first.Resume!.Round);
                }

                engine.RunUntil(() => run.Violations.Count > 0, engine.Now + random.NextTime(TimeSpan.Zero, TimeSpan.FromSeconds(10)));
                run.GoOn(store.Newest);
                settings = Settings;
                start = start with { Spec = "toy, longer" };
                Ask();
            }
        }

        if (!engine.RunUntil(() => run.Outcome is not null || run.Violations.Count > 0, deadline))
        {
            run.Violate($"the run had not ended by {engine.Now}");
        }

        if (run.Violations.Count == 0)
        {
            // Late messages after the end must not stir it up again, and everything comes to rest.
            engine.RunUntil(() => run.Violations.Count > 0, engine.Now + TimeSpan.FromSeconds(60));
        }

        return new SimulationResult(seed, run.Outcome, run.Violations, run.Log, engine.Now, engine.Counts, run.Attempts, store);
    }
}
