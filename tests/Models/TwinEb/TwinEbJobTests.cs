using System.Globalization;
using FitCluster.Data;
using FitCluster.Math.Numerics;
using FitCluster.Math.TwinEb;
using FitCluster.Messages;
using FitCluster.Models.Jobs;
using Xunit;

namespace FitCluster.Models.Tests.TwinEb;

public sealed class TwinEbJobTests : IDisposable
{
    private const int Rows = 60;
    private const int Columns = 20;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("", "prior: rows")]
    [InlineData("", "prior: columns")]
    [InlineData("", "factors: 3")]
    [InlineData("", "rowComponents: 3")]
    [InlineData("", "columnComponents: 3")]
    [InlineData("", "binarize: 1")]
    [InlineData("", "validationShare: 0.2")]
    [InlineData("", "steps: 5")]
    [InlineData("", "tolerance: 0.1")]
    [InlineData("", "restarts: 2")]
    [InlineData("", "protocol: strong")]
    [InlineData("", "likelihood: gaussian")]
    [InlineData("", "likelihood: negative_binomial")]
    [InlineData("likelihood: negative_binomial", "rowComponents: 3")]
    [InlineData("likelihood: negative_binomial, protocol: strong", "projectionSteps: 1")]
    [InlineData("likelihood: gaussian", "standardize: false")]
    [InlineData("likelihood: gaussian", "noiseSd: 0.5")]
    [InlineData("likelihood: gaussian, validationShare: 0.2", "heldOutSubtractsValue: true")]
    [InlineData("likelihood: gaussian, prior: fixed", "rowPriorScale: 0.5")]
    [InlineData("likelihood: gaussian, prior: fixed", "columnPriorScale: 0.5")]
    [InlineData("prior: fixed", "rowPriorShape: 0.5")]
    [InlineData("prior: fixed", "rowPriorRate: 0.5")]
    [InlineData("prior: fixed", "columnPriorShape: 0.5")]
    [InlineData("prior: fixed", "columnPriorRate: 0.5")]
    [InlineData("prior: fixed", "prior: single")]
    [InlineData("protocol: strong", "heldOutRows: 0.4")]
    [InlineData("protocol: strong", "testShare: 0.5")]
    [InlineData("protocol: strong", "ignoredShare: 0.1")]
    [InlineData("protocol: strong", "testZeros: true")]
    [InlineData("protocol: strong, testZeros: true", "testShare: 0.5")]
    [InlineData("protocol: strong", "splitSeed: 5")]
    [InlineData("protocol: strong", "heldOutSamples: 7")]
    [InlineData("protocol: strong", "projectionSteps: 1")]
    [InlineData("validationShare: 0.3", "heldOutZeroSample: true")]
    [InlineData("", "optimizer: reference")]
    [InlineData("optimizer: reference", "particles: 2")]
    [InlineData("optimizer: reference", "batchSize: 10")]
    [InlineData("optimizer: reference", "rowLearningRate: 0.02")]
    [InlineData("optimizer: reference", "columnLearningRate: 0.02")]
    [InlineData("optimizer: reference", "mixtureLearningRate: 0.02")]
    [InlineData("optimizer: reference", "clipNorm: 1000")]
    [InlineData("optimizer: reference", "weightDecay: 0.1")]
    [InlineData("optimizer: reference, batchSize: 10", "localSteps: 3")]
    public void Every_option_changes_the_result(string others, string option)
    {
        var key = option[..option.IndexOf(':', StringComparison.Ordinal)];
        var before = others.Split(", ").Where(o => o.Length > 0 && !o.StartsWith(key + ":", StringComparison.Ordinal)).ToList();
        var (without, with) =
            (new TwinEbRun(Spec(others), _scratch), new TwinEbRun(Spec(string.Join(", ", [.. before, option])), _scratch));
        Assert.NotEqual(without.Numbers, with.Numbers);
        Assert.NotEqual(without.Job.SpecHash, with.Job.SpecHash);
    }

    [Fact]
    public void Dense_and_sparse_data_of_the_same_counts_give_the_same_result()
    {
        var counts = Counts();
        var dense = new TwinEbRun(Spec("protocol: strong", Csv("dense.csv", counts)), _scratch);
        var sparse = new TwinEbRun(Spec("protocol: strong", Mtx("sparse.mtx", counts)), _scratch);
        Assert.Equal(dense.Numbers, sparse.Numbers);
    }

    [Theory]
    [InlineData("")]
    [InlineData("likelihood: negative_binomial")]
    [InlineData("binarize: 0")]
    [InlineData("binarize: 9999")]
    public void Of_counts_that_are_all_0_there_is_nothing_to_fit(string options)
    {
        var counts = Counts();
        if (!options.EndsWith("9999", StringComparison.Ordinal))
        {
            Array.Clear(counts);
        }

        var refused = Assert.Throws<ProblemException>(() => new TwinEbRun(Spec(options, Csv("zeros.csv", counts)), _scratch));
        Assert.Equal(ExitCode.BadInput, refused.ExitCode);
        Assert.Contains("no entry above", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_entry_is_no_zero()
    {
        var counts = Counts();
        var zero = new TwinEbRun(Spec("", Csv("zero.csv", counts, (3, 4, "0"))), _scratch);
        var missing = new TwinEbRun(Spec("", Csv("missing.csv", counts, (3, 4, "NA"))), _scratch);
        Assert.NotEqual(zero.Numbers, missing.Numbers);
        Assert.Equal((1L, 0L), new HeldOutCells(missing.Job.Load(new ShardId(0))).CountOf(HeldOutKind.Ignored));
    }

    [Fact]
    public void The_strong_protocol_holds_out_what_it_says_and_each_shard_makes_its_own_part()
    {
        var path = Csv("data.csv", Counts());
        var one = Cells(TwinEbRun.Prepare(Spec("protocol: strong, heldOutRows: 0.25", path, shards: 1), _scratch));
        var four = Cells(TwinEbRun.Prepare(Spec("protocol: strong, heldOutRows: 0.25", path, shards: 4), _scratch));
        Assert.Equal(one, four);
        Assert.Equal(15, one.Count(c => c.Kind == "heldOut"));
        var data = MatrixSource.Open(path);
        var (training, heldOutNonZeros) = (45 * Columns, 0);
        foreach (var (row, _, _) in one.Where(c => c.Kind == "heldOut"))
        {
            heldOutNonZeros += data.RowBlock(row, 1).DenseRows(0, 1).ToArray().Count(v => v != 0);
        }

        // Draws with replacement: 1 - exp(-0.2) of the cells; five standard deviations of a binomial share.
        void Near(double share, int count, int of) => Assert.InRange(
            (double)count / of, share - (5 * double.Sqrt(share * (1 - share) / of)), share + (5 * double.Sqrt(share * (1 - share) / of)));
        Near(1 - double.Exp(-0.2), one.Count(c => c.Kind == "Validation"), training);
        Near(0.3, one.Count(c => c.Kind == "Test"), heldOutNonZeros);
        Near(0.42, one.Count(c => c.Kind == "Ignored"), heldOutNonZeros);
        Assert.Contains(one, c => c.Kind == "Validation" && data.RowBlock(c.Row, 1).DenseRows(0, 1)[c.Column] == 0);
    }

    [Theory]
    [InlineData("", 0.2)]
    [InlineData(", testShare: 0.5", 0.5)]
    public void With_zeros_tested_cells_are_drawn_from_all_of_a_held_out_row_and_none_is_ignored(string more, double share)
    {
        var path = Csv("data.csv", Counts());
        var cells = Cells(TwinEbRun.Prepare(Spec("protocol: strong, heldOutRows: 0.5, testZeros: true" + more, path, shards: 3), _scratch));
        var plain = Cells(TwinEbRun.Prepare(Spec("protocol: strong, heldOutRows: 0.5", path, shards: 3), _scratch));
        var (data, tested) = (MatrixSource.Open(path), cells.Where(c => c.Kind == "Test").ToList());
        Assert.Equal(plain.Where(c => c.Kind is "heldOut" or "Validation"), cells.Where(c => c.Kind != "Test"));

        // Draws with replacement: 1 - exp(-share) of the cells, zeros and others alike; five standard deviations of a binomial share.
        double[] all = [.. cells.Where(c => c.Kind == "heldOut").SelectMany(c => data.RowBlock(c.Row, 1).DenseRows(0, 1).ToArray())];
        double[] drawn = [.. tested.Select(c => data.RowBlock(c.Row, 1).DenseRows(0, 1)[c.Column])];
        foreach (var isZero in new[] { true, false })
        {
            var (count, of, expected) = (drawn.Count(v => v == 0 == isZero), all.Count(v => v == 0 == isZero), 1 - double.Exp(-share));
            Assert.True(of > 200);
            Assert.InRange((double)count / of, expected - (5 * double.Sqrt(expected * (1 - expected) / of)),
                expected + (5 * double.Sqrt(expected * (1 - expected) / of)));
        }
    }

    [Fact]
    public void No_held_out_cell_is_in_the_block_and_its_value_is_kept()
    {
        var path = Csv("data.csv", Counts());
        var job = TwinEbRun.Prepare(Spec("protocol: strong", path), _scratch);
        var data = MatrixSource.Open(path);
        for (var s = 0; s < job.Shards; s++)
        {
            var shard = job.Load(new ShardId(s));
            var cells = new HeldOutCells(shard);
            for (var i = 0; i < cells.Rows; i++)
            {
                var (held, values) = (cells.RowColumns(i).ToArray(), cells.RowValues(i).ToArray());
                var truth = data.RowBlock(shard.FirstRow + i, 1).DenseRows(0, 1).ToArray();
                for (var c = 0; c < held.Length; c++)
                {
                    Assert.Equal(truth[(int)held[c]], values[c]);
                    Assert.True(shard.Block.RowColumns(i).BinarySearch((int)held[c]) < 0);
                }

                Assert.Equal(truth.Sum(), values.Sum() + shard.Block.RowValues(i).ToArray().Sum());
            }
        }
    }

    [Theory]
    [InlineData(1e-150, 1e-6)]
    [InlineData(1e-9, 1e-6)]
    [InlineData(1e150, 1e-6)]
    [InlineData(1.221974545399842e-150, 1e-9)]
    [InlineData(8.183476519740355e+149, 1e-9)]
    public void Units_do_not_matter_to_a_gaussian_fit(double unit, double tolerance)
    {
        var (one, other) = (Counts(), Counts());
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                one[i, j] += 0.1 * i;
                other[i, j] = one[i, j] * unit;
            }
        }

        var (first, second) = (new TwinEbRun(Spec("likelihood: gaussian, validationShare: 0.2", Csv("one.csv", one)), _scratch),
            new TwinEbRun(Spec("likelihood: gaussian, validationShare: 0.2", Csv("other.csv", other)), _scratch));
        Assert.All(first.Numbers.Zip(second.Numbers),
            pair => Assert.Equal(pair.First, pair.Second, tolerance * double.Max(1, double.Abs(pair.First))));
    }

    [Fact]
    public void Gaussian_columns_have_mean_0_and_sd_1_over_their_training_entries()
    {
        var job = TwinEbRun.Prepare(Spec("likelihood: gaussian, protocol: strong", Csv("data.csv", Counts())), _scratch);
        var byColumn = Enumerable.Range(0, Columns).Select(_ => new List<double>()).ToArray();
        for (var s = 0; s < job.Shards; s++)
        {
            var shard = job.Load(new ShardId(s));
            var cells = new HeldOutCells(shard);
            for (var i = 0; i < cells.Rows; i++)
            {
                for (var t = 0; t < shard.Block.RowColumns(i).Length && !cells.IsHeldOutRow(i); t++)
                {
                    byColumn[shard.Block.RowColumns(i)[t]].Add(shard.Block.RowValues(i)[t]);
                }
            }
        }

        Assert.All(byColumn, values =>
        {
            Assert.Equal(0, values.Average(), 12);
            // A column without spread is left at its mean.
            Assert.True(values.All(v => v == 0) || double.Abs(values.Average(v => v * v) - 1) < 1e-12);
        });
        Assert.InRange(byColumn.Count(values => values.Any(v => v != 0)), 15, Columns);
    }

    [Theory]
    [InlineData("row1\theldOut", "", "all 60 rows are held out")]
    [InlineData("row99\ttraining", "", "the data have no row 'row99'")]
    [InlineData("row1\ttest", "", "'test' is none of training, heldOut")]
    [InlineData("", "", "names 59 of the 60 rows, and not 'row1'")]
    [InlineData("row1\ttraining", "row99\tc1\tvalidation", "split_cells.tsv:2: the data have no row 'row99'")]
    [InlineData("row1\ttraining", "row1\tc99\tvalidation", "the data have no column 'c99'")]
    [InlineData("row1\ttraining", "row1\tc1\ttest", "a test cell in the training row 'row1'")]
    [InlineData("row1\ttraining", "row1\tc1\tvalidation\nrow1\tc1\tvalidation", "is named twice")]
    [InlineData("row1\ttraining", "*", "all 20 entries of row 'row1' are held out")]
    [InlineData("row1\ttraining", "row1\tc1", "2 fields, but each line below the header needs 3")]
    public void A_split_that_does_not_fit_is_refused(string firstRow, string cells, string problem)
    {
        var others = firstRow.EndsWith("heldOut", StringComparison.Ordinal) ? "heldOut" : "training";
        File.WriteAllText(_scratch.At("split_rows.tsv"),
            $"row\trole\n{firstRow}\n" + string.Concat(Enumerable.Range(2, Rows - 1).Select(i => $"row{i}\t{others}\n")));
        cells = cells == "*" ? string.Join('\n', Enumerable.Range(1, Columns).Select(j => $"row1\tc{j}\tvalidation")) : cells;
        File.WriteAllText(_scratch.At("split_cells.tsv"), $"row\tcolumn\tkind\n{cells}\n");
        var error = Assert.Throws<ProblemException>(() => TwinEbRun.Prepare(Spec($"split: {_scratch.Root}"), _scratch));
        Assert.Contains(problem, Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_of_missing_cells_is_refused()
    {
        File.WriteAllText(
            _scratch.At("split_rows.tsv"), "row\trole\n" + string.Concat(Enumerable.Range(1, Rows).Select(i => $"row{i}\ttraining\n")));
        File.WriteAllText(_scratch.At("split_cells.tsv"), "row\tcolumn\tkind\nrow4\tc5\tvalidation\n");
        var path = Csv("missing.csv", Counts(), (3, 4, "NA"));
        Assert.Contains("column 'c5' is missing in the data", Assert.Throws<ProblemException>(
            () => TwinEbRun.Prepare(Spec($"split: {_scratch.Root}", path), _scratch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_components_than_rows_are_refused_and_the_default_fits_them()
    {
        Assert.Contains(
            "rowComponents is 61, but there are 60 rows", Assert.Throws<ProblemException>(
                () => TwinEbRun.Prepare(Spec("rowComponents: 61"), _scratch)).Message, StringComparison.Ordinal);
        var bare = $"model: twineb\ndata: {{path: {Csv("data.csv", Counts())}}}\n";
        Assert.Contains("60 row and 20 column components", TwinEbRun.Prepare(bare, _scratch).Own.Title, StringComparison.Ordinal);
    }

    private static List<(long Row, int Column, string Kind)> Cells(PreparedJob job)
    {
        var found = new List<(long, int, string)>();
        for (var s = 0; s < job.Shards; s++)
        {
            var shard = job.Load(new ShardId(s));
            var cells = new HeldOutCells(shard);
            for (var i = 0; i < cells.Rows; i++)
            {
                if (cells.IsHeldOutRow(i))
                {
                    found.Add((shard.FirstRow + i, -1, "heldOut"));
                }

                for (var c = 0; c < cells.RowColumns(i).Length; c++)
                {
                    found.Add((shard.FirstRow + i, (int)cells.RowColumns(i)[c], ((HeldOutKind)(int)cells.RowKinds(i)[c]).ToString()));
                }
            }
        }

        return found;
    }

    private static double[,] Counts()
    {
        var counts = new double[Rows, Columns];
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                counts[i, j] = double.Floor(4 * Philox.Uniform(1, (ulong)i, (ulong)j) * Philox.Uniform(2, (ulong)(j + (20 * (i % 3))), 0));
            }
        }

        return counts;
    }

    private string Csv(string name, double[,] counts, params (int Row, int Column, string Text)[] changed)
    {
        var lines = new List<string> { "name," + string.Join(',', Enumerable.Range(1, Columns).Select(j => $"c{j}")) };
        for (var i = 0; i < Rows; i++)
        {
            var fields = Enumerable.Range(0, Columns).Select(j => counts[i, j].ToString(CultureInfo.InvariantCulture)).ToArray();
            foreach (var (_, column, text) in changed.Where(c => c.Row == i))
            {
                fields[column] = text;
            }

            lines.Add($"row{i + 1}," + string.Join(',', fields));
        }

        return _scratch.File(name, string.Join('\n', lines) + "\n");
    }

    private string Mtx(string name, double[,] counts)
    {
        var lines = new List<string>();
        for (var i = 0; i < Rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                if (counts[i, j] != 0)
                {
                    lines.Add($"{i + 1} {j + 1} {counts[i, j]}");
                }
            }
        }

        return _scratch.File(
            name, $"%%MatrixMarket matrix coordinate real general\n{Rows} {Columns} {lines.Count}\n{string.Join('\n', lines)}\n");
    }

    // Few factors, components and steps unless the options say otherwise.
    private string Spec(string options, string? path = null, int shards = 2)
    {
        var given = options.Split(", ").Where(o => o.Length > 0).ToList();
        void Default(string key, string value)
        {
            if (!given.Any(o => o.StartsWith(key + ":", StringComparison.Ordinal)))
            {
                given.Add($"{key}: {value}");
            }
        }

        bool Has(string option) => given.Contains(option);
        Default("factors", "2");
        Default("steps", "30");
        if (!Has("prior: fixed") && !Has("prior: single") && !Has("prior: columns"))
        {
            Default("rowComponents", "2");
        }

        if (!Has("prior: fixed") && !Has("prior: single") && !Has("prior: rows"))
        {
            Default("columnComponents", "2");
        }

        return $"model: twineb\ndata: {{path: {path ?? Csv("data.csv", Counts())}}}\nshards: {shards}\ntwineb: " +
            $"{{{string.Join(", ", given)}}}\n";
    }
}
