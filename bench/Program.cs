using System.Diagnostics;
using FitCluster.Bench;
using FitCluster.Math.Ebmf;
using FitCluster.Math.Models;
using FitCluster.Messages;

var what = args.Length > 0 ? args[0] : "dense";
var (n, p, k) = what == "dense" ? (10_000, 1_000, 10) : (5_000, 2_000, 10);
unsafe
{
    double[] dense;
    ShardData[] shards;
    if (what == "dense")
    {
        dense = SimulatedData.Dense(n, p, k);
        shards = SimulatedData.DenseShards(dense, n, p, 16);
    }
    else
    {
        var csr = SimulatedData.Sparse(n, p, k, 0.1);
        Console.WriteLine($"non-zeros {csr.Values.Length}");
        shards = SimulatedData.SparseShards(csr, n, p, 8);
        dense = GC.AllocateUninitializedArray<double>(n * p, pinned: true);
        Array.Clear(dense);
        for (var i = 0; i < n; i++)
        {
            for (var e = csr.Starts[i]; e < csr.Starts[i + 1]; e++)
            {
                dense[(i * p) + csr.Columns[e]] = csr.Values[e];
            }
        }
    }

    // peer
    var (f, c, d) = (new double[p * k], new double[n * k], new double[p * k]);
    new Random(1).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(f.AsSpan(0, 0)));
    Array.Fill(f, 0.5);
    var blas = double.MaxValue;
    OpenBlas.SetThreads(2);
    fixed (double* px = dense, pf = f, pc = c, pd = d)
    {
        for (var rep = 0; rep < 20; rep++)
        {
            var t = Stopwatch.GetTimestamp();
            OpenBlas.TwoProducts(px, pf, pc, pd, n, p, k);
            blas = double.Min(blas, Stopwatch.GetElapsedTime(t).TotalMilliseconds);
        }
    }

    Console.WriteLine($"OpenBLAS two products, 2 threads: {blas:F2} ms");
    var cpu0 = Process.GetCurrentProcess().TotalProcessorTime;
    var total = Stopwatch.StartNew();
    var model = new EbmfModel(new EbmfOptions { Rows = n, Columns = p, MaxFactors = 10 });
    var global = model.InitialGlobal();
    var states = shards.Select(model.InitialShard).ToArray();
    var times = new Dictionary<string, List<double>>();
    var updates = 0.0;
    while (true)
    {
        var t = Stopwatch.GetTimestamp();
        var broadcast = model.Broadcast(global);
        var partials = new ArraySet[shards.Length];
        Parallel.For(0, shards.Length, new ParallelOptions { MaxDegreeOfParallelism = 2 }, s => partials[s] = model.Local(broadcast, shards[s], states[s]));
        for (var s = 1; s < shards.Length; s++)
        {
            partials[0].Combine(partials[s]);
        }

        var key = $"{model.Report(global).Phase.Split(' ')[0]} step {global["scalars"][0]}";
        var t2 = Stopwatch.GetTimestamp();
        global = model.Update(global, partials[0]);
        updates += Stopwatch.GetElapsedTime(t2).TotalMilliseconds;
        var report = model.Report(global);
        if (!times.TryGetValue(key, out var list))
        {
            times[key] = list = [];
        }

        list.Add(Stopwatch.GetElapsedTime(t).TotalMilliseconds);
        if (report.IsDone)
        {
            break;
        }
    }

    var cpu = (Process.GetCurrentProcess().TotalProcessorTime - cpu0).TotalSeconds;
    var result = model.GlobalResult(global);
    Console.WriteLine($"fit: {total.Elapsed.TotalSeconds:F2} s, {cpu:F2} CPU s, K {result["pve"].Length}, ELBO {result.Scalar("elbo"):F3}, sweeps {result.Scalar("sweeps")}, updates {updates / 1000:F2} s");
    foreach (var (key, list) in times)
    {
        list.Sort();
        Console.WriteLine($"  {key}: {list.Count} rounds, median {list[list.Count / 2]:F2} ms, min {list[0]:F2}, total {list.Sum() / 1000:F2} s");
    }
}
