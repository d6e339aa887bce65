using System.Globalization;
using System.Runtime.Intrinsics;
using FitCluster.Math.Models;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using FitCluster.Messages;

namespace FitCluster.Bench;

/// <summary>A pass of model nb over the cells of one shard, one thread, against the multiplications and bytes that it cannot do
/// without.</summary>
internal static class NbPassPart
{
    private const int Cells = 10_000;
    private const int Genes = 2_000;
    private const int PerCell = 100;
    private const ulong Seed = 29;
    private const double Low = -4;
    private const int Repeats = 7;

    public static Table Run()
    {
        var table = new Table(
            "nb-pass", "a pass of model nb over 10,000 cells x 2,000 genes, 5 % non-zero, one thread",
            "model", "rows/s", "us a cell", "ns a non-zero and component", "GFMA/s", "of the floor");
        var (rate, bytes) = (MultiplyAdds(), Bytes());
        var simple = new NbOptions { Genes = Genes, Cells = Cells, Capture = NbCapture.Anchored, LogCaptureTotal = double.Log(1000) };
        var byGene = new NbPriors { ProbabilityGenes = new NbHierarchy(NbFamily.Gaussian) };
        Measure(table, "NB, odds shared", simple, rate, bytes);
        Measure(table, "NB, odds by gene", simple with { Priors = byGene }, rate, bytes);
        Measure(table, "zero inflation, odds by gene", simple with { Priors = byGene, ZeroInflation = true }, rate, bytes);
        Measure(table, "BNB", simple with { Overdispersion = NbOverdispersion.Bnb }, rate, bytes);
        Measure(table, "NB, odds shared, K = 6", simple with { Components = 6 }, rate, bytes);
        Measure(table, "NB, odds by gene, K = 6", simple with { Components = 6, Priors = byGene }, rate, bytes);
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"J = {Chebyshev.CountFor(Low, 1e-13)} coefficients; CPU time, least of {Repeats} passes of one Newton step from settled " +
            $"posteriors. The floor: 2 J multiply-adds a non-zero and table (function and statistic) at the rate of registers alone, or " +
            $"the bytes of a row (12 a non-zero, read once) and of J-rows (8 J read for the function, 16 J read and written for the " +
            $"statistic) at the rate of a table of that size, whichever takes longer; measured in the same run: {rate / 1e9:F1} GFMA/s, " +
            $"{bytes / 1e9:F1} GB/s."));
        table.Note("with odds shared a non-zero has no multiply-adds of J: its floor is the reading of the row.");
        return table;
    }

    private static void Measure(Table table, string name, NbOptions options, double rate, double bytes)
    {
        var (data, layout) = Data(options);
        var shape = NbShape.Of(options);
        var shard = NbCells.InitialShard(options, data);
        var basis = new Chebyshev(Chebyshev.CountFor(Low, 1e-13), Low);
        var start = NbTables.New(shape, NbPassKind.Start, basis, layout, false);
        if (shape.Components > 1)
        {
            // All cells are the first component's: each still has a little of every other.
            start.Arrays.Set("group_rows", []).Set("group_directions", new double[shape.Components * Genes])
                .Set("group_offsets", new double[shape.Leaves]);
        }

        NbCells.Local(options, start.Arrays, data, shard);
        var hasBase = shape.Components > 1 && !shape.ByEntry;
        var tables = NbTables.New(shape, NbPassKind.Pass, basis, shape.ByEntry || hasBase ? layout : null, hasBase);
        NbPointTables.Fill(tables, Point(shape, options.ZeroInflation));
        tables[NbPassField.NewtonSteps] = 20;
        NbCells.Local(options, tables.Arrays, data, shard);
        tables[NbPassField.NewtonSteps] = 1;
        var seconds = double.PositiveInfinity;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var before = Clock.CpuSeconds;
            NbCells.Local(options, tables.Arrays, data, shard);
            seconds = double.Min(seconds, Clock.CpuSeconds - before);
        }

        double nonzeros = data.Block.StoredCount;
        var rows = (shape.ByEntry ? 1 : (shape.OddsByGene ? 1 : 0) + (shape.ZeroInflated ? 1 : 0)) * shape.Components;
        var multiplyAdds = 2.0 * basis.Count * nonzeros * rows;
        var moved = nonzeros * (12 + (24.0 * basis.Count * rows));
        var floor = double.Max(multiplyAdds / rate, moved / bytes);
        table.AddRow(name, Text(Cells / seconds, "N0"), Text(1e6 * seconds / Cells, "F2"),
            Text(1e9 * seconds / nonzeros / shape.Components, "F2"),
            Text(multiplyAdds / seconds / 1e9, "F1"), Text(floor / seconds, "P0"));
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    // Genes at random without repetition (every 20th from a random one), counts geometric: only how many there are matters.
    private static (ShardData Data, CountLayout Layout) Data(NbOptions options)
    {
        var (values, columns, starts) = (new double[Cells * PerCell], new int[Cells * PerCell], new long[Cells + 1]);
        const int Stride = Genes / PerCell;
        for (var c = 0; c < Cells; c++)
        {
            starts[c + 1] = (c + 1L) * PerCell;
            for (var n = 0; n < PerCell; n++)
            {
                var at = (c * PerCell) + n;
                columns[at] = (n * Stride) + (int)(Philox.Uniform(Seed, 1, (ulong)at) * Stride);
                values[at] = 1 + double.Floor(-2 * double.Log(Philox.Uniform(Seed, 2, (ulong)at)));
            }
        }

        var data = new ShardData(
            new ShardId(0), 0, Cells, MatrixBlock.FromCsr(Cells, Genes, values, columns, starts), null, new ArraySet());
        var shape = NbShape.Of(options);
        var basis = new Chebyshev(Chebyshev.Group, -1);
        var described = NbCells.Local(options, NbTables.New(shape, NbPassKind.Describe, basis, null, false).Arrays, data, new ArraySet());
        var full = new CountLayout([.. new NbDescription(described).MostCount.Select(CountLayout.BitsOf)]);
        var histogram = NbCells.Local(options, NbTables.New(shape, NbPassKind.Histogram, basis, full, false).Arrays, data, new ArraySet());
        return (data, full.Occurring(histogram["h"]));
    }

    private static NbPoint Point(NbShape shape, bool hasGate)
    {
        var point = new NbPoint(shape, hasGate);
        for (var i = 0; i < point.R.Length; i++)
        {
            point.R[i] = double.Exp(Philox.Normal(Seed, 3, (ulong)i) - 1);
            point.Odds[i] = shape.OddsByGene ? double.Exp(0.5 * Philox.Normal(Seed, 4, (ulong)i)) : 1;
            if (hasGate)
            {
                point.Gate[i] = 0.1;
            }

            if (shape.ByEntry)
            {
                point.Omega[i] = 0.1;
            }
        }

        return point;
    }

    // 16 sums in registers.
    private static double MultiplyAdds()
    {
        const int Rounds = 2_000_000;
        var best = double.PositiveInfinity;
        var sink = 0.0;
        for (var repeat = 0; repeat < 5; repeat++)
        {
            var (x, y) = (Vector512.Create(0.999), Vector512.Create(1e-3));
            var (a, b, c, d, e, f, g, h) = (y, y, y, y, y, y, y, y);
            var before = Clock.CpuSeconds;
            for (var i = 0; i < Rounds; i++)
            {
                a = Vector512.FusedMultiplyAdd(a, x, y);
                b = Vector512.FusedMultiplyAdd(b, x, y);
                c = Vector512.FusedMultiplyAdd(c, x, y);
                d = Vector512.FusedMultiplyAdd(d, x, y);
                e = Vector512.FusedMultiplyAdd(e, x, y);
                f = Vector512.FusedMultiplyAdd(f, x, y);
                g = Vector512.FusedMultiplyAdd(g, x, y);
                h = Vector512.FusedMultiplyAdd(h, x, y);
            }

            best = double.Min(best, Clock.CpuSeconds - before);
            sink += Vector512.Sum(a + b + c + d + e + f + g + h);
        }

        GC.KeepAlive(sink);
        return 8.0 * 8 * Rounds / best;
    }

    // Reading and writing a table of the size of one of odds by gene, 2,000 x 32 numbers.
    private static double Bytes()
    {
        var table = new double[Genes * 32];
        var best = double.PositiveInfinity;
        for (var repeat = 0; repeat < 20; repeat++)
        {
            var before = Clock.CpuSeconds;
            for (var pass = 0; pass < 50; pass++)
            {
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(table, 0.999, table, table);
            }

            best = double.Min(best, Clock.CpuSeconds - before);
        }

        // Each of the two operands and the result.
        return 50 * 3 * 8.0 * table.Length / best;
    }
}
