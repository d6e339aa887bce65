using FitCluster.Cli.Tests;
using FitCluster.Engine;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A job that a limit stopped is gone on with under a larger one, and ends with the bits of one that was never stopped.</summary>
public sealed class LimitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-limit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_stopped_job_goes_on_under_a_larger_limit_and_not_under_a_smaller_one()
    {
        Effort.OnlyLong();
        var (data, expected) = (Path.Combine(_folder, "data"), Path.Combine(_folder, "expected"));
        FitProgram.RunProcess("simulate", "ebmf", "--rows", "400", "--columns", "60", "--factors", "3", "--out", data).Expect(0);
        string[] arguments = ["ebmf", "--data", data, "--factors", "5", "--shards", "3"];
        FitProgram.RunProcess(["fit", .. arguments, "--out", expected, "--progress", "none"]).Expect(0);
        await using var cluster = await TestCluster.Start(2);
        cluster.Run(["submit", .. arguments, "--name", "job", "--max-rounds", "25", "--wait", "--progress", "none"]).Expect(3);
        var stopped = Path.Combine(_folder, "stopped");
        cluster.Run("results", "job", "--out", stopped).Expect(3);
        Assert.Contains("\"resume\"", File.ReadAllText(Path.Combine(stopped, "fit.json")), StringComparison.Ordinal);

        var smaller = cluster.Run(["submit", .. arguments, "--name", "job", "--max-rounds", "20"]).Expect(0);
        Assert.Contains("was submitted before, and is stopped", smaller.Output, StringComparison.Ordinal);
        Assert.Equal(JobState.Stopped, (await cluster.Job("job")).State);

        var larger = cluster.Run(["submit", .. arguments, "--name", "job"]).Expect(0);
        Assert.Contains("had been stopped by a limit, and goes on", larger.Output, StringComparison.Ordinal);
        await cluster.End("job");
        var results = Path.Combine(_folder, "results");
        cluster.Run("results", "job", "--out", results).Expect(0);
        Assert.All(Directory.GetFiles(expected, "*.npy"), file => Assert.True(
            File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, Path.GetFileName(file)))),
            $"{Path.GetFileName(file)} differs"));
        static IEnumerable<string> Trace(string folder) => File.ReadLines(Path.Combine(folder, "trace.csv")).Select(line =>
            string.Join(',', line.Split(',').Where((_, field) => field != 2)));
        Assert.Equal(Trace(expected), Trace(results));
    }
}
