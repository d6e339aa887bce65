using System.Diagnostics;
using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using FitCluster.Workers;

namespace FitCluster.Bench;

/// <summary>
/// How many shard answers a second a coordinator takes, by the links between two nodes, when the shards have next to nothing to compute.
/// </summary>
internal static class AnswersPart
{
    private const int Values = 128;
    private const int Shards = 64;
    private const int Rounds = 300;
    private const int Repeats = 3;
    private const double Wanted = 2_000;

    public static Table Run()
    {
        var table = new Table("answers", "shard answers of 1 kB that a coordinator takes, by the links of two nodes");
        Measure(table).GetAwaiter().GetResult();
        table.Note($"{Shards} shards on one engine, the coordinator on another, both in this process; each answer has {Values} numbers, " +
            $"and comes to a question of as much, by TCP of this machine; {Rounds} rounds.");
        table.Note($"the ratio is the {Wanted:N0} answers a second that are asked for, over ours.");
        return table;
    }

    private static async Task Measure(Table table)
    {
        var seconds = new List<double>();
        for (var repeat = 0; repeat <= Repeats; repeat++)
        {
            var took = await Once();
            if (repeat > 0)
            {
                seconds.Add(took);
            }
        }

        var rate = Shards * Rounds / Figures.Of(seconds).Median;
        table.Add(new Line($"answers a second, median of {Repeats}", FormattableString.Invariant($"{rate:N0}/s"),
            FormattableString.Invariant($"{Wanted:N0}/s"), Wanted / rate, 1));
        table.Add(new Line($"a round of {Shards} shards", Figures.Text(Figures.Of(seconds).Median / Rounds)));
    }

    private static async Task<double> Once()
    {
        var job = new Echo();
        var store = new InMemoryCheckpointStore();
        await using var meeting = ClusterStores.Open(BenchFiles.StoreFile("answers"));
        await meeting.Prepare();
        await using var workers = await Join(meeting, "workers", ShardAddress.Kind, store);
        workers.Register(ShardAddress.Kind, _ => new ShardWorker(_ => job));
        await workers.Start();
        await using var coordinators = await Join(meeting, "coordinators", ShardAddress.CoordinatorKind, store);
        var settings = new FitSettings { CheckpointSeconds = 1e6, ReplayRounds = 1 << 20, ReplayBytes = 1L << 40 };
        coordinators.Register(ShardAddress.CoordinatorKind, _ => new FitCoordinator(_ => job, settings, job, store.LoadResult));
        await coordinators.Start();
        coordinators.Tell(ShardAddress.OfCoordinator(Echo.Job), new StartJob(Echo.Job, "", "spec", "data", Shards));
        return await job.Ended.Task;
    }

    private static async Task<AkkaEngine> Join(IClusterStore meeting, string node, string kind, ICheckpointStore store)
    {
        AkkaEngine? engine = null;
        return engine = await AkkaEngine.Create(
            new ClusterEngineOptions
            {
                Node = node,
                Capacity = new Dictionary<string, int> { [kind] = 2 * Shards },
                Failed = (address, error) => Console.Error.WriteLine($"{address}: {error.Message}"),
            },
            new AkkaOptions
            {
                Version = "bench",
                Joined = () => meeting.ReportNode(new NodeEntry { Name = node, Address = engine!.Address, State = "up" }),
            },
            store,
            meeting);
    }

    /// <summary>A model whose shards send back what they get.</summary>
    private sealed class Echo : IFitModel, IFitJob, IFitObserver
    {
        private long _start;

        public static JobName Job { get; } = new("echo");

        public TaskCompletionSource<double> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "echo";

        public IFitModel Model => this;

        int IFitJob.Shards => Shards;

        public ShardData Load(ShardId shard) => new(shard, shard.Value, Shards, MatrixBlock.FromDense(1, 1, [1]), null, new ArraySet());

        public ArraySet InitialGlobal() => new ArraySet().Set("round", 0).Set("values", new double[Values]);

        public ArraySet InitialShard(ShardData data) => new ArraySet().Set("count", 0);

        public ArraySet Broadcast(ArraySet global) => new ArraySet().Set("values", global.Get("values").Values);

        public ArraySet Local(ArraySet broadcast, ShardData data, ArraySet shard)
        {
            shard["count"][0]++;
            return new ArraySet().Set("values", broadcast["values"]);
        }

        public ArraySet Update(ArraySet global, ArraySet partial) =>
            new ArraySet().Set("round", global.Scalar("round") + 1).Set("values", partial.Get("values").Values);

        public RoundReport Report(ArraySet global)
        {
            // The first round waits for the shards to be placed.
            var round = (int)global.Scalar("round");
            return new RoundReport("echo", 0, round > Rounds, round > Rounds, 0);
        }

        public ArraySet EndEarly(ArraySet global) => global;

        public ArraySet ShardResult(ShardData data, ArraySet shard) => shard;

        public ArraySet GlobalResult(ArraySet global) => global;

        public void OnStarted(JobName job, Round? resumedFrom, Attempt attempt)
        {
        }

        public void OnRound(JobName job, RoundReport report, Round round, double secondsSinceStart)
        {
            if (round.Value == 1)
            {
                _start = Stopwatch.GetTimestamp();
            }
            else if (report.IsDone)
            {
                Ended.TrySetResult(Stopwatch.GetElapsedTime(_start).TotalSeconds);
            }
        }

        public void OnEvent(JobName job, string words) => Console.Error.WriteLine(words);

        public void OnCheckpoint(JobName job, Round round, long bytes, double seconds)
        {
        }

        public void OnEnded(JobName job, FitOutcome outcome) =>
            Ended.TrySetException(new InvalidOperationException($"the fit ended as {outcome.Status}: {outcome.Reason}"));
    }
}
