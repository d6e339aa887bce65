using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>What is done with a finished fit of ebmf, and fits that start from one, through the program.</summary>
public sealed class FromAndUseTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Ebmf_predicts_cells_and_projects_rows()
    {
        var data = _scratch.Simulate(missing: 0.1);
        Fit("ebmf", data, "fit");
        var cells = _scratch.File("cells.tsv", "row\tcolumn\nr3\tc5\nr120\tc40\n");
        var lines = FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).Expect(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal("row\tcolumn\tmean\tsd", lines[0]);
        var (l, f) = (DenseArray.Read(_scratch.At("fit/loadings_mean.npy")), DenseArray.Read(_scratch.At("fit/factors_mean.npy")));
        var mean = Enumerable.Range(0, l.Columns).Sum(k => l.Values[(2 * l.Columns) + k] * f.Values[(4 * f.Columns) + k]);
        Assert.Equal(mean, Number(lines[1].Split('\t')[2]), 1e-12);
        Assert.True(Number(lines[2].Split('\t')[3]) > DenseArray.Read(_scratch.At("fit/residual_sd.npy")).Values[0]);

        var ran = FitProgram.Run("project", _scratch.At("fit"), "--data", data, "--out", _scratch.At("projected"), "--tables").Expect(0);
        Assert.StartsWith("120 rows projected in ", ran.Output, StringComparison.Ordinal);
        var again = FitProgram.Run("predict", _scratch.At("projected"), "--cells", cells).Expect(0).Output.TrimEnd('\n').Split('\n');
        Assert.Equal(mean, Number(again[1].Split('\t')[2]), 0.02);
        FitProgram.Run("project", _scratch.At("projected"), "--data", data, "--out", _scratch.At("twice"), "--threads", "1").Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("projected")), Scratch.Arrays(_scratch.At("twice")));
        FitProgram.Run("recommend", _scratch.At("fit"), "--row", "r3").ExpectBadInput("is of the model ebmf: this verb is for fits of " +
            "twineb");
        FitProgram.Run("fit", "ebmf", "--data", data, "--from", _scratch.At("projected"), "--out",
            _scratch.At("no")).ExpectBadInput("is projected: give one that converged or was stopped");
    }

    [Fact]
    public void Cells_that_a_fit_does_not_know_are_refused_skipped_or_predicted_as_the_mean_of_those_it_knows()
    {
        Fit("ebmf", _scratch.Simulate(rows: 12, columns: 6, factors: 2), "fit", ["--variance", "column"]);
        var names = from i in Enumerable.Range(1, 12) from j in Enumerable.Range(1, 6) select $"r{i}\tc{j}";
        var all = Predicted(_scratch.File("all.tsv", $"row\tcolumn\n{string.Join('\n', names)}\n"));
        var odd = _scratch.File("odd.tsv", "row\tcolumn\nr2\tc3\nnew\tc3\nr2\tother\nnew\tother\n");
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", odd).ExpectBadInput("odd.tsv:3:", "has no row 'new'", "--unknown skip");
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", odd, "--unknown", "men").ExpectBadInput("did you mean 'mean'?");
        var skipped = FitProgram.Run("predict", _scratch.At("fit"), "--cells", odd, "--unknown", "skip").Expect(0);
        Assert.Contains("3 of 4 cells (row 'new'; column 'other') are skipped", skipped.Error, StringComparison.Ordinal);
        Assert.Equal(2, skipped.Output.TrimEnd('\n').Split('\n').Length);

        var found = Predicted(odd, "--unknown", "mean");
        Assert.Equal(["r2\tc3", "new\tc3", "r2\tother", "new\tother"], found.Select(cell => cell.Name));
        Assert.Equal(all[8], found[0]);
        Check(found[1], all.Where(cell => cell.Name.EndsWith("\tc3", StringComparison.Ordinal)));
        Check(found[2], all.Where(cell => cell.Name.StartsWith("r2\t", StringComparison.Ordinal)));
        Check(found[3], all);

        (string Name, double Mean, double Sd)[] Predicted(string cells, params string[] options) =>
        [
            .. FitProgram.Run(["predict", _scratch.At("fit"), "--cells", cells, .. options]).Expect(0).Output
                .TrimEnd('\n').Split('\n').Skip(1)
                .Select(line => line.Split('\t')).Select(f => ($"{f[0]}\t{f[1]}", Number(f[2]), Number(f[3]))),
        ];

        static void Check((string Name, double Mean, double Sd) cell, IEnumerable<(string Name, double Mean, double Sd)> of)
        {
            var parts = of.ToList();
            var mean = parts.Average(part => part.Mean);
            Assert.Equal(mean, cell.Mean, 1e-12);
            Assert.Equal(double.Sqrt(parts.Average(part => (part.Sd * part.Sd) + double.Pow(part.Mean - mean, 2))), cell.Sd, 1e-12);
        }
    }

    [Theory]
    [InlineData("ebmf", "ebmf.maxFactors=2", 0, "ebmf.maxFactors=1", "ebmf.maxFactors=4", 4)]
    [InlineData("twineb", "twineb.steps=3", 3, "twineb.steps=2", "twineb.steps=500", 2)]
    public void A_fit_starts_from_a_finished_one_and_is_another_job_when_that_changes(
        string model, string few, int exitCode, string fewer, string more, int factors)
    {
        var data = _scratch.Simulate(sparse: true, format: "mtx");
        string[] common = model == "ebmf" ? [] : ["--set", "twineb.factors=2", "--set", "twineb.rowComponents=2", "--set",
            "twineb.columnComponents=2"];
        Fit(model, data, "first", ["--set", few, .. common], exitCode);
        string[] goesOn = ["fit", model, "--data", data, "--from", _scratch.At("first"), "--set", more, "--out", _scratch.At("second")];
        FitProgram.Run(goesOn).Expect(0);
        var (first, second) = (Scratch.Json(_scratch.At("first/fit.json")), Scratch.Json(_scratch.At("second/fit.json")));
        Assert.Equal(factors, second.GetProperty("factors").GetInt32());
        Assert.True(second.GetProperty("elbo").GetDouble() > first.GetProperty("elbo").GetDouble());
        Assert.Equal(_scratch.At("first"), second.GetProperty("spec").GetProperty("from").GetString());

        // The same command finds its results; after the given fit has changed it is another job.
        Assert.Contains("holds this very fit, converged already: nothing to do", FitProgram.Run(goesOn).Expect(0).Error,
            StringComparison.Ordinal);
        Fit(model, data, "first", ["--set", fewer, .. common, "--fresh"], exitCode);
        FitProgram.Run(goesOn).ExpectBadInput("holds the fit 'second' with other data");
    }

    [Fact]
    public void A_cell_without_a_known_standard_error_ends_predict_before_anything_is_written()
    {
        string Table(Func<int, int, double> entry) => "name," + string.Join(',', Enumerable.Range(1, 8).Select(j => $"c{j}")) + "\n" +
            string.Concat(Enumerable.Range(1, 30).Select(i => $"r{i}," + string.Join(',', Enumerable.Range(1, 8)
                .Select(j => (i, j) == (3, 1) ? "NA" : entry(i, j).ToString("R", CultureInfo.InvariantCulture))) + "\n"));
        var data = _scratch.File("data.csv", Table((i, j) => (3 * double.Sin(i) * double.Cos(j)) + (0.2 * double.Sin(17 * i * j))));
        var errors = _scratch.File("errors.csv", Table((_, _) => 0.2));
        Fit("ebmf", data, "fit", ["--set", "ebmf.variance=known", "--set", $"ebmf.standardErrors={errors}"]);
        var cells = _scratch.File("cells.csv", "row,column\nr1,c1\nr3,c1\n");
        var ran = FitProgram.Run("predict", _scratch.At("fit"), "--cells", cells).ExpectBadInput("none above 0 for row 'r3', column 'c1'");
        Assert.Empty(ran.Output);
        FitProgram.Run("predict", _scratch.At("fit"), "--cells", _scratch.File("known.csv", "row,column\nr1,c1\n")).Expect(0);
    }

    [Theory]
    [InlineData("ebmf", "40")]
    [InlineData("twineb", "4")]
    public void A_fit_that_a_limit_stopped_is_used_and_started_from(string model, string limit)
    {
        var data = _scratch.Simulate(sparse: true, format: "mtx");
        string[] small = model == "ebmf" ? ["--factors", "3"]
            : ["--factors", "2", "--set", "twineb.rowComponents=2", "--set", "twineb.columnComponents=2"];
        Fit(model, data, "stopped", [.. small, "--max-rounds", limit], exitCode: 3);
        FitProgram.Run("predict", _scratch.At("stopped"), "--cells", _scratch.File("cells.tsv", "row\tcolumn\nr3\tc5\n")).Expect(0);
        Fit(model, data, "on", ["--from", _scratch.At("stopped")]);
        Assert.True(Elbo("on") > Elbo("stopped"), $"{Elbo("on")} after {Elbo("stopped")}");

        double Elbo(string name) => Scratch.Json(_scratch.At(name + "/fit.json")).GetProperty("elbo").GetDouble();
    }

    [Fact]
    public void What_cannot_be_started_from_is_refused_in_a_sentence_and_nothing_is_written()
    {
        var data = _scratch.Simulate();
        Fit("ebmf", data, "fit");
        Refused(["--set", "ebmf.init=svd"], "ebmf.init has no effect with from");
        Refused(["--set", "ebmf.maxFactors=1"], "maxFactors is 1, but the fit to start from has 3 factors");
        Refused(["--set", "data.columns=1-30"], "has 40 columns, and the data 30: give data with its columns in its order");
        FitProgram.Run("fit", "ebmf", "--data", data, "--from", _scratch.At("gone"), "--out",
            _scratch.At("no")).ExpectBadInput("from: the folder", "is not there");
        FitProgram.Run("fit", "ebmf", "--data", data, "--from", _scratch.At("fit"), "--out", _scratch.At("fit"),
            "--fresh").ExpectBadInput("from and out are both");
        Assert.True(File.Exists(_scratch.At("fit/fit.json")));
        Assert.False(Directory.Exists(_scratch.At("no")));

        void Refused(string[] options, string words) =>
            FitProgram.Run(["fit", "ebmf", "--data", data, "--from", _scratch.At("fit"), "--out", _scratch.At("no"),
                .. options]).ExpectBadInput(words);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private void Fit(string model, string data, string name, string[]? options = null, int exitCode = 0) =>
        FitProgram.Run(["fit", model, "--data", data, "--out", _scratch.At(name), .. options ?? []]).Expect(exitCode);
}
