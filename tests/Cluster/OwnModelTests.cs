using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>Two nodes of a program with a model of its own (tests/OwnModel), of which one is killed.</summary>
public sealed class OwnModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-own-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_kill_leaves_the_bits_of_one_process()
    {
        var (expected, results) = (Path.Combine(_folder, "expected"), Path.Combine(_folder, "results"));
        FitProgram.RunOwn("simulate", "means", "--rows", "2000", "--columns", "20", "--out", Path.Combine(_folder, "sim")).Expect(0);
        string[] fit = ["means", "--data", Path.Combine(_folder, "sim", "data.npy"), "--shards", "4", "--steps", "8000",
            "--checkpoint-rounds", "200"];
        FitProgram.RunOwn(["fit", .. fit, "--out", expected, "--progress", "none"]).Expect(0);
        await using var cluster = await TestCluster.Start(2, FitProgram.OwnPath);
        cluster.Run(["submit", .. fit, "--name", "job"]).Expect(0);
        await TestCluster.Until(
            async () => await cluster.Job("job") is var job && (job.Progress.CheckpointRound.Value > 0 || job.Ended is not null),
            "no checkpoint was written");
        Assert.True((await cluster.Job("job")).Ended is null, "the job ended before its node could be killed");
        cluster.Kill((await cluster.Job("job")).Progress.Node);
        await cluster.End("job");
        var events = await cluster.Events("job");
        Assert.Contains("goes on from the checkpoint", events, StringComparison.Ordinal);
        Assert.True((await cluster.Job("job")).State == JobState.Converged, events);
        cluster.Run("results", "job", "--out", results).Expect(0);
        Assert.All(new[] { "mean.npy", "row_residual.npy" }, name => Assert.True(
            File.ReadAllBytes(Path.Combine(expected, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, name))),
            $"{name} differs"));
    }
}
