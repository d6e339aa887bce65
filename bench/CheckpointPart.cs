using System.Diagnostics;
using FitCluster.Coordinator;
using FitCluster.Engine;

namespace FitCluster.Bench;

/// <summary>What checkpoints cost a fit of the sparse case.</summary>
internal static class CheckpointPart
{
    private const double DefaultSeconds = 30;

    public static Table Run()
    {
        const int N = 5_000;
        const int P = 2_000;
        const int K = 10;
        var csr = SimulatedData.Sparse(N, P, K, 0.1);
        var shards = SimulatedData.SparseShards(csr, N, P, SimulatedFit.ShardCount(N, csr.Values.Length));
        var table = new Table("checkpoint", "the cost of checkpoints, sparse 5,000 x 2,000");
        Fit(new InMemoryCheckpointStore(), new FitSettings(), out _, out _);
        var usual = new Timed(new DirectoryCheckpointStore(BenchFiles.Fresh("checkpoints")));
        var wall = Fit(usual, new FitSettings(), out var count, out _);
        table.Add(new Line($"a fit at the default interval: {count} checkpoints; wall time in the store over that of the fit",
            Figures.Text(usual.Seconds), Figures.Text(wall), usual.Seconds / wall));
        var (dense, none) = (new List<double>(), new List<double>());
        var bytes = 0L;
        for (var repeat = 0; repeat < 3; repeat++)
        {
            none.Add(Fit(new InMemoryCheckpointStore(), new FitSettings(), out _, out _));
            dense.Add(Fit(new DirectoryCheckpointStore(BenchFiles.Fresh("checkpoints")), new FitSettings { CheckpointRounds = 10 },
                out count, out bytes));
        }

        var each = double.Max(0, (Figures.Of(dense).Least - Figures.Of(none).Least) / int.Max(1, count));
        table.Add(new Line(
            $"one checkpoint ({bytes / 1e6:F1} MB; from fits with {count} and with none, CPU) over the default interval",
            Figures.Text(each), Figures.Text(DefaultSeconds), each / DefaultSeconds, 0.01));
        return table;

        double Fit(ICheckpointStore store, FitSettings settings, out int checkpoints, out long size)
        {
            var (seen, largest) = (0, 0L);
            var fit = new SimulatedFit(N, P, K, shards)
            {
                AfterCheckpoint = written =>
                {
                    seen++;
                    largest = long.Max(largest, written);
                },
            };
            var (cpu, watch) = (Clock.CpuSeconds, Stopwatch.StartNew());
            fit.Run(store, settings, 2);
            (checkpoints, size) = (seen, largest);
            return store is Timed ? watch.Elapsed.TotalSeconds : Clock.CpuSeconds - cpu;
        }
    }

    /// <summary>A store, with the wall time of its requests added up, whichever overlap.</summary>
    private sealed class Timed(ICheckpointStore store) : ICheckpointStore
    {
        private long _ticks;

        public double Seconds => (double)Interlocked.Read(ref _ticks) / Stopwatch.Frequency;

        public async ValueTask<StoreReply> Handle(StoreRequest request, CancellationToken cancellation = default)
        {
            var start = Stopwatch.GetTimestamp();
            var reply = await store.Handle(request, cancellation).ConfigureAwait(false);
            Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - start);
            return reply;
        }
    }
}
