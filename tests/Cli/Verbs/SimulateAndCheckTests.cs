using FitCluster.Cli.Demo;
using FitCluster.Data;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

public sealed class SimulateAndCheckTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Theory]
    [InlineData("csv", "")]
    [InlineData("npy", "")]
    [InlineData("mtx", "--missing unstored")]
    [InlineData("store", "")]
    public void What_is_simulated_is_recovered_from_every_format(string format, string options)
    {
        var missing = format is "npy" ? "0" : "0.1";
        FitProgram.Run("simulate", "ebmf", "--out", _scratch.At("sim"), "--rows", "300", "--columns", "60", "--factors", "2", "--noise", "0.5", "--format", format, "--missing", missing).Expect(0);
        FitProgram.Run(["fit", "ebmf", "--data", _scratch.At("sim"), "--out", _scratch.At("out"), "--factors", "4", "--progress", "none",
            .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Expect(0);
        var recovery = Recovery.Of(
            DenseArray.Read(_scratch.At("sim/truth_loadings.npy")), DenseArray.Read(_scratch.At("sim/truth_factors.npy")),
            DenseArray.Read(_scratch.At("out/loadings_mean.npy")), DenseArray.Read(_scratch.At("out/factors_mean.npy")));
        for (var t = 0; t < 2; t++)
        {
            Assert.True(recovery.Match[t] >= 0 && recovery.Loadings[t, recovery.Match[t]] > 0.95 && recovery.Factors[t, recovery.Match[t]] > 0.95, $"factor {t + 1}");
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_files_and_another_does_not()
    {
        string[] arguments = ["simulate", "ebmf", "--sparse", "--rows", "100", "--columns", "50", "--density", "0.2"];
        FitProgram.Run([.. arguments, "--out", _scratch.At("a")]).Expect(0);
        FitProgram.Run([.. arguments, "--out", _scratch.At("b")]).Expect(0);
        FitProgram.Run([.. arguments, "--out", _scratch.At("c"), "--seed", "2"]).Expect(0);
        var first = File.ReadAllBytes(_scratch.At("a/data.mtx"));
        Assert.Equal(first, File.ReadAllBytes(_scratch.At("b/data.mtx")));
        Assert.NotEqual(first, File.ReadAllBytes(_scratch.At("c/data.mtx")));
        var data = MatrixSource.Open(_scratch.At("a/data.mtx"));
        Assert.InRange(data.StoredCount / 5000.0, 0.15, 0.25);
        FitProgram.Run([.. arguments, "--out", _scratch.At("a")]).ExpectBadInput("is not empty");
    }

    [Fact]
    public void Ingest_writes_a_store_that_fits_to_the_same_bits()
    {
        var data = _scratch.Simulate(format: "csv");
        FitProgram.Run("ingest", data, "--out", _scratch.At("store")).Expect(0);
        FitProgram.Run("ingest", data, "--out", _scratch.At("store")).ExpectBadInput("store");
        FitProgram.Run("fit", "ebmf", "--data", data, "--out", _scratch.At("a"), "--factors", "2").Expect(0);
        FitProgram.Run("fit", "ebmf", "--data", _scratch.At("store"), "--out", _scratch.At("b"), "--factors", "2").Expect(0);
        Assert.Equal(Scratch.Arrays(_scratch.At("a")), Scratch.Arrays(_scratch.At("b")));
    }

    [Fact]
    public void Check_tells_the_plan_and_writes_nothing()
    {
        var data = _scratch.Simulate();
        var before = Everything();
        var output = FitProgram.Run("check", "ebmf", "--data", data, "--out", _scratch.At("out"), "--shards", "3").Expect(0).Output;
        Assert.Contains("nothing was started or written", output, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
        FitProgram.Run("check", "ebmf", "--data", data, "--factors", "41").ExpectBadInput("use at most 40");
        Assert.Equal(before, Everything());
    }

    [Fact]
    public void The_demo_recovers_its_truth_and_writes_a_report()
    {
        var output = FitProgram.Run("demo", "--out", _scratch.At("demo"), "--progress", "plain").Expect(0).Output;
        Assert.DoesNotContain("not found", output, StringComparison.Ordinal);
        var report = File.ReadAllText(_scratch.At("demo/report.html"));
        Assert.Contains("<svg", report, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", report, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private List<string> Everything() => [.. Directory.EnumerateFileSystemEntries(_scratch.Root, "*", SearchOption.AllDirectories).Order()];
}
