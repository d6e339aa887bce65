using System.Diagnostics;
using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests;

/// <summary>
/// A program with a model of its own (tests/OwnModel), of which no file of src knows: whatever fitcluster does with its own models.
/// </summary>
[Trait(Effort.Quick, "no")]
public sealed class OwnModelTests : IDisposable
{
    private const int Columns = 20;
    private readonly Scratch _scratch = new();

    private string Simulated => _scratch.At("sim/data.npy");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void It_is_simulated_checked_fitted_from_a_spec_predicted_and_reported()
    {
        Simulate(500);
        var spec = Spec("means: {steps: 40}\n");
        var plan = FitProgram.RunOwn("check", spec).Expect(0).Output;
        Assert.Contains("means", plan, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scratch.At("out")));

        FitProgram.RunOwn("fit", spec, "--report", "--tables", "--progress", "none").Expect(0);
        var fit = Scratch.Json(_scratch.At("out/fit.json"));
        Assert.Equal(("means", "converged", 40),
            (fit.GetProperty("model").GetString(), fit.GetProperty("status").GetString(), fit.GetProperty("rounds").GetInt32()));
        Assert.Equal(40, fit.GetProperty("spec").GetProperty("means").GetProperty("steps").GetInt32());
        // Column j has the mean j; a mean of 500 rows is off by 0.045 in the mean.
        var means = DenseArray.Read(_scratch.At("out/mean.npy")).Values;
        Assert.Equal(Columns, means.Length);
        Assert.All(means, (mean, j) => Assert.InRange(mean, j - 0.25, j + 0.25));
        Assert.Equal(500, DenseArray.Read(_scratch.At("out/row_residual.npy")).Values.Length);
        Assert.Contains("<h2>Means", File.ReadAllText(_scratch.At("out/report.html")), StringComparison.Ordinal);

        var cells = _scratch.File("cells.tsv", "row\tcolumn\nr1\tc3\nr500\tc20\n");
        var predicted = FitProgram.RunOwn("predict", _scratch.At("out"), "--cells", cells).Expect(0).Output.Split('\n');
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"r1\tc3\t{means[2]:R}\t1"), predicted[1]);
        File.Delete(_scratch.At("out/report.html"));
        FitProgram.RunOwn("report", _scratch.At("out")).Expect(0);
        Assert.Contains("<h2>Means", File.ReadAllText(_scratch.At("out/report.html")), StringComparison.Ordinal);
        // What it does not offer is refused, and so is starting another model from it.
        FitProgram.RunOwn("recommend", _scratch.At("out"), "--rows", "all").ExpectBadInput("is of the model means");
        FitProgram.RunOwn("fit", "ebmf", "--data", Simulated, "--out", _scratch.At("other"), "--from", _scratch.At("out"))
            .ExpectBadInput("is of the model means, and this job is of ebmf");
        // The program without the model says which it has.
        FitProgram.Run("fit", spec).ExpectBadInput("'means'");
    }

    [Fact]
    public void Its_help_and_its_refusals_are_those_of_every_model()
    {
        var help = FitProgram.RunOwn("fit", "means", "--help").Expect(0).Output;
        Assert.Contains("means: a Gaussian mean for each column", help, StringComparison.Ordinal);
        Assert.Contains("means.steps, --steps", help, StringComparison.Ordinal);
        Simulate(50);
        var spec = Spec("means:\n  stps: 40\n");
        FitProgram.RunOwn("fit", spec).ExpectBadInput("spec.yaml:5", "did you mean 'steps'?");
        FitProgram.RunOwn("fit", "means", "--data", Simulated, "--out", _scratch.At("out"), "--steps", "0")
            .ExpectBadInput("--steps", "a whole number");
        FitProgram.RunOwn("fit", "means", "--data", Simulated, "--out", _scratch.At("out"), "--factors", "2").ExpectBadInput("--factors");
        FitProgram.RunOwn("fit", "meens", "--data", Simulated, "--out", _scratch.At("out")).ExpectBadInput("did you mean 'means'?");
        FitProgram.RunOwn("simulate", "means", "--noise", "2", "--out", _scratch.At("none")).ExpectBadInput("--noise has no effect");
        Assert.False(Directory.Exists(_scratch.At("out")));
    }

    [Fact]
    public void Killed_it_resumes_and_stopped_it_goes_on_to_the_same_bits()
    {
        Simulate(3000);
        FitProgram.RunOwn(Fit("whole")).Expect(0);
        var expected = Scratch.Arrays(_scratch.At("whole"));
        var run = FitProgram.StartOther(FitProgram.OwnPath, Fit("killed"));
        var clock = Stopwatch.StartNew();
        // Two, of which one is whole.
        while (!Directory.Exists(_scratch.At("killed/checkpoints")) ||
            Directory.GetFiles(_scratch.At("killed/checkpoints"), "manifest.json", SearchOption.AllDirectories).Length < 2)
        {
            Assert.False(run.Process.HasExited, "the fit was over before it could be killed");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "there was no checkpoint within a minute");
            Thread.Sleep(5);
        }

        run.Process.Kill();
        FitProgram.Wait(run);
        Assert.Contains("resuming", FitProgram.RunOwn(Fit("killed")).Expect(0).Error, StringComparison.Ordinal);
        Assert.Equal(expected, Scratch.Arrays(_scratch.At("killed")));

        FitProgram.RunOwn(Fit("stopped", "--max-rounds", "37")).Expect(3);
        Assert.Equal("stopped", Scratch.Json(_scratch.At("stopped/fit.json")).GetProperty("status").GetString());
        Assert.NotEqual(expected["mean.npy"], Scratch.Arrays(_scratch.At("stopped"))["mean.npy"]);
        FitProgram.RunOwn(Fit("stopped")).Expect(0);
        Assert.Equal(expected, Scratch.Arrays(_scratch.At("stopped")));

        // From a finished fit: it begins where that ended.
        FitProgram.RunOwn(Fit("more", "--steps", "1", "--from", _scratch.At("whole"))).Expect(0);
        var (before, after) = (DenseArray.Read(_scratch.At("whole/mean.npy")).Values,
            DenseArray.Read(_scratch.At("more/mean.npy")).Values);
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    private void Simulate(int rows) =>
        FitProgram.RunOwn("simulate", "means", "--rows", $"{rows}", "--columns", $"{Columns}", "--out", _scratch.At("sim")).Expect(0);

    private string Spec(string options) => _scratch.File(
        "spec.yaml", $"model: means\ndata: {{path: {Simulated}}}\nout: {_scratch.At("out")}\n{options}");

    private string[] Fit(string folder, params string[] more)
    {
        string[] steps = more.Contains("--steps") ? [] : ["--steps", "8000"];
        return ["fit", "means", "--data", Simulated, "--out", _scratch.At(folder), "--shards", "3", "--checkpoint-rounds", "100",
            "--progress", "none", .. steps, .. more];
    }
}
