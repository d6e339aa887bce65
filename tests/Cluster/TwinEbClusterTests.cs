using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A TwinEB fit that fails on a node: its files equal those of 'fit' in one process.</summary>
public sealed class TwinEbClusterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-twineb-").FullName;

    private string Data => Path.Combine(_folder, "counts.mtx");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_job_that_diverges_fails_and_its_best_so_far_is_that_of_one_process()
    {
        // An epoch's loss that is a thousandth above the one before is divergence, and there is no retry.
        PlantedCounts.Write(Data, 200);
        string[] arguments =
        [
            "twineb", "--data", Data, "--shards", "3", "--factors", "3", "--set", "twineb.optimizer=reference",
            "--set", "twineb.divergenceFactor=1.001", "--set", "twineb.retries=0",
            "--set", "twineb.rowComponents=2", "--set", "twineb.columnComponents=2", "--set", "twineb.batchSize=50",
            "--set", "twineb.steps=4000",
        ];
        await using var cluster = await TestCluster.Start(1);
        var expected = Path.Combine(_folder, "expected");
        FitProgram.RunProcess(["fit", .. arguments, "--out", expected, "--progress", "none"]).Expect(1);
        cluster.Run(["submit", .. arguments, "--name", "job"]).Expect(0);
        await cluster.End("job");
        Assert.Equal(JobState.Failed, (await cluster.Job("job")).State);
        var results = Path.Combine(_folder, "results");
        cluster.Run("results", "job", "--out", results).Expect(1);
        Assert.Contains(
            "\"status\": \"failed\"", await File.ReadAllTextAsync(Path.Combine(results, "fit.json"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        string[] names = ["rows_mean.npy", "rows_sd.npy", "columns_mean.npy", "columns_sd.npy", "row_prior.json", "column_prior.json"];
        Assert.All(names, name => Assert.True(
            File.ReadAllBytes(Path.Combine(expected, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, name))),
            $"{name} differs"));
    }
}
