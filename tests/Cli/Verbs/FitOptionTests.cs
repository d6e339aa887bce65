using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>Options whose effect no other test shows.</summary>
public sealed class FitOptionTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_name_is_the_jobs()
    {
        Fit("--name", "another-name").Expect(0);
        Assert.Equal("another-name", Scratch.Json(_scratch.At("out/fit.json")).GetProperty("name").GetString());
    }

    [Fact]
    public void Each_side_has_the_prior_family_that_is_asked_for()
    {
        Fit("--loadings-prior", "point_exponential", "--factors-prior", "point_laplace").Expect(0);
        foreach (var (side, family) in new[] { ("loadings", "point_exponential"), ("factors", "point_laplace") })
        {
            Assert.All(
                Scratch.Json(_scratch.At($"out/{side}_prior.json")).EnumerateArray(),
                prior => Assert.Equal(family, prior.GetProperty("family").GetString()));
        }
    }

    [Fact]
    public void A_limit_of_seconds_stops_a_fit_that_has_not_converged()
    {
        Fit("--max-seconds", "0.001").Expect(3);
        Assert.Equal("stopped", Scratch.Json(_scratch.At("out/fit.json")).GetProperty("status").GetString());
    }

    [Fact]
    public void A_limit_of_sweeps_ends_a_backfit_that_has_not_converged()
    {
        Fit("--set", "ebmf.maxSweeps=1").Expect(3);
        Fit("--set", "ebmf.maxSweeps=1", "--fresh", "--set", "ebmf.backfit=false", "--set", "ebmf.nullcheck=false").Expect(3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void So_many_checkpoints_are_kept(int keep)
    {
        // Interrupted long before its end, with a checkpoint after every round: what is there is what is kept.
        var started = FitProgram.Start(
            "fit", "ebmf", "--data", _scratch.Simulate(rows: 2000, columns: 200), "--out", _scratch.At("out"), "--checkpoint-rounds", "1",
            "--keep", $"{keep}",
            "--tolerance", "1e-12", "--set", "ebmf.extrapolate=false", "--set", "ebmf.maxSweeps=100000", "--progress", "none");
        var checkpoints = _scratch.At("out/checkpoints");
        int Whole() =>
            Directory.Exists(checkpoints) ? Directory.GetFiles(checkpoints, "manifest.json", SearchOption.AllDirectories).Length : 0;
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (Whole() < keep && DateTime.UtcNow < deadline)
        {
            Thread.Sleep(10);
        }

        FitProgram.Signal(started.Process, 15);
        FitProgram.Wait(started).Expect(130);
        Assert.Equal(keep, Whole());
    }

    private FitProgram.Ran Fit(params string[] more) =>
        FitProgram.Run(
            ["fit", "ebmf", "--data", _scratch.Simulate(), "--out", _scratch.At("out"), "--factors", "5", "--progress", "none", .. more]);
}
