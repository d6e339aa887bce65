using System.Globalization;
using System.Text.Json;
using FitCluster.Math.Models;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;

namespace FitCluster.Bench;

/// <summary>
/// A step of TwinEB's reference optimizer against the published code's recorded CPU time and against its operations, and the
/// default optimizer's way to the published score.
/// </summary>
internal static unsafe class TwinEbSpeedPart
{
    // ML-100K's shape and the published settings; docs/design/reference-figures.md, section 4, has the recorded times, on one core.
    private const int Rows = 943;
    private const int Columns = 1_682;
    private const int L = 15;
    private const int RowComponents = 70;
    private const int ColumnComponents = 100;
    private const int Batch = 128;
    private const double HeldOutShare = 0.18;

    // The published code on sim300x200 (twin, the best of three seeds by validation): its last validation score and its CPU seconds.
    private const double PublishedScore = -2.324;
    private const double PublishedSeconds = 61;

    public static Table Run()
    {
        var table = new Table("twineb-speed", "TwinEB's optimizers against the published code");
        var data = MovieLensShape();
        var flops = FlopsOfOneCore();
        Step(table, data, 1, 0.195, flops, 200);
        Step(table, data, 10, 3.670, flops, 40);
        ToThePublishedScore(table);
        table.Note("a step: broadcast, local step on one shard, update; simulated counts of ML-100K's shape with 18 % of the cells held " +
            "out, L = 15, K_r 70, K_c 100, batch 128; CPU seconds of the process, least of fifteen runs (the machine is faster and " +
            "slower by half, as others use it). Peer: recorded figures of the published code on one core of a machine like this.");
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"floor: the fused products of docs/twineb.md (3 (D K_c + B K_r) 2 W, 3 W a non-zero, 2 W a held-out cell, W = 16; an exp, " +
            $"of 20, for each density) at {flops / 1e9:F1} GFLOP/s, what one thread of OpenBLAS reaches in the same run."));
        table.Note("default: the fit of sim300x200 (reference's split, L = 8, 70 / 100, M = 500, seed 1) with the fewest sweeps of 4, " +
            $"6, 8, ... whose validation score is at least {FormattableString.Invariant($"{PublishedScore}")}, the published code's " +
            "last; CPU seconds of the whole fit, with its scores and held-out rows, the least of five runs.");
        return table;
    }

    private static void Step(Table table, ShardData data, int particles, double published, double flops, int steps)
    {
        var model = new TwinEbReferenceModel(new TwinEbOptions
        {
            Rows = Rows, Columns = Columns, Factors = L, RowComponents = RowComponents, ColumnComponents = ColumnComponents,
            BatchSize = Batch, Particles = particles, Optimizer = TwinEbOptimizer.Reference,
        });
        var (global, shard) = (model.InitialGlobal(), model.InitialShard(data));
        var seconds = new List<double>();
        for (var run = 0; run < 16; run++)
        {
            var start = Clock.CpuSeconds;
            for (var step = 0; step < steps; step++)
            {
                global = model.Update(global, model.Local(model.Broadcast(global), data, shard));
            }

            // The first run compiles.
            if (run > 0)
            {
                seconds.Add((Clock.CpuSeconds - start) / steps);
            }
        }

        var ours = Figures.Of(seconds);
        table.Add(new Line($"a step of the reference optimizer, S = {particles} (median {ours.MedianText})", ours.LeastText,
            Figures.Text(published), ours.Least / published, 0.02));
        var densities = (double)((Columns * ColumnComponents) + (Batch * RowComponents));
        var stored = (double)data.Block.StoredCount * Batch / Rows;
        var held = HeldOutShare * Batch * Columns;
        var products = (densities * ((3 * 2 * 16) + 10)) + (3 * 16 * stored) + (2 * 16 * held);
        var floor = particles * 2 * products / flops;
        table.Add(new Line($"a step of the reference optimizer, S = {particles}, against its operations", ours.LeastText,
            Figures.Text(floor), ours.Least / floor));
    }

    private static ShardData MovieLensShape()
    {
        var csr = TwinEbCounts.Make(Rows, Columns, 125);
        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (heldColumns, heldValues, heldStarts) = (new List<double>(), new List<double>(), new List<double> { 0 });
        for (var i = 0; i < Rows; i++)
        {
            var at = csr.Starts[i];
            for (var j = 0; j < Columns; j++)
            {
                var isStored = at < csr.Starts[i + 1] && csr.Columns[at] == j;
                var value = isStored ? csr.Values[at++] : 0;
                if (Philox.Uniform(3, 1, (ulong)((i * Columns) + j)) < HeldOutShare)
                {
                    heldColumns.Add(j);
                    heldValues.Add(value);
                }
                else if (isStored)
                {
                    columns.Add(j);
                    values.Add(value);
                }
            }

            starts.Add(values.Count);
            heldStarts.Add(heldColumns.Count);
        }

        var kinds = new double[heldColumns.Count];
        kinds.AsSpan().Fill((double)HeldOutKind.Validation);
        return new ShardData(
            new ShardId(0), 0, Rows, MatrixBlock.FromCsr(Rows, Columns, [.. values], [.. columns], [.. starts]), null,
            Extras(new double[Rows], heldStarts, heldColumns, heldValues, kinds));
    }

    private static ArraySet Extras(double[] roles, List<double> starts, List<double> columns, List<double> values, double[] kinds) =>
        new ArraySet()
        .Set("rowRole", roles).Set("heldOutStart", [.. starts]).Set("heldOutColumn", [.. columns]).Set("heldOutValue", [.. values])
        .Set("heldOutKind", kinds);

    private static void ToThePublishedScore(Table table)
    {
        var file = Path.Combine("..", "shared", "reference", "twineb", "sim300x200.json");
        if (!File.Exists(file))
        {
            table.Note($"{file} is not here: the default optimizer was not compared with the published score.");
            return;
        }

        var data = Simulated(file);

        // Compiles.
        Fit(data, 4);
        for (var sweeps = 4; sweeps <= 100; sweeps += 2)
        {
            var score = Fit(data, sweeps);
            if (score >= PublishedScore)
            {
                var seconds = Enumerable.Range(0, 5).Min(_ =>
                {
                    var start = Clock.CpuSeconds;
                    Fit(data, sweeps);
                    return Clock.CpuSeconds - start;
                });
                table.Add(new Line(
                    string.Create(CultureInfo.InvariantCulture,
                        $"default optimizer to the published code's last validation score: {sweeps} sweeps, {score:F3} against " +
                        $"{PublishedScore}"),
                    Figures.Text(seconds), Figures.Text(PublishedSeconds), seconds / PublishedSeconds, 0.01));
                return;
            }
        }

        throw new InvalidOperationException($"the default optimizer did not reach {PublishedScore} in 100 sweeps");
    }

    private static double Fit(ShardData data, int sweeps)
    {
        var model = new TwinEbConjugateModel(new TwinEbOptions
        {
            Rows = 300, Columns = 200, Factors = 8, RowComponents = RowComponents, ColumnComponents = ColumnComponents, Steps = sweeps,
        });
        var (global, shard) = (model.InitialGlobal(), model.InitialShard(data));
        while (!model.Report(global).IsDone)
        {
            global = model.Update(global, model.Local(model.Broadcast(global), data, shard));
        }

        return model.GlobalResult(global).Scalar("heldOutLogLik");
    }

    // The published code's simulated counts with its own split: training rows first, then held-out rows.
    private static ShardData Simulated(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        var split = document.RootElement.GetProperty("PMF");
        var y = split.GetProperty("Y_full").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(x => x.GetDouble()).ToArray()).ToArray();
        int[] Ints(JsonElement numbers) => [.. numbers.EnumerateArray().Select(x => (int)x.GetDouble())];
        var (training, heldOut) = (Ints(split.GetProperty("train_rows")), Ints(split.GetProperty("test_rows")));
        y = [.. training.Concat(heldOut).Select(i => y[i])];
        var p = y[0].Length;
        var kinds = new HeldOutKind?[y.Length, p];
        var bits = Convert.FromBase64String(split.GetProperty("val_mask_packbits_base64_rowmajor").GetString()!);
        for (var at = 0; at < training.Length * p; at++)
        {
            // Big-endian bits.
            kinds[at / p, at % p] = ((bits[at >> 3] >> (7 - (at & 7))) & 1) == 1 ? HeldOutKind.Validation : null;
        }

        foreach (var (name, kind) in new[] { ("test_eval_ij", HeldOutKind.Test), ("test_train_masked_ij", HeldOutKind.Ignored) })
        {
            var (i, j) = (Ints(split.GetProperty(name)[0]), Ints(split.GetProperty(name)[1]));
            for (var c = 0; c < i.Length; c++)
            {
                kinds[training.Length + i[c], j[c]] = kind;
            }
        }

        var (values, columns, starts) = (new List<double>(), new List<int>(), new List<long> { 0 });
        var (heldColumns, heldValues, heldKinds, heldStarts) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double> { 0 });
        for (var i = 0; i < y.Length; i++)
        {
            for (var j = 0; j < p; j++)
            {
                if (kinds[i, j] is { } kind)
                {
                    heldColumns.Add(j);
                    heldValues.Add(y[i][j]);
                    heldKinds.Add((double)kind);
                }
                else if (y[i][j] != 0)
                {
                    columns.Add(j);
                    values.Add(y[i][j]);
                }
            }

            starts.Add(values.Count);
            heldStarts.Add(heldColumns.Count);
        }

        var roles = Enumerable.Range(0, y.Length).Select(i => i < training.Length ? 0.0 : 1).ToArray();
        return new ShardData(
            new ShardId(0), 0, y.Length, MatrixBlock.FromCsr(y.Length, p, [.. values], [.. columns], [.. starts]), null,
            Extras(roles, heldStarts, heldColumns, heldValues, [.. heldKinds]));
    }

    // One thread of OpenBLAS by CPU seconds, as the steps are measured, the best of several.
    private static double FlopsOfOneCore()
    {
        const int Side = 1_000;
        OpenBlas.SetThreads(1);
        var (a, b, c) = (new double[Side * Side], new double[Side * Side], new double[Side * Side]);
        a.AsSpan().Fill(1);
        var least = double.MaxValue;
        fixed (double* pa = a, pb = b, pc = c)
        {
            for (var repeat = 0; repeat < 7; repeat++)
            {
                var start = Clock.CpuSeconds;
                OpenBlas.Product(pa, pb, pc, Side);
                least = double.Min(least, Clock.CpuSeconds - start);
            }
        }

        return 2.0 * Side * Side * Side / least;
    }
}
