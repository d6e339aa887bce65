using FitCluster.Data;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>TwinEB from the command line.</summary>
[Trait(Effort.Quick, "no")]
public sealed class TwinEbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_fit_writes_what_the_contract_says_and_its_split_can_be_read_again()
    {
        var data = Triplets("counts.tsv", 40, 12);
        Fit(data, "out", "--tables", "--set", "twineb.protocol=strong", "--set", "twineb.restarts=2").ExpectFitted();
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        Assert.Equal("twineb", fit.GetProperty("model").GetString());
        Assert.True(double.IsFinite(fit.GetProperty("heldOutLogLik").GetDouble()));
        Assert.True(double.IsFinite(fit.GetProperty("testLogLik").GetDouble()));
        Assert.True(fit.GetProperty("rmse").GetDouble() > 0);
        Assert.Equal(2, fit.GetProperty("twineb").GetProperty("restarts").GetArrayLength());
        foreach (var (name, rows) in new[] { ("rows_mean", 40), ("rows_sd", 40), ("columns_mean", 12), ("columns_sd", 12) })
        {
            var array = DenseArray.Read(_scratch.At($"out/{name}.npy"));
            Assert.Equal((rows, 3), (array.Rows, array.Columns));
            Assert.All(array.Values, v => Assert.True(v > 0 && double.IsFinite(v)));
            Assert.Equal(array.Values, DenseArray.Read(_scratch.At($"out/{name}.tsv")).Values);
        }

        foreach (var side in new[] { "row", "column" })
        {
            var prior = Scratch.Json(_scratch.At($"out/{side}_prior.json"));
            Assert.Equal("gamma_mixture", prior.GetProperty("family").GetString());
            Assert.Equal(1, prior.GetProperty("components").EnumerateArray().Sum(c => c.GetProperty("weight").GetDouble()), 9);
            Assert.All(prior.GetProperty("components").EnumerateArray(), c => Assert.Equal(3, c.GetProperty("shape").GetArrayLength()));
        }

        Assert.StartsWith("round,phase,seconds,elbo\n", File.ReadAllText(_scratch.At("out/trace.csv")), StringComparison.Ordinal);
        Fit(data, "again", "--set", $"twineb.split={_scratch.At("out")}", "--set", "twineb.restarts=2").ExpectFitted();
        Assert.Equal(Scratch.Arrays(_scratch.At("out")), Scratch.Arrays(_scratch.At("again")));
        Assert.Equal(File.ReadAllText(_scratch.At("out/split_cells.tsv")), File.ReadAllText(_scratch.At("again/split_cells.tsv")));
        Fit(data, "none", "--set", "twineb.protocol=strong", "--set", "twineb.writeSplit=false").ExpectFitted();
        Assert.False(File.Exists(_scratch.At("none/split_rows.tsv")));
    }

    [Fact]
    public void A_fit_that_diverges_fails_with_its_best_so_far_and_says_so_again_when_it_is_gone_on_with()
    {
        // An epoch's loss that is a thousandth above the one before is divergence, and there is no retry.
        var data = Triplets("counts.tsv", 40, 12);
        string[] options =
        [
            "--set", "twineb.optimizer=reference", "--set", "twineb.divergenceFactor=1.001", "--set", "twineb.retries=0",
            "--set", "twineb.batchSize=10", "--set", "twineb.steps=4000"
        ];
        var first = Fit(data, "out", options).Fitted.Expect(1);
        Assert.Contains("the fit diverged 1 times (retries 0)", first.Error, StringComparison.Ordinal);
        Assert.Contains($"the best so far is written to '{_scratch.At("out")}'", first.Error, StringComparison.Ordinal);
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        Assert.Equal("failed", fit.GetProperty("status").GetString());
        Assert.Equal(1, fit.GetProperty("twineb").GetProperty("bestRestart").GetInt32());
        Assert.All(DenseArray.Read(_scratch.At("out/rows_mean.npy")).Values, v => Assert.True(v > 0 && double.IsFinite(v)));
        Assert.True(File.Exists(_scratch.At("out/row_prior.json")));
        var arrays = Scratch.Arrays(_scratch.At("out"));
        Fit(data, "out", options).Fitted.Expect(1);
        Assert.Equal(arrays, Scratch.Arrays(_scratch.At("out")));
        var predicted =
            FitProgram.Run("predict", _scratch.At("out"), "--cells", _scratch.File("cells.tsv", "row\tcolumn\nu1\ti1\n")).Expect(0);
        Assert.StartsWith(
            $"warning: the fit in '{_scratch.At("out")}' failed; used is what it left as its best so far: job out cannot go on after round",
            predicted.Error, StringComparison.Ordinal);
        Assert.Single(predicted.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("row\tcolumn\tmean\tsd\nu1\ti1\t", predicted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fit_that_diverges_before_there_is_a_best_one_names_what_did()
    {
        var data = Triplets("counts.tsv", 40, 12);
        var ran = FitProgram.Run(
            "fit", "twineb", "--data", data, "--out", _scratch.At("out"), "--factors", "3", "--set", "twineb.prior=fixed",
            "--set", "twineb.rowPriorShape=1e308", "--set", "twineb.rowPriorRate=1e308").Expect(1);
        Assert.Contains(
            "restart 1 could not start: 'rowPrior.shapes' of component 1 is not finite, or beyond 1e300; no restart came so far", ran.Error,
            StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch.At("out/rows_mean.npy")));
        FitProgram.Run("predict", _scratch.At("out"), "--cells", _scratch.File("cells.tsv", "row\tcolumn\nu1\ti1\n"))
            .ExpectBadInput("failed and left no results: job out cannot go on");
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        var data = Triplets("counts.tsv", 40, 12);
        Fit(data, "one", "--threads", "1", "--set", "twineb.protocol=strong", "--shards", "4").ExpectFitted();
        Fit(data, "four", "--threads", "4", "--set", "twineb.protocol=strong", "--shards", "4").ExpectFitted();
        Assert.Equal(Scratch.Arrays(_scratch.At("one")), Scratch.Arrays(_scratch.At("four")));
    }

    [Theory]
    [InlineData("u2\ti1\t-2\n", "line 6: -2 in row 'u2', column 'i1'")]
    [InlineData("u2\ti1\t3.5\n", "line 6: 3.5 in row 'u2', column 'i1'")]
    [InlineData("u2\ti1\t3.5\n", "twineb.binarize: 0")]
    public void What_is_no_count_is_refused_with_its_line(string line, string words)
    {
        var data = _scratch.File("bad.tsv", "user\titem\tcount\nu1\ti1\t3\nu1\ti2\t4\nu3\ti1\t5\nu3\ti2\t5\n" + line);
        var ran = FitProgram.Run("fit", "twineb", "--data", data, "--out", _scratch.At("out")).ExpectBadInput(words);
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'), l => l.StartsWith("fitcluster:", StringComparison.Ordinal));
        Assert.False(Directory.Exists(_scratch.At("out")));
    }

    [Fact]
    public void A_rating_scale_is_warned_of_and_sparse_zeros_are_refused_by_the_gaussian_likelihood()
    {
        var lines = from i in Enumerable.Range(0, 20)
                    from j in Enumerable.Range(0, 10)
                    where (i + j) % 3 > 0
                    select $"u{i}\ti{j}\t{((i + (2 * j)) % 3) + 3}";
        var data = _scratch.File("ratings.tsv", "user\titem\trating\n" + string.Join('\n', lines) + "\n");
        Assert.Contains(
            "as on a rating scale", FitProgram.Run("check", "twineb", "--data", data).Expect(0).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("rating scale",
            FitProgram.Run("check", "twineb", "--data", data, "--set", "twineb.binarize=0").Expect(0).Error, StringComparison.Ordinal);
        FitProgram.Run("check", "twineb", "--data", data, "--set", "twineb.likelihood=gaussian").ExpectBadInput("data.missing: zeros");
        FitProgram.Run("check", "twineb", "--data", data, "--set", "twineb.likelihood=gaussian", "--missing", "zeros").Expect(0);
    }

    [Fact]
    public void Movielens_binarized_is_fitted_better_than_by_its_mean()
    {
        var data = SharedFolder.Require("data/ml-100k/ratings.csv.gz");
        Fit(data, "out", "--set", "twineb.binarize=1", "--set", "twineb.protocol=strong", "--set", "twineb.steps=40",
            "--set", "twineb.heldOutSamples=50").ExpectFitted();
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        // A Poisson of the mean rate scores its non-zeros at log(0.06) - 0.06 = -2.9, and the
        // validation cells at -0.06 + 0.06 log 0.06 = -0.23.
        Assert.InRange(fit.GetProperty("testLogLik").GetDouble(), -2.6, -2);
        Assert.InRange(fit.GetProperty("heldOutLogLik").GetDouble(), -0.17, -0.1);
    }

    private Ran Fit(string data, string output, params string[] more) => new(FitProgram.Run(
        ["fit", "twineb", "--data", data, "--out", _scratch.At(
            output), "--factors", "3", "--progress", "none", "--set", "twineb.rowComponents=2", "--set", "twineb.columnComponents=2",
            .. more.Any(m => m.Contains("steps", StringComparison.Ordinal))
                ? Array.Empty<string>()
                : ["--set", "twineb.steps=30"], .. more]));

    private string Triplets(string name, int rows, int columns)
    {
        var lines = from i in Enumerable.Range(0, rows)
                    from j in Enumerable.Range(0, columns)
                    let x = ((i * 7) + (j * 5) + (i * j)) % 6
                    where x > 2 || j == i % columns
                    select $"u{i}\ti{j}\t{int.Max(1, x - 2)}";
        return _scratch.File(name, "user\titem\tcount\n" + string.Join('\n', lines) + "\n");
    }

    private readonly record struct Ran(FitProgram.Ran Fitted)
    {
        /// <summary>Results are written, converged (0) or not (3).</summary>
        public void ExpectFitted() => Fitted.Expect(Fitted.ExitCode == 3 ? 3 : 0);
    }
}
