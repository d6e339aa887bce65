using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Simulation.Tests;

/// <summary>
/// A whole cluster simulated: users who submit, cancel and resume, the job directory, coordinators, shards, nodes
/// that drain, and the store's table of jobs. Everything that decides is the product's; only messages, time, the
/// cluster's placement and the database are simulated.
/// </summary>
internal static class ClusterSimulation
{
    private const int Jobs = 4;
    private const int ShardsOfJob = 3;
    private const long Capacity = 7;
    private const int Limit = 3;
    private const string LimitedSpec = "toy, stopped by a limit";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(400);

    public static ToyJob Toy { get; } = new(ShardsOfJob, 8, endingRounds: 2);

    private static PlainRun Stopped { get; } = new(Toy, Limit);

    public static ClusterResult Run(ulong seed, SimulatedFaults faults, PlainRun plain, bool tellsSilent = true)
    {
        var random = new SplitMix(seed ^ 0xC1A5);
        var (watches, violations) = (new Dictionary<JobName, Watch>(), new List<string>());
        SimulatedEngine engine = null!;
        void Violate(string words) => violations.Add($"{engine.Now}: {words}");
        var made = 0UL;
        var table = new SimulatedJobs(() => engine.Now,
            job => new FaultyStore(seed + (1000 * ++made), faults, watches[job].Plains, () => engine.Now, Violate), Capacity, Violate);
        engine = new SimulatedEngine(
            table, seed, faults, nodes: 3, (address, error) => Violate($"{address} threw {error.GetType().Name}: {error.Message}"));
        var faulty = new FaultyJob(Toy, new SplitMix(seed ^ 0xF00D), 0.005, () => engine.IsFaulty);
        var handled = new HashSet<ActorAddress>();
        engine.Register(JobDirectory.Kind, _ => new JobDirectory { TellsSilent = tellsSilent });
        engine.Register(ShardAddress.Kind, _ => new ShardWorker(_ => faulty));
        engine.Register(ShardAddress.CoordinatorKind, address =>
        {
            var job = new JobName(address.Id);
            var watch = watches[job];
            var recorder = new SimulatedRecorder(job, watch, table, engine, () => engine.IsFaulty && random.Chance(0.1));
            return new FitCoordinator(_ => faulty, SettingsOf, recorder, table.LoadResult) { Counted = watch.Count };
        });
        engine.Spectator = handling => handled.Add(handling.Actor);

        // Every node wakes the directory now and then.
        Repeat(engine, TimeSpan.FromSeconds(10), () => engine.Tell(JobDirectory.Address, new WakeDirectory()));
        for (var number = 0; number < Jobs; number++)
        {
            var job = new JobName($"job{number}");
            // Every other job has a limit at first, and is submitted with none when that has stopped it.
            var isLimited = number % 2 == 1;
            var submission = new JobSubmission(job, isLimited ? LimitedSpec : "toy", "spec", "data", ShardsOfJob);
            watches.Add(job, new Watch(plain, isLimited ? Stopped : null) { Now = () => engine.Now });
            Use(engine, table, submission, random);
            if (isLimited)
            {
                GoOn(engine, table, submission with { Spec = "toy" }, watches[job]);
            }
        }

        // Nodes drain, and hand their leases over; others were only cut off.
        void Disturb()
        {
            if (engine.IsFaulty && handled.Count > 0)
            {
                var address = handled.OrderBy(a => a.ToString(), StringComparer.Ordinal).ElementAt(random.NextInt(handled.Count));
                engine.Tell(address, new Draining());
                engine.At(engine.Now + random.NextTime(TimeSpan.Zero, TimeSpan.FromSeconds(2)),
                    () => engine.Tell(address, new TimerElapsed("lease", 0)));
                engine.Tell(ShardAddress.OfCoordinator(new JobName($"job{random.NextInt(Jobs)}")),
                    new ShardCutOff(new JobName($"job{random.NextInt(Jobs)}"), new ShardId(random.NextInt(ShardsOfJob + 1))));
            }
        }

        Repeat(engine, TimeSpan.FromSeconds(1.5), Disturb);
        bool IsOver() => table.Rows.Count == Jobs && table.Rows.All(row => row.State == JobState.Converged);
        if (!engine.RunUntil(() => IsOver() || HasViolations(), faults.Until + Bound))
        {
            Violate($"not all jobs had ended: {string.Join(", ", table.Rows.Select(row => $"{row.Submission.Job} {row.State}"))}");
        }

        if (!HasViolations())
        {
            engine.RunUntil(HasViolations, engine.Now + TimeSpan.FromSeconds(60));
        }

        violations.AddRange(watches.Values.SelectMany(watch => watch.Violations));
        return new ClusterResult(violations, [.. watches.SelectMany(w => w.Value.Log.Select(line => $"{w.Key} {line}"))], engine.Now,
            engine.Counts, watches.Values.Sum(w => w.Attempts));

        bool HasViolations() => violations.Count > 0 || watches.Values.Any(watch => watch.Violations.Count > 0);
    }

    /// <summary>A user: submits, sometimes twice; sometimes cancels, and then resumes until the job is on its way again.</summary>
    private static void Use(SimulatedEngine engine, SimulatedJobs table, JobSubmission submission, SplitMix random)
    {
        var submitted = random.NextTime(TimeSpan.Zero, TimeSpan.FromSeconds(10));
        engine.At(submitted, () => table.Submit(submission));
        engine.At(submitted + TimeSpan.FromSeconds(1), () => table.Submit(submission));
        if (!random.Chance(0.4))
        {
            return;
        }

        var cancelled = submitted + random.NextTime(TimeSpan.Zero, TimeSpan.FromSeconds(20));
        engine.At(cancelled, () => table.Cancel(submission.Job));
        void Resume()
        {
            table.Resume(submission.Job);
            if (table.Find(submission.Job).State != JobState.Converged)
            {
                engine.At(engine.Now + TimeSpan.FromSeconds(9), Resume);
            }
        }

        engine.At(cancelled + random.NextTime(TimeSpan.Zero, TimeSpan.FromSeconds(30)), Resume);
    }

    private static void GoOn(SimulatedEngine engine, SimulatedJobs table, JobSubmission longer, Watch watch) =>
        engine.At(engine.Now + TimeSpan.FromSeconds(12), () =>
    {
        if (table.Submit(longer) == Submitted.GoesOn)
        {
            watch.GoOn(table.Find(longer.Job).Newest);
        }
        else
        {
            GoOn(engine, table, longer, watch);
        }
    });

    private static FitSettings SettingsOf(string spec) =>
        spec == LimitedSpec ? SimulationHarness.Settings with { MaxRounds = Limit } : SimulationHarness.Settings;

    private static void Repeat(SimulatedEngine engine, TimeSpan pause, Action action)
    {
        action();
        engine.At(engine.Now + pause, () => Repeat(engine, pause, action));
    }
}

/// <summary>What a simulated cluster came to.</summary>
internal sealed record ClusterResult(
    IReadOnlyList<string> Violations, IReadOnlyList<string> Log, TimeSpan Ended, SimulatedCounts Counts, int Attempts);
