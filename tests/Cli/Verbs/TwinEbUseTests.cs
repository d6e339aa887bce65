using System.Globalization;
using FitCluster.Data;
using FitCluster.Data.Writing;
using FitCluster.Math.Numerics;
using FitCluster.Models.Results;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>What is done with a finished fit of twineb.</summary>
[Trait(Effort.Quick, "no")]
public sealed class TwinEbUseTests : IDisposable
{
    private const int Rows = 60, Columns = 14, Factors = 2;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Predictions_are_moments_of_the_posterior_in_either_form()
    {
        Fit(Csv("data.csv", Counts()), "fit");
        var cells = _scratch.File("cells.tsv", "row\tcolumn\tkind\nu3\ti5\ttest\nu0\ti13\tvalidation\n");
        var lines = FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).Expect(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal("row\tcolumn\tmean\tsd", lines[0]);
        Assert.Equal(3, lines.Length);
        Check(lines[1], "u3", "i5", 3, 5);
        Check(lines[2], "u0", "i13", 0, 13);
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells, "--format", "json", "--out", _scratch.At("out.json")).Expect(0);
        var json = Scratch.Json(_scratch.At("out.json"));
        Assert.Equal(2, json.GetArrayLength());
        Assert.Equal(lines[1],
            $"{json[0].GetProperty("row")}\t{json[0].GetProperty("column")}\t{json[0].GetProperty("mean")}\t{json[0].GetProperty("sd")}");

        void Check(string line, string row, string column, int i, int j)
        {
            var fields = line.Split('\t');
            Assert.Equal((row, column), (fields[0], fields[1]));
            var (u, v, us, vs) =
                (Array("fit", "rows_mean"), Array("fit", "columns_mean"), Array("fit", "rows_sd"), Array("fit", "columns_sd"));
            var (mean, variance) = (0.0, 0.0);
            for (var l = 0; l < Factors; l++)
            {
                var (a, b) = (u[(i * Factors) + l], v[(j * Factors) + l]);
                mean += a * b;
                variance += (((a * a) + double.Pow(us[(i * Factors) + l], 2)) * ((b * b) + double.Pow(vs[(j * Factors) + l], 2))) -
                    (a * a * b * b);
            }

            Assert.Equal(mean, Number(fields[2]), 1e-9 * mean);
            Assert.Equal(double.Sqrt(mean + variance), Number(fields[3]), 1e-9 * mean);
        }
    }

    [Fact]
    public void A_failed_fit_is_used_with_a_warning_but_for_rows_that_it_has_not()
    {
        var data = Csv("data.csv", Counts());
        Fit(data, "fit");
        var cells = _scratch.File("cells.tsv", "row\tcolumn\nu3\ti5\n");
        var whole = FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).Expect(0);
        Assert.Equal("", whole.Error);
        var projected = FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("projected")).Expect(0);

        // As a restart that diverged leaves it: a reason, and no numbers for the row that failed.
        var text = File.ReadAllText(_scratch.At("fit/fit.json"));
        var failed = System.Text.RegularExpressions.Regex.Replace(text, "\"status\": \"[a-z]+\",\\s+\"reason\": (null|\"[^\"]*\")",
            "\"status\": \"failed\", \"reason\": \"restart 1 diverged in sweep 6\"");
        Assert.Contains("restart 1 diverged in sweep 6", failed, StringComparison.Ordinal);
        File.WriteAllText(_scratch.At("fit/fit.json"), failed);
        var warned = FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).Expect(0);
        Assert.Equal(whole.Output, warned.Output);
        Assert.Equal(
            $"warning: the fit in '{_scratch.At("fit")}' failed; used is what it left as its best so far: restart 1 diverged in sweep 6\n",
            warned.Error);
        FitProgram.Run("recommend", _scratch.At("fit"), "--row", "u3").Expect(0);
        var rows = Array("fit", "rows_mean");
        rows[(4 * Factors) + 1] = double.NaN;
        NpyWriter.Write(_scratch.At("fit/rows_mean.npy"), rows, Rows, Factors);
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).ExpectBadInput(
            "row 'u4' has no parameters in", "as the fit in", "failed there: project it, or the other rows, onto its columns");
        FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("again")).Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("projected")), Scratch.Arrays(_scratch.At("again")));
        File.Delete(_scratch.At("fit/columns_mean.npy"));
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells)
            .ExpectBadInput("failed and left no results: restart 1 diverged in sweep 6");
    }

    [Fact]
    public void Gaussian_predictions_are_on_the_scale_of_the_data_and_cover_them()
    {
        // Columns of very different centres and scales, two factors, and noise of a fifth of a column's spread, which the fit is told.
        var values = Values((i, j) => (100 * j) + ((1 + j) * (
            (Philox.Normal(5, 2, (ulong)i) * double.Cos(j)) + (Philox.Normal(5, 3, (ulong)i) * double.Sin(j)) +
                (0.2 * Philox.Normal(5, 1, (ulong)((i * Columns) + j))))));
        Fit(Csv("data.csv", values), "fit", "--set", "twineb.likelihood=gaussian", "--set", "twineb.noiseSd=0.2");
        var cells = from i in Enumerable.Range(0, Rows) from j in Enumerable.Range(0, Columns) select $"u{i},i{j}";
        var output = FitProgram.Run("predict", _scratch.At("fit"),
            "--cells", _scratch.File("cells.csv", "row,column\n" + string.Join('\n', cells) + "\n")).Expect(0).Output;
        var squares = output.TrimEnd('\n').Split('\n').Skip(1).Select((line, at) =>
            double.Pow((Number(line.Split('\t')[2]) - Number(values[at / Columns][at % Columns])) / Number(line.Split('\t')[3]), 2));
        Assert.InRange(squares.Average(), 0.3, 2);
    }

    [Fact]
    public void A_fresh_fit_leaves_nothing_of_the_one_before()
    {
        var data = Csv("data.csv", Counts());
        Fit(data, "fit", "--set", "twineb.likelihood=gaussian");
        string[] ofGaussian = ["columns_second", "columns_center", "columns_scale"];
        Assert.All(ofGaussian, name => Assert.True(File.Exists(_scratch.At($"fit/{name}.npy")), name));
        Fit(data, "fit", "--fresh");
        Assert.All(ofGaussian, name => Assert.False(File.Exists(_scratch.At($"fit/{name}.npy")), name));
        Assert.True(File.Exists(_scratch.At("fit/columns_log_mean.npy")));
    }

    [Fact]
    public void Recommended_are_the_best_columns_that_a_row_has_not_seen()
    {
        var counts = Counts();
        var data = Csv("data.csv", counts);
        Fit(data, "fit", "--set", "twineb.validationShare=0.2");
        var all = FitProgram.Run("recommend", _scratch.At("fit"), "--rows", "all", "--top", "3").Expect(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal("row\trank\tcolumn\tmean", all[0]);
        var (u, v) = (Array("fit", "rows_mean"), Array("fit", "columns_mean"));
        for (var i = 0; i < Rows; i++)
        {
            var expected = Enumerable.Range(0, Columns).Where(j => counts[i][j] == "0")
                .Select(j => (Column: $"i{j}", Mean: Enumerable.Range(0, Factors).Sum(l => u[(i * Factors) + l] * v[(j * Factors) + l])))
                .OrderByDescending(c => c.Mean).Take(3).Select((c, rank) => $"u{i}\t{rank + 1}\t{c.Column}");
            Assert.Equal(expected, all.Where(l => l.StartsWith($"u{i}\t", StringComparison.Ordinal)).Select(l => l[..l.LastIndexOf('\t')]));
        }

        // Rows of a file, in its order, and data whose columns and rows are in another order.
        File.Delete(data);
        FitProgram.Run("recommend", _scratch.At("fit"), "--row", "u1").ExpectBadInput("--data");
        var turned = Csv("turned.csv", counts, [.. Enumerable.Range(0, Columns).Reverse()], Enumerable.Range(0, Rows).Reverse());
        var some = FitProgram.Run("recommend", _scratch.At("fit"), "--rows", _scratch.File("rows.tsv", "name\nu7\nu2\n"), "--top", "3",
            "--data", turned).Expect(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal([all[0], .. Of("u7"), .. Of("u2")], some);
        FitProgram.Run("recommend", _scratch.At("fit"), "--rows", "all", "--data", Csv("few.csv", counts, null, [3, 4]))
            .ExpectBadInput("has no row 'u0'");

        IEnumerable<string> Of(string row) => all.Where(l => l.StartsWith(row + "\t", StringComparison.Ordinal));
    }

    [Fact]
    public void Equal_scores_are_ranked_by_their_columns()
    {
        var top = new TopColumns(3);
        foreach (var (column, score) in new[] { (0, 1.0), (1, 2.0), (2, 1.0), (3, 2.0), (4, 1.0), (5, 3.0) })
        {
            top.Add(column, score);
        }

        Assert.Equal([(5, 3.0), (1, 2.0), (3, 2.0)], Enumerable.Range(0, top.Count).Select(r => top[r]));
        top.Clear();
        Assert.Equal(0, top.Count);
    }

    [Theory]
    [InlineData("poisson")]
    [InlineData("gaussian")]
    public void Projected_rows_are_what_the_fit_found_for_them(string likelihood)
    {
        string[] options = ["--set", $"twineb.likelihood={likelihood}", "--tolerance", "1e-9", "--set", "twineb.steps=3000"];
        var values = likelihood == "poisson" ? PoissonCounts() : Values(
            (i, j) => 5 + j + (3 * Signal(i, j)) + Philox.Normal(5, 1, (ulong)((i * Columns) + j)));
        var data = Csv("data.csv", values);

        // Training rows, of a converged fit.
        Fit(data, "fit", options);
        FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("new"), "--tables", "--threads", "1").Expect(0);
        AssertClose(Array("fit", "rows_mean"), Array("new", "rows_mean"), 1e-4);
        AssertClose(Array("fit", "rows_sd"), Array("new", "rows_sd"), 1e-4);
        Assert.Equal(Array("new", "rows_mean"), DenseArray.Read(_scratch.At("new/rows_mean.tsv")).Values);

        // Columns in another order, and two that the fit does not have.
        int[] order = [.. Enumerable.Range(0, Columns).Reverse(), Columns, Columns + 1];
        var turned = Csv("turned.csv", [.. values.Select(row => (string[])[.. row, "7", "8"])], order);
        FitProgram.Run("project", _scratch.At("fit"), "--data", turned, "--out", _scratch.At("turned"))
            .ExpectBadInput("2 columns that the fit does not have ('i14', 'i15')");
        FitProgram.Run("project", _scratch.At("fit"), "--data", turned, "--out", _scratch.At("turned"), "--ignore-unknown-columns")
            .Expect(0);
        AssertClose(Array("new", "rows_mean"), Array("turned", "rows_mean"), 1e-9);

        // The folder is one to predict from.
        var cells = _scratch.File("cells.tsv", "row\tcolumn\nu3\ti5\n");
        var (old, other) = (FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).Expect(0).Output,
            FitProgram.Run("predict", _scratch.At("new"), "--cells", cells).Expect(0).Output);
        Assert.Equal(Number(old.Split('\t', '\n')[6]), Number(other.Split('\t', '\n')[6]), 1e-2);
        FitProgram.Run("recommend", _scratch.At("new"), "--row", "u3").Expect(0);
    }

    [Theory]
    [InlineData("poisson")]
    [InlineData("gaussian")]
    public void Held_out_rows_are_projected_as_the_strong_protocol_does(string likelihood)
    {
        var values = likelihood == "poisson" ? Counts() : Values(
            (i, j) => 5 + j + (3 * Signal(i, j)) + Philox.Normal(5, 1, (ulong)((i * Columns) + j)));
        Fit(Csv("data.csv", values), "fit", "--set", $"twineb.likelihood={likelihood}", "--set", "twineb.protocol=strong");
        var rows = File.ReadLines(_scratch.At("fit/split_rows.tsv")).Skip(1)
            .Select((line, i) => (i, IsHeldOut: line.EndsWith("heldOut", StringComparison.Ordinal))).Where(r => r.IsHeldOut)
            .Select(r => r.i).ToArray();
        foreach (var line in File.ReadLines(_scratch.At("fit/split_cells.tsv")).Skip(1).Select(l => l.Split('\t')))
        {
            values[int.Parse(line[0][1..], CultureInfo.InvariantCulture)][int.Parse(line[1][1..], CultureInfo.InvariantCulture)] = "NA";
        }

        FitProgram.Run("project", _scratch.At("fit"), "--data", Csv("rest.csv", values, null, rows), "--out", _scratch.At("new")).Expect(0);
        var fitted = Array("fit", "rows_mean");
        Assert.Equal(Rows / 5, rows.Length);
        AssertClose([.. rows.SelectMany(i => fitted[(i * Factors)..((i + 1) * Factors)])], Array("new", "rows_mean"), 1e-9);
    }

    [Fact]
    public void Sparse_counts_of_several_shards_are_projected_to_the_same_bits_from_a_file_or_a_store_on_any_number_of_threads()
    {
        FitProgram.Run("simulate", "twineb", "--rows", "4000", "--columns", "100", "--factors", $"{Factors}", "--rate", "2",
            "--out", _scratch.At("sim")).Expect(0);
        FitProgram.Run("ingest", _scratch.At("sim/data.mtx"), "--out", _scratch.At("store")).Expect(0);
        Assert.True(MatrixSource.Open(_scratch.At("store")).Shards().Count > 2);
        Fit(_scratch.At("store"), "fit");
        FitProgram.Run("project", _scratch.At("fit"), "--data", _scratch.At("sim"), "--out", _scratch.At("one"), "--threads", "1")
            .Expect(0);
        var lines = FitProgram.Run("project", _scratch.At("fit"), "--data", _scratch.At("store"), "--out", _scratch.At("three"),
            "--threads", "3", "--progress", "plain").Expect(0).Error.TrimEnd('\n').Split('\n');
        Assert.Equal("4000 rows x 100 columns, 198694 entries, rows as in the file", lines[0]);
        Assert.Matches("^ *[0-9]+ %  [0-9,]+ of 4,000 rows  [0-9.]+ s  [0-9,]+ rows/s  ETA ", lines[1]);
        Assert.Matches("^100 %  4,000 of 4,000 rows  [0-9.]+ s  [0-9,]+ rows/s$", lines[^1]);
        Assert.Equal(Scratch.Arrays(_scratch.At("one")), Scratch.Arrays(_scratch.At("three")));

        // What is recommended to all of them, in blocks of rows, does not depend on threads either.
        string Recommended(string threads) =>
            FitProgram.Run("recommend", _scratch.At("fit"), "--rows", "all", "--top", "2", "--threads", threads).Expect(0).Output;
        var recommended = Recommended("1");
        Assert.Equal(recommended, Recommended("3"));

        // A row that has seen every column has none.
        var rows = recommended.TrimEnd('\n').Split('\n').Skip(1)
            .Select(l => int.Parse(l[1..l.IndexOf('\t')], CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(rows.Order(), rows);
        Assert.InRange(rows.Distinct().Count(), 3900, 4000);
        FitProgram.Run("recommend", _scratch.At("fit"), "--rows", "all", "--threads", "0").ExpectBadInput("--threads");

        // In the order of the rows: next to what the fit found, which is converged but for a little.
        var (fitted, projected) = (Array("fit", "rows_mean"), Array("three", "rows_mean"));
        Assert.InRange(fitted.Zip(projected, (a, b) => double.Abs(a - b)).Average() / fitted.Average(), 0, 0.02);
    }

    [Fact]
    public void A_row_whose_posterior_is_not_finite_is_named_and_nothing_is_left()
    {
        var counts = Counts();
        Fit(Csv("data.csv", counts), "fit");
        (counts[7][2], counts[7][3]) = ("1.7e308", "1.7e308");
        var ran = FitProgram.Run("project", _scratch.At("fit"), "--data", Csv("huge.csv", counts), "--out", _scratch.At("new")).Expect(1);
        Assert.Contains("row 'u7' cannot be projected: its posterior is not finite", ran.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch.At("new")));
    }

    [Fact]
    public void A_folder_that_is_no_finished_fit_of_twineb_is_refused_in_a_sentence()
    {
        var data = Csv("data.csv", Counts());
        var cells = _scratch.File("cells.tsv", "row\tcolumn\nu3\ti5\n");
        Predict("nowhere", "does not exist");
        Directory.CreateDirectory(_scratch.At("empty"));
        Predict("empty", "there is no fit.json");
        FitProgram.Run("fit", "ebmf", "--data", _scratch.Csv(), "--factors", "1", "--out", _scratch.At("ebmf")).Expect(0);
        Predict("ebmf", "has no row 'u3'");
        FitProgram.Run("recommend", _scratch.At("ebmf"), "--row", "r1").ExpectBadInput("of the model ebmf");
        Fit(data, "fit");
        Predict("fit", "has no row 'ux'", _scratch.File("bad.tsv", "row\tcolumn\nu3\ti5\nux\ti5\n"), "bad.tsv:3");
        Predict("fit", "has no column 'ix'", _scratch.File("bad.tsv", "row\tcolumn\nu3\tix\n"), "bad.tsv:2");
        Predict("fit", "is one field", _scratch.File("bad.tsv", "row\tcolumn\nu3\n"), "bad.tsv:2");
        Predict("fit", "must be row and column", _scratch.File("bad.tsv", "u3\ti5\n"), "bad.tsv:1");
        FitProgram.Run("recommend", _scratch.At("fit")).ExpectBadInput("give a row");
        FitProgram.Run("recommend", _scratch.At("fit"), "--row", "u1", "--rows", "all").ExpectBadInput("not both");
        FitProgram.Run("recommend", _scratch.At("fit"), "--row", "u1", "--top", "0").ExpectBadInput("--top");
        FitProgram.Run("project", _scratch.At("fit"), "--data", Csv("few.csv", Counts(), [0, 1, 2]), "--out", _scratch.At("new"))
            .ExpectBadInput("lack 11 of the fit's 14 columns");
        FitProgram.Run("project", _scratch.At("fit"), "--data", Csv("odd.csv", [.. Counts().Select(r => (string[])["1.5", .. r[1..]])]),
            "--out", _scratch.At("new")).ExpectBadInput("is no count");
        Assert.False(Directory.Exists(_scratch.At("new")));
        FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("fit")).ExpectBadInput("is not empty");
        var array = File.ReadAllBytes(_scratch.At("fit/rows_mean.npy"));
        File.WriteAllBytes(_scratch.At("fit/rows_mean.npy"), array[..^9]);
        Predict("fit", "rows_mean.npy");
        File.Copy(_scratch.At("fit/columns_mean.npy"), _scratch.At("fit/rows_mean.npy"), overwrite: true);
        Predict("fit", "14 x 2, but the fit's is 60 x 2");
        File.WriteAllText(_scratch.At("fit/run.json"), "{}");
        Predict("fit", "is not finished");
        Fit(data, "reference", "--set", "twineb.optimizer=reference", "--set", "twineb.batchSize=16");
        Predict("reference", null);
        FitProgram.Run("project", _scratch.At("reference"), "--data", data, "--out", _scratch.At("new"))
            .ExpectBadInput("optimizer: default");

        void Predict(string folder, string? words, string? file = null, string? place = null)
        {
            var ran = FitProgram.Run("predict", _scratch.At(folder), "--cells", file ?? cells);
            if (words is null)
            {
                ran.Expect(0);
                return;
            }

            ran.ExpectBadInput(words, place ?? "");
            Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
            Assert.Empty(ran.Output);
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static double Signal(int i, int j) => double.Sin(1.3 * i) * double.Cos(0.7 * j) + (i % 3 == j % 3 ? 0.5 : 0);

    private static string[][] Values(Func<int, int, double> value) =>
        [.. Enumerable.Range(0, Rows).Select(
            i => (string[])[.. Enumerable.Range(0, Columns).Select(j => value(i, j).ToString("R", CultureInfo.InvariantCulture))])];

    // Two kinds of rows and of columns, large counts where they are of the same kind.
    private static string[][] Counts() =>
        Values((i, j) => double.Floor((i % 2 == j % 2 ? 6 : 0.8) * -double.Log(Philox.Uniform(3, 1, (ulong)((i * Columns) + j)))));

    /// <summary>Counts that vary as Poisson's do, about: of others without validation cells a fit sets some aside.</summary>
    private static string[][] PoissonCounts() => Values((i, j) =>
    {
        var rate = i % 2 == j % 2 ? 6 : 0.8;
        return double.Max(0, double.Round(rate + (double.Sqrt(rate) * Philox.Normal(3, 1, (ulong)((i * Columns) + j)))));
    });

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(double.Abs);
        for (var at = 0; at < expected.Length; at++)
        {
            Assert.Equal(expected[at], actual[at], tolerance * largest);
        }
    }

    private double[] Array(string folder, string name) => DenseArray.Read(_scratch.At($"{folder}/{name}.npy")).Values;

    private string Csv(string name, string[][] values, int[]? columns = null, IEnumerable<int>? rows = null)
    {
        columns ??= [.. Enumerable.Range(0, values[0].Length)];
        var lines = (rows ?? Enumerable.Range(0, Rows)).Select(i => $"u{i}," + string.Join(',', columns.Select(j => values[i][j])));
        return _scratch.File(name, "name," + string.Join(',', columns.Select(j => $"i{j}")) + "\n" + string.Join('\n', lines) + "\n");
    }

    /// <summary>A fit whose results are written, converged (0) or not (3).</summary>
    private void Fit(string data, string output, params string[] more)
    {
        var ran = FitProgram.Run(
            [
                "fit", "twineb", "--data", data, "--out", _scratch.At(output), "--factors", $"{Factors}", "--progress", "none",
                "--set", "twineb.rowComponents=2", "--set", "twineb.columnComponents=2",
                .. more.Any(m => m.Contains("steps", StringComparison.Ordinal))
                    ? System.Array.Empty<string>()
                    : ["--set", "twineb.steps=40"],
                .. more,
            ]);
        ran.Expect(ran.ExitCode == 3 ? 3 : 0);
    }
}
