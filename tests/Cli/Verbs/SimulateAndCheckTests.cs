using System.Globalization;
using FitCluster.Data;
using FitCluster.Models.Reports;
using FitCluster.Models.Tests;
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
        FitProgram.Run("simulate", "ebmf", "--out", _scratch.At("sim"), "--rows", "300", "--columns", "60", "--factors", "2",
            "--noise", "0.5", "--format", format, "--missing", missing).Expect(0);
        FitProgram.Run(["fit", "ebmf", "--data", _scratch.At("sim"), "--out", _scratch.At("out"), "--factors", "4", "--progress", "none",
            .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Expect(0);
        var recovery = Recovery.Of(
            DenseArray.Read(_scratch.At("sim/truth_loadings.npy")), DenseArray.Read(_scratch.At("sim/truth_factors.npy")),
            DenseArray.Read(_scratch.At("out/loadings_mean.npy")), DenseArray.Read(_scratch.At("out/factors_mean.npy")));
        for (var t = 0; t < 2; t++)
        {
            Assert.True(recovery.Match[t] >= 0 && recovery.Loadings[t, recovery.Match[t]] > 0.95 &&
                recovery.Factors[t, recovery.Match[t]] > 0.95, $"factor {t + 1}");
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
    public void Twin_counts_follow_their_truth_and_have_the_share_of_non_zeros_that_was_asked_for()
    {
        const int Rows = 2000, Columns = 300, Factors = 4;
        string[] arguments =
        [
            "simulate", "twineb", "--rows", $"{Rows}", "--columns", $"{Columns}", "--factors", $"{Factors}", "--density", "0.05",
            "--row-components", "3", "--column-components", "4"
        ];
        FitProgram.Run([.. arguments, "--out", _scratch.At("a")]).Expect(0);
        FitProgram.Run([.. arguments, "--out", _scratch.At("b"), "--format", "store"]).Expect(0);
        var data = MatrixSource.Open(_scratch.At("a/data.mtx"));
        Assert.Equal(data.ContentHash, MatrixSource.Open(_scratch.At("b/data.store")).ContentHash);
        Assert.InRange(data.StoredCount / (double)(Rows * Columns), 0.045, 0.055);

        // A count less its rate has mean 0 and the rate as its variance: summed over cells, within 5 standard
        // deviations; and both over rows and over columns.
        var (u, v) = (DenseArray.Read(_scratch.At("a/truth_rows.npy")), DenseArray.Read(_scratch.At("a/truth_columns.npy")));
        var (rowCounts, columnCounts, rowRates, columnRates) =
            (new double[Rows], new double[Columns], new double[Rows], new double[Columns]);
        for (var i = 0; i < Rows; i++)
        {
            var counts = new double[Columns];
            var block = data.RowBlock(i, 1);
            for (var t = 0; t < block.RowColumns(0).Length; t++)
            {
                counts[block.RowColumns(0)[t]] = block.RowValues(0)[t];
            }

            for (var j = 0; j < Columns; j++)
            {
                var rate = 0.0;
                for (var l = 0; l < Factors; l++)
                {
                    rate += u.Values[(i * Factors) + l] * v.Values[(j * Factors) + l];
                }

                rowCounts[i] += counts[j];
                columnCounts[j] += counts[j];
                rowRates[i] += rate;
                columnRates[j] += rate;
            }
        }

        Assert.InRange((rowCounts.Sum() - rowRates.Sum()) / double.Sqrt(rowRates.Sum()), -5, 5);
        Assert.InRange(rowCounts.Zip(rowRates, (x, r) => (x - r) * (x - r) / r).Average(), 0.8, 1.2);
        Assert.InRange(columnCounts.Zip(columnRates, (x, r) => (x - r) * (x - r) / r).Average(), 0.6, 1.4);
        var components = DenseArray.Read(_scratch.At("a/truth_row_component.npy")).Values;
        Assert.Equal(3, components.Distinct().Count());
    }

    [Fact]
    public void Twin_counts_have_the_mean_that_was_asked_for()
    {
        FitProgram.Run("simulate", "twineb", "--rows", "3000", "--columns", "100", "--rate", "2.5", "--out", _scratch.At("a"),
            "--format", "npy").Expect(0);
        Assert.InRange(DenseArray.Read(_scratch.At("a/data.npy")).Values.Average(), 2.2, 2.8);
        FitProgram.Run("simulate", "twineb", "--rate", "2", "--density", "0.1", "--out", _scratch.At("b"))
            .ExpectBadInput("give one of them");
        FitProgram.Run("simulate", "twineb", "--noise", "2", "--out", _scratch.At("b")).ExpectBadInput("--noise");
        FitProgram.Run("simulate", "ebmf", "--rate", "2", "--out", _scratch.At("b")).ExpectBadInput("--rate");
        FitProgram.Run("simulate", "twineb", "--sparse", "--out", _scratch.At("b")).ExpectBadInput("--sparse has no effect");
    }

    [Theory]
    [InlineData(0.8)]
    [InlineData(1e6)]
    public void Twin_counts_have_the_dispersion_that_was_asked_for(double dispersion)
    {
        string words = dispersion.ToString(CultureInfo.InvariantCulture);
        FitProgram.Run("simulate", "twineb", "--rows", "500", "--columns", "120", "--factors", "3", "--rate", "30", "--dispersion", words,
            "--out", _scratch.At("a"), "--format", "npy").Expect(0);
        double[] Read(string name) => DenseArray.Read(_scratch.At($"a/{name}.npy")).Values;
        Assert.Equal([dispersion], Read("truth_dispersion"));
        Assert.Contains("\"dispersion\": ", File.ReadAllText(_scratch.At("a/truth.json")), StringComparison.Ordinal);

        // Less its rate a count has mean 0 and variance r + r^2 / a; it is 0 with chance (1 + r / a)^-a.
        var (counts, u, v) = (Read("data"), Read("truth_rows"), Read("truth_columns"));
        var (scaled, squared, zeros, expected) = (0.0, 0.0, 0, 0.0);
        for (var at = 0; at < counts.Length; at++)
        {
            var rate = Enumerable.Range(0, 3).Sum(l => u[(at / 120 * 3) + l] * v[(at % 120 * 3) + l]);
            var (error, variance) = (counts[at] - rate, rate + (rate * rate / dispersion));
            (scaled, squared) = (scaled + (error / double.Sqrt(variance)), squared + (error * error / variance));
            (zeros, expected) = (zeros + (counts[at] == 0 ? 1 : 0), expected + double.Exp(-dispersion * double.LogP1(rate / dispersion)));
        }

        Assert.InRange(scaled / double.Sqrt(counts.Length), -5, 5);
        Assert.InRange(squared / counts.Length, 0.96, 1.04);
        Assert.InRange(zeros / expected, 0.96, 1.04);
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
