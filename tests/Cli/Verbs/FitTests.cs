using FitCluster.Data;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

public sealed class FitTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public void A_fit_writes_what_the_contract_says()
    {
        var data = _scratch.Simulate(format: "csv");
        var ran = Fit(data, "--factors", "5", "--tables", "--format", "json").Expect(0);
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        string[] names =
        [
            "name", "model", "version", "spec", "specHash", "dataHash", "rows", "columns", "nonZeros", "seed", "shards", "status", "rounds",
            "elbo", "seconds", "secondsPerRound", "checkpoints", "events",
        ];
        foreach (var name in names)
        {
            Assert.True(fit.TryGetProperty(name, out _), $"fit.json has no {name}");
        }

        Assert.Equal(("out", "ebmf", "converged"),
            (fit.GetProperty("name").GetString(), fit.GetProperty("model").GetString(), fit.GetProperty("status").GetString()));
        Assert.Equal((120, 40, 4800),
            (fit.GetProperty("rows").GetInt32(), fit.GetProperty("columns").GetInt32(), fit.GetProperty("nonZeros").GetInt32()));
        var k = fit.GetProperty("factors").GetInt32();
        Assert.Equal(k, fit.GetProperty("pve").GetArrayLength());
        Assert.Equal(k, fit.GetProperty("ebmf").GetProperty("klLoadings").GetArrayLength());
        Assert.InRange(fit.GetProperty("residualSd").GetDouble(), 0.9, 1.1);
        Assert.Equal(File.ReadAllText(_scratch.At("out/fit.json")), ran.Output);
        foreach (var side in new[] { ("loadings", 120), ("factors", 40) })
        {
            foreach (var what in new[] { "mean", "sd", "lfsr" })
            {
                var array = DenseArray.Read(_scratch.At($"out/{side.Item1}_{what}.npy"));
                Assert.Equal((side.Item2, k), (array.Rows, array.Columns));
                var table = DenseArray.Read(_scratch.At($"out/{side.Item1}_{what}.tsv"));
                Assert.Equal(array.Values, table.Values);
            }

            Assert.Equal(k, Scratch.Json(_scratch.At($"out/{side.Item1}_prior.json")).GetArrayLength());
        }

        Assert.Equal(["name", "r1", "r2"], File.ReadLines(_scratch.At("out/rows.tsv")).Take(3));
        Assert.Equal(41, File.ReadLines(_scratch.At("out/columns.tsv")).Count());
        Assert.Equal("round,phase,seconds,elbo", File.ReadLines(_scratch.At("out/trace.csv")).First());
        Assert.Equal(fit.GetProperty("rounds").GetInt32(), File.ReadLines(_scratch.At("out/trace.csv")).Count() - 1);
        Assert.False(Path.Exists(_scratch.At("out/checkpoints")) || Path.Exists(_scratch.At("out/run.json")) ||
            Path.Exists(_scratch.At("out/.lock")));
    }

    [Fact]
    public void The_same_fit_again_is_done_already_and_another_is_refused_unless_fresh()
    {
        var data = _scratch.Simulate();
        Fit(data, "--factors", "3").Expect(0);
        var written = File.GetLastWriteTimeUtc(_scratch.At("out/fit.json"));
        Assert.Contains("nothing to do", Fit(data, "--factors", "3", "--threads", "1").Expect(0).Error, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(_scratch.At("out/fit.json")));
        Fit(data, "--factors", "2").ExpectBadInput("with another spec", "--fresh");
        Fit(_scratch.Simulate("other", rows: 121), "--factors", "3").ExpectBadInput("with other data");
        Assert.Equal(written, File.GetLastWriteTimeUtc(_scratch.At("out/fit.json")));
        Fit(data, "--factors", "2", "--fresh").Expect(0);
        Assert.Equal(2, Scratch.Json(_scratch.At("out/fit.json")).GetProperty("factors").GetInt32());
    }

    [Fact]
    public void A_limit_of_rounds_ends_with_3_and_results()
    {
        Fit(_scratch.Simulate(), "--max-rounds", "5").Expect(3);
        Assert.Equal("stopped", Scratch.Json(_scratch.At("out/fit.json")).GetProperty("status").GetString());
        Assert.True(File.Exists(_scratch.At("out/loadings_mean.npy")));
    }

    [Fact]
    public void The_number_of_threads_does_not_change_a_bit_and_neither_does_the_format()
    {
        Fit(_scratch.Simulate(), "--shards", "4", "--threads", "1").Expect(0);
        var one = Scratch.Arrays(_scratch.At("out"));
        Fit(_scratch.Simulate("csv", format: "csv"), "--shards", "4", "--threads", "4", "--fresh").Expect(0);
        Assert.Equal(one, Scratch.Arrays(_scratch.At("out")));
    }

    [Fact]
    public void A_spec_file_runs_and_a_flag_wins_over_it()
    {
        var data = _scratch.Simulate();
        var spec = _scratch.File(
            "job.yaml", $"model: ebmf\nname: mine\nout: results\ndata: {{path: {data}}}\nebmf: {{maxFactors: 3, variance: column}}\n");
        FitProgram.Run("fit", spec, "--factors", "2", "--progress", "none").Expect(0);
        var fit = Scratch.Json(_scratch.At("results/fit.json"));
        Assert.Equal(("mine", 2), (fit.GetProperty("name").GetString(), fit.GetProperty("factors").GetInt32()));
        Assert.Equal(40, fit.GetProperty("residualSd").GetArrayLength());
    }

    [Theory]
    [InlineData("ebmf.variance=row", "residual_sd", 120)]
    [InlineData("ebmf.variance=column", "residual_sd", 40)]
    [InlineData("ebmf.variance=kronecker", "residual_sd_rows", 120)]
    public void Residual_standard_deviations_have_the_shape_of_their_structure(string option, string name, int length)
    {
        Fit(_scratch.Simulate(), "--factors", "3", "--shards", "2", "--set", option).Expect(0);
        Assert.Equal(length, DenseArray.Read(_scratch.At($"out/{name}.npy")).Rows);
    }

    [Fact]
    public void An_intercept_has_factors_of_one()
    {
        Fit(_scratch.Simulate(), "--factors", "3", "--set", "ebmf.fixedFactors=intercept").Expect(0);
        var factors = DenseArray.Read(_scratch.At("out/factors_mean.npy"));
        Assert.All(Enumerable.Range(0, factors.Rows), j => Assert.Equal(1, factors.Values[j * factors.Columns]));
        Fit(_scratch.Simulate("again"), "--factors", "3", "--set", "ebmf.fixedFactors=column-intercept", "--fresh").Expect(0);
        var loadings = DenseArray.Read(_scratch.At("out/loadings_mean.npy"));
        Assert.All(Enumerable.Range(0, loadings.Rows), i => Assert.Equal(1, loadings.Values[i * loadings.Columns]));
    }

    [Fact]
    public void Fixed_entries_of_a_folder_stay_and_free_ones_are_fitted()
    {
        Directory.CreateDirectory(_scratch.At("fixed"));
        _scratch.File("fixed/factors.csv", "f1\n" + string.Concat(Enumerable.Range(0, 40).Select(j => j < 20 ? "0.5\n" : "NA\n")));
        Fit(_scratch.Simulate(), "--factors", "3", "--set", $"ebmf.fixedFactors={_scratch.At("fixed")}").Expect(0);
        var factors = DenseArray.Read(_scratch.At("out/factors_mean.npy"));
        Assert.All(Enumerable.Range(0, 20), j => Assert.Equal(0.5, factors.Values[j * factors.Columns]));
        Assert.Contains(Enumerable.Range(20, 20), j => factors.Values[j * factors.Columns] != 0.5);
    }

    [Fact]
    public void A_fit_starts_from_given_factors()
    {
        var data = _scratch.Simulate();
        Fit(data, "--factors", "3", "--tables").Expect(0);
        var elbo = Scratch.Json(_scratch.At("out/fit.json")).GetProperty("elbo").GetDouble();
        Directory.CreateDirectory(_scratch.At("start"));
        foreach (var side in new[] { "loadings", "factors" })
        {
            File.Copy(_scratch.At($"out/{side}_mean.tsv"), _scratch.At($"start/{side}.tsv"));
        }

        Fit(data, "--set", $"ebmf.init={_scratch.At("start")}", "--set", "ebmf.greedy=false", "--fresh").Expect(0);
        Assert.Equal(elbo, Scratch.Json(_scratch.At("out/fit.json")).GetProperty("elbo").GetDouble(), 0.01);
    }

    [Fact]
    public void Known_standard_errors_of_every_shape_are_taken()
    {
        var data = _scratch.Simulate(rows: 30, columns: 20);
        var row = _scratch.File("row.csv", string.Join('\n', Enumerable.Repeat("1", 30)) + "\n");
        var column = _scratch.File("column.csv", string.Join(',', Enumerable.Repeat("1", 20)) + "\n");
        var matrix = _scratch.File("matrix.csv", "name," + string.Join(',', Enumerable.Range(1, 20).Select(j => $"c{j}")) + "\n" +
            string.Join('\n', Enumerable.Range(1, 30).Select(i => $"r{i}," + string.Join(',', Enumerable.Repeat("1", 20)))) + "\n");
        var elbos = new[] { "1", row, column, matrix }.Select(errors =>
        {
            Fit(data, "--factors", "3", "--variance", "known", "--set", $"ebmf.standardErrors={errors}", "--shards", "2", "--fresh")
                .Expect(0);
            return Scratch.Json(_scratch.At("out/fit.json")).GetProperty("elbo").GetDouble();
        }).ToArray();
        Assert.All(elbos, elbo => Assert.Equal(elbos[0], elbo, 1e-2));
    }

    [Fact]
    public void Data_without_structure_give_no_factor()
    {
        FitProgram.Run("simulate", "ebmf", "--out", _scratch.At("noise"), "--rows", "80", "--columns", "30", "--loadings-density", "0")
            .Expect(0);
        Fit(_scratch.At("noise")).Expect(0);
        Assert.Equal(0, Scratch.Json(_scratch.At("out/fit.json")).GetProperty("factors").GetInt32());
        Assert.Empty(DenseArray.Read(_scratch.At("out/loadings_mean.npy")).Values);
    }

    [Fact]
    public void Files_beside_a_fit_are_left_alone()
    {
        var data = _scratch.Simulate("beside");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("beside"), "--factors", "2", "--progress", "none").Expect(0);
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("beside"), "--factors", "3", "--progress", "none", "--fresh")
            .Expect(0);
        Assert.True(File.Exists(data) && File.Exists(_scratch.At("beside/truth_loadings.npy")));
        Directory.CreateDirectory(_scratch.At("foreign"));
        _scratch.File("foreign/rows.tsv", "mine");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("foreign"))
            .ExpectBadInput("rows.tsv", "not of a fit known here");
        Assert.Equal("mine", File.ReadAllText(_scratch.At("foreign/rows.tsv")));
    }

    [Fact]
    public void Rows_and_columns_can_be_selected_by_name_range_and_file()
    {
        var data = _scratch.Simulate();
        var names = _scratch.File("columns.txt", string.Join('\n', Enumerable.Range(1, 15).Select(j => $"c{j}")) + "\n");
        Fit(data, "--factors", "2", "--set", "data.rows=[1-50, 61-70]", "--set", $"data.columns={names}").Expect(0);
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        Assert.Equal((60, 15), (fit.GetProperty("rows").GetInt32(), fit.GetProperty("columns").GetInt32()));
        Assert.Equal("r61", File.ReadLines(_scratch.At("out/rows.tsv")).ElementAt(51));
    }

    [Fact]
    public void Rows_whose_variance_collapsed_are_named_from_the_shards_parts_of_the_results()
    {
        var random = new Random(7);
        var lines = Enumerable.Range(0, 30).Select(i => $"r{i}," + string.Join(',', Enumerable.Range(0, 40).Select(j => i switch
        {
            4 => j % 7 == 0 ? 3 + (j * 0.2) : 0,
            21 => j % 9 == 0 ? 26 + (j * 0.15) : 0,
            _ => random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5,
        }).Select(v => v.ToString("F4", System.Globalization.CultureInfo.InvariantCulture))));
        var data = _scratch.File("rows.csv", "id," + string.Join(',', Enumerable.Range(0, 40).Select(j => $"c{j}")) + "\n" +
            string.Join('\n', lines) + "\n");
        var ran = FitProgram.Run("fit", "ebmf", "--data", data, "--variance", "row", "--factors", "5", "--shards", "3", "--out",
            _scratch.At("rows"), "--progress", "none");
        ran.Expect(ran.ExitCode == 3 ? 3 : 0);
        const string words = "the residual variances of 2 rows collapsed to their bounds (r4, r21)";
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        var warning = Scratch.Json(_scratch.At("rows/fit.json")).GetProperty("warnings")[0].GetString();
        Assert.StartsWith(words, warning, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private FitProgram.Ran Fit(string data, params string[] more) =>
        FitProgram.Run(["fit", "ebmf", "--data", data, "--out", _scratch.At("out"), "--progress", "none", .. more]);
}
