using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using FitCluster.Coordinator;
using FitCluster.Engine;
using FitCluster.Math.Models;

namespace FitCluster.Bench;

/// <summary>
/// A backfit sweep, the whole round through the actors (broadcast, local on all shards, reduce, update), against the two matrix products of
/// a sweep by OpenBLAS at float64 with as many threads, in turns: a product follows each round while no shard is at work.
/// </summary>
internal static unsafe class SweepPart
{
    private const int Threads = 2;
    private const int K = 10;

    public static Table Run()
    {
        var table = new Table("sweep", "a backfit sweep against the two matrix products of a sweep by OpenBLAS");
        OpenBlas.SetThreads(Threads);
        var (flops, bytes) = Limits();
        Dense(table, flops, bytes);
        Sparse(table, flops, bytes);
        table.Note($"point_normal on both sides, K = {K}, constant variance, {Threads} threads for both; products are n x p by p x K " +
            "and the transpose, float64; rounds and products take turns in one run; `met` is judged by the medians.");
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"limits of the machine in the same run: {flops / 1e9:F1} GFLOP/s (OpenBLAS, 1,500 x 1,500 by 1,500 x 1,500), " +
            $"{bytes / 1e9:F1} GB/s (reading 80 MB), {Threads} threads, best of several. The floor of a sweep is the larger of 4 K " +
            $"flops for each stored entry and reading the stored data once."));
        return table;
    }

    private static void Dense(Table table, double flops, double bytes)
    {
        const int N = 10_000;
        const int P = 1_000;
        var y = SimulatedData.Dense(N, P, K);
        var shards = SimulatedData.DenseShards(y, N, P, SimulatedFit.ShardCount(N, (long)N * P));
        Compare(table, "dense 10,000 x 1,000", y, shards, N, P, 4.0 * K * N * P / flops, 8.0 * N * P / bytes, null);
    }

    private static void Sparse(Table table, double flops, double bytes)
    {
        const int N = 5_000;
        const int P = 2_000;
        var csr = SimulatedData.Sparse(N, P, K, 0.1);
        var stored = csr.Values.Length;
        var shards = SimulatedData.SparseShards(csr, N, P, SimulatedFit.ShardCount(N, stored));
        var dense = SimulatedData.ToDense(csr, N, P);
        var name = FormattableString.Invariant($"sparse 5,000 x 2,000 ({100.0 * stored / N / P:F1} % stored)");
        Compare(table, name, dense, shards, N, P, 4.0 * K * stored / flops, 12.0 * stored / bytes, csr);
    }

    private static void Compare(
        Table table, string name, double[] y, ShardData[] shards, int n, int p, double flopSeconds, double byteSeconds,
        (double[] Values, int[] Columns, long[] Starts)? csr)
    {
        var (f, c, d) = (new double[p * K], new double[n * K], new double[p * K]);
        Array.Fill(f, 0.5);
        var (rounds, products, plain) = (new List<double>(), new List<double>(), new List<double>());
        var last = 0L;
        fixed (double* px = y, pf = f, pc = c, pd = d)
        {
            var (x, left, to, back) = ((nint)px, (nint)pf, (nint)pc, (nint)pd);
            var fit = new SimulatedFit(n, p, K, shards)
            {
                AfterRound = report =>
                {
                    if (report.Phase == "backfit" && last != 0)
                    {
                        rounds.Add(Stopwatch.GetElapsedTime(last).TotalSeconds);
                    }

                    if (report.Phase == "backfit")
                    {
                        var start = Stopwatch.GetTimestamp();
                        OpenBlas.TwoProducts((double*)x, (double*)left, (double*)to, (double*)back, n, p, K);
                        products.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                        if (csr is { } sparse && plain.Count < 20)
                        {
                            start = Stopwatch.GetTimestamp();
                            PlainProducts(sparse, f, c, d, n);
                            plain.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                        }

                        last = Stopwatch.GetTimestamp();
                    }
                },
            };
            fit.Run(new InMemoryCheckpointStore(), new FitSettings(), Threads);
        }

        var (ours, peer) = (Figures.Of(rounds), Figures.Of(products));
        table.Add(new Line($"{name}: sweep, median of {rounds.Count}", ours.MedianText, peer.MedianText, ours.Median / peer.Median, 3));
        table.Add(new Line($"{name}: sweep, least", ours.LeastText, peer.LeastText, ours.Least / peer.Least, 3));
        var floor = double.Max(flopSeconds, byteSeconds);
        table.Add(new Line($"{name}: share of the floor", ours.LeastText,
            FormattableString.Invariant($"{1000 * floor:F2} ms ({(flopSeconds > byteSeconds ? "flops" : "bytes")})"), ours.Least / floor));
        if (csr is not null)
        {
            var scalar = Figures.Of(plain);
            table.Add(new Line($"{name}: sweep against a plain CSR product in C#, one thread, least", ours.LeastText, scalar.LeastText,
                ours.Least / scalar.Least));
        }
    }

    // The textbook loops: for each stored entry, K multiply-adds each way.
    private static void PlainProducts((double[] Values, int[] Columns, long[] Starts) csr, double[] f, double[] c, double[] d, int n)
    {
        Array.Clear(c);
        Array.Clear(d);
        for (var i = 0; i < n; i++)
        {
            for (var e = csr.Starts[i]; e < csr.Starts[i + 1]; e++)
            {
                for (var t = 0; t < K; t++)
                {
                    c[(i * K) + t] += csr.Values[e] * f[(csr.Columns[e] * K) + t];
                }
            }

            for (var e = csr.Starts[i]; e < csr.Starts[i + 1]; e++)
            {
                for (var t = 0; t < K; t++)
                {
                    d[(csr.Columns[e] * K) + t] += csr.Values[e] * c[(i * K) + t];
                }
            }
        }
    }

    private static (double Flops, double Bytes) Limits()
    {
        const int Side = 1_500;
        const int Length = 10_000_000;
        var (a, b, c) = (new double[Side * Side], new double[Side * Side], new double[Side * Side]);
        a.AsSpan().Fill(1);
        var data = new double[Length];
        data.AsSpan().Fill(1);
        var (product, reading) = (double.MaxValue, double.MaxValue);
        fixed (double* pa = a, pb = b, pc = c)
        {
            for (var repeat = 0; repeat < 5; repeat++)
            {
                var start = Stopwatch.GetTimestamp();
                OpenBlas.Product(pa, pb, pc, Side);
                product = double.Min(product, Stopwatch.GetElapsedTime(start).TotalSeconds);
                start = Stopwatch.GetTimestamp();
                Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, t =>
                    c[t] = TensorPrimitives.Sum<double>(data.AsSpan(t * (Length / Threads), Length / Threads)));
                reading = double.Min(reading, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        return (2.0 * Side * Side * Side / product, 8.0 * Length / reading);
    }
}
