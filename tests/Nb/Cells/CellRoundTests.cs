using FitCluster.Math.NegativeBinomial;
using FitCluster.Math.Numerics;
using Xunit;

namespace FitCluster.Nb.Tests.Cells;

public sealed class CellRoundTests
{
    private static readonly NbOptions Free = new()
    {
        Genes = 7,
        Cells = 23,
        Capture = NbCapture.Free,
        Link = NbLink.Softplus,
        Datasets = ["a", "b"],
    };

    [Fact]
    public void The_description_is_that_of_the_counts()
    {
        var cells = new CellCase(Free, true, 3);
        var description = cells.Describe();
        var genes = Free.Genes;
        for (var g = 0; g < genes; g++)
        {
            var column = Enumerable.Range(0, cells.CellCount).Select(
                c => (D: (int)cells.Datasets[c], U: cells.Counts[(c * genes) + g])).ToArray();
            Assert.Equal(column.Max(x => x.U), description.MostCount[g]);
            for (var d = 0; d < 2; d++)
            {
                Assert.Equal(column.Where(x => x.D == d).Sum(x => x.U), description.GeneTotal[(d * genes) + g]);
                Assert.Equal(column.Where(x => x.D == d).Sum(x => x.U * x.U), description.GeneSquare[(d * genes) + g]);
                Assert.Equal(column.Count(x => x.D == d && x.U > 0), description.GeneCells[(d * genes) + g]);
            }
        }

        var sums = description.DatasetSums;
        Assert.Equal(12, sums[(int)NbDatasetSum.Cells]);
        Assert.True(sums[(int)NbDatasetSum.Empty] >= 1);
        Assert.Equal(0, description.Extremes[(int)NbDataExtreme.IsInvalid]);
        cells.Counts[9] = 0.5;
        var broken = cells.Data with { Block = MatrixBlock.FromDense(cells.CellCount, genes, cells.Counts) };
        var tables = NbTables.New(cells.Shape, NbPassKind.Describe, cells.Basis, null, false);
        Assert.Equal(1, new NbDescription(NbCells.Local(Free, tables.Arrays, broken, cells.Shard)).Extremes[(int)NbDataExtreme.IsInvalid]);
    }

    [Fact]
    public void Great_counts_are_interpolated_to_rounding()
    {
        var layout = new CountLayout([0, 3, 20]);
        Span<double> weights = stackalloc double[CountLayout.Nodes];
        foreach (var u in new[] { 256.0, 257, 300, 1000, 65535, 65536, 1000000, 1048575 })
        {
            Assert.Equal(CountLayout.Nodes, layout.Locate(2, u, weights, out var first));
            foreach (var r in new[] { 1e-3, 1, 70, 1e6 })
            {
                var sum = 0.0;
                for (var i = 0; i < CountLayout.Nodes; i++)
                {
                    sum += weights[i] * GammaRatio.Log(r, layout.Counts[first + i]);
                }

                var expected = GammaRatio.Log(r, u);
                Assert.Equal(expected, sum, 1e-14 * expected);
            }
        }

        Assert.Equal(1, layout.Locate(1, 7, weights, out var exact));
        Assert.Equal((6, 7.0), (exact, layout.Counts[exact]));
        Assert.Equal(0, layout.Starts[1]);
    }

    [Fact]
    public void A_reduced_layout_has_the_entries_that_occur()
    {
        var full = new CountLayout([3, 9, 0, 2]);
        var histogram = new double[full.Entries];
        foreach (var (gene, count) in new[] { (0, 2), (0, 7), (1, 1), (1, 255), (3, 3) })
        {
            histogram[full.Exact(gene, count)] = count;
        }

        var reduced = full.Occurring(histogram);
        for (var e = 0; e < reduced.Entries; e++)
        {
            Assert.Equal(full.Counts[(int)reduced.Present[e]], reduced.Counts[e]);
        }

        Assert.Equal(5, reduced.Counts.ToArray().Count(u => u <= 255 && u == double.Floor(u)));
        Assert.Equal(3, reduced.Counts[reduced.Exact(3, 3)]);
        var again = new CountLayout(reduced.Bits, reduced.Present);
        Assert.Equal(reduced.Counts, again.Counts);
        Assert.Equal(reduced.Starts, again.Starts);
    }

    [Theory]
    [InlineData(-1.0)]
    [InlineData(-4.0)]
    [InlineData(-12.0)]
    public void Chebyshev_sums_are_exact_to_rounding_with_the_count_that_is_advised(double low)
    {
        var basis = new Chebyshev(Chebyshev.CountFor(low, 1e-14), low);
        foreach (var a in new[] { 1e-3, 1, 30, 1e5 })
        {
            var coefficients = new double[basis.Count];
            basis.Transform([.. basis.Nodes.ToArray().Select(xi => VectorSoftplus.LogOnePlus(a * double.Exp(xi)))], coefficients);
            var (weights, statistics) = (new double[basis.Count], new double[basis.Count]);
            for (var i = 0; i <= 20; i++)
            {
                var xi = low * i / 20;
                var expected = VectorSoftplus.LogOnePlus(a * double.Exp(xi));
                var (value, first, second) = basis.Evaluate(coefficients, xi);
                var s = a * double.Exp(xi) / (1 + (a * double.Exp(xi)));
                var scale = VectorSoftplus.LogOnePlus(a);
                Assert.Equal(expected, value, 1e-13 * scale);
                Assert.Equal(s, first, 1e-10 * scale);
                Assert.Equal(s * (1 - s), second, 1e-7 * scale);
                basis.Polynomials(xi, statistics);
                basis.Weights(statistics, weights);
                Assert.Equal(expected, weights.Zip(basis.Nodes.ToArray(), (w, x) =>
                    w * VectorSoftplus.LogOnePlus(a * double.Exp(x))).Sum(), 1e-12 * scale);
            }
        }
    }

    [Fact]
    public void Cells_that_the_interval_holds_back_say_how_far_they_would_go()
    {
        var cells = new CellCase(Free with { Capture = NbCapture.Anchored, LogCaptureTotal = 6, Datasets = ["a"] }, true, 5) { Depth = -2 };
        var layout = cells.Histogram().Layout;
        cells.Start(layout);
        var narrow = cells.Pass(cells.Tables(layout));
        Assert.InRange(narrow[NbSum.Held], 1, cells.CellCount);
        Assert.InRange(narrow[NbExtreme.Depth], 0, 2 + 1e-12);
        cells.Depth = -narrow[NbExtreme.NeededDepth] - 1;
        var wide = cells.Pass(cells.Tables(layout));
        Assert.True(wide[NbExtreme.Depth] > 2);
        for (var i = 0; i < 5 && wide[NbSum.Held] > 0; i++)
        {
            cells.Depth = -wide[NbExtreme.NeededDepth] - 1;
            wide = cells.Pass(cells.Tables(layout));
        }

        Assert.Equal(0, wide[NbSum.Held]);
        Assert.True(wide[NbSum.CellTerm] > double.NegativeInfinity);
    }

    [Theory]
    [InlineData(NbParametrization.MeanOdds, NbLink.Softplus)]
    [InlineData(NbParametrization.MeanOdds, NbLink.Exp)]
    [InlineData(NbParametrization.Canonical, NbLink.Exp)]
    public void A_step_along_the_flat_direction_moves_xi_and_its_grid_foretells_the_prior_term(
        NbParametrization parametrization, NbLink link)
    {
        var cells = new CellCase(Free with { Parametrization = parametrization, Link = link }, true, 6);
        var layout = cells.Histogram().Layout;
        cells.Start(layout);
        var tables = cells.Tables(layout);
        tables.RidgeGrid = [-0.05, 0, 0.01];
        var before = cells.Pass(tables);
        Assert.Equal(before[NbSum.PriorTerm], before.Ridge[1], 1e-9);
        var xi = before[NbSum.Xi];
        tables[NbPassField.RidgeStep] = -0.05;
        tables[NbPassField.NewtonSteps] = 0;
        var after = cells.Pass(tables);
        Assert.Equal(before.Ridge[0], after[NbSum.PriorTerm], 1e-9);
        Assert.Equal(xi - (0.05 * cells.CellCount), after[NbSum.Xi], 0.02 * cells.CellCount);
    }

    [Theory]
    [InlineData(1, NbOverdispersion.None, false)]
    [InlineData(2, NbOverdispersion.None, true)]
    [InlineData(1, NbOverdispersion.Bnb, true)]
    public void Nothing_is_allocated_by_cell(int components, NbOverdispersion overdispersion, bool isInflated)
    {
        var options = Free with { Components = components, Overdispersion = overdispersion, ZeroInflation = isInflated };
        // The least object has 24 bytes, of 190 cells more 4,560; room for the nodes of great counts may grow once or twice.
        Assert.InRange(Allocated(200) - Allocated(10), 0, 2048);

        long Allocated(int rows)
        {
            // The same tables: of all cells; a stride takes fewer of them.
            var cells = new CellCase(options, true, 8, 400);
            var layout = cells.Histogram().Layout;
            cells.Start(layout);
            var tables = cells.Tables(layout);
            tables[NbPassField.Stride] = 400 / rows;
            cells.Pass(tables);
            var before = GC.GetAllocatedBytesForCurrentThread();
            cells.Pass(tables);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Shards_and_strides_sum_to_the_whole()
    {
        var cells = new CellCase(Free with { Components = 2 }, true, 7);
        var layout = cells.Histogram().Layout;
        var whole = cells.Start(layout);
        var pass = cells.Pass(cells.Tables(layout));
        var start = NbTables.New(cells.Shape, NbPassKind.Start, cells.Basis, layout, false);
        start[NbPassField.StartLogTotal] = double.Log(cells.Counts.Sum() / cells.CellCount) + 1;
        cells.AddGroups(start);
        FitCluster.Messages.ArraySet? sumStart = null, sumPass = null;
        foreach (var (first, count) in new[] { (0, 9), (9, 14) })
        {
            var extras = new FitCluster.Messages.ArraySet()
                .Set(NbCells.DatasetExtra, cells.Datasets[first..(first + count)])
                .Set(NbCells.LabelExtra, cells.Labels[(first * 2)..((first + count) * 2)]);
            var data = cells.Data with
            {
                FirstRow = first,
                Block = MatrixBlock.FromDense(count, 7, cells.Counts.AsSpan(first * 7, count * 7)),
                Extras = extras,
            };
            var shard = NbCells.InitialShard(cells.Options, data);
            Combine(ref sumStart, NbCells.Local(cells.Options, start.Arrays, data, shard));
            Combine(ref sumPass, NbCells.Local(cells.Options, cells.Tables(layout).Arrays, data, shard));
        }

        AssertSame(whole.Arrays, sumStart!);
        AssertSame(pass.Arrays, sumPass!);

        // Rows 0, 3, 6, ... alone.
        var tables = cells.Tables(layout);
        tables[NbPassField.Stride] = 3;
        Assert.Equal(8, cells.Pass(tables)[NbSum.Cells]);

        static void Combine(ref FitCluster.Messages.ArraySet? sum, FitCluster.Messages.ArraySet partial)
        {
            if (sum is null)
            {
                sum = partial;
            }
            else
            {
                sum.Combine(partial);
            }
        }

        static void AssertSame(FitCluster.Messages.ArraySet expected, FitCluster.Messages.ArraySet actual)
        {
            foreach (var array in expected)
            {
                foreach (var (i, value) in array.Values.Index())
                {
                    Assert.Equal(value, actual[array.Name][i], 1e-10 * double.Max(1, double.Abs(value)));
                }
            }
        }
    }
}
