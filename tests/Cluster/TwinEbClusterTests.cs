using System.Globalization;
using System.Text;
using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>TwinEB on nodes, of which two are killed, and a fit that fails: the files equal those of 'fit' in one process.</summary>
public sealed class TwinEbClusterTests : IDisposable
{
    private const int Columns = 150;
    private readonly string _folder = Directory.CreateTempSubdirectory("fitcluster-twineb-").FullName;

    private string Data => Path.Combine(_folder, "counts.mtx");

    private string[] Arguments =>
    [
        "twineb", "--data", Data, "--shards", "6", "--factors", "6", "--checkpoint-rounds", "10", "--set", "twineb.protocol=strong",
        "--set", "twineb.rowComponents=4",
        "--set", "twineb.columnComponents=4", "--set", "twineb.tolerance=1e-12", "--set", "twineb.steps=600",
        "--set", "twineb.heldOutSamples=10",
    ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_kills_leave_the_bits_of_one_process()
    {
        WriteCounts(3000);
        await using var cluster = await TestCluster.StartShared(3);
        var expected = Path.Combine(_folder, "expected");
        var exitCode = FitProgram.RunProcess(["fit", .. Arguments, "--out", expected, "--progress", "none"]).ExitCode;
        Assert.True(exitCode is 0 or 3, $"exit code {exitCode}");

        cluster.Run(["submit", .. Arguments, "--name", "job"]).Expect(0);
        await cluster.Round("job", 20);
        cluster.Kill((await cluster.Placement("job")).Workers[0]);
        // Not a round: on a slow machine the fit may be past any by the time of the kill, and both
        // nodes would die before the first was missed.
        await TestCluster.Until(async () => (await cluster.Events("job")).Contains("was lost in round", StringComparison.Ordinal),
            "nobody missed the killed node");
        Assert.True((await cluster.Job("job")).Ended is null, "the job ended before its coordinator's node could be killed");
        cluster.Kill((await cluster.Placement("job")).Coordinator);
        await cluster.End("job");
        var events = await cluster.Events("job");
        Assert.True(
            (await cluster.Job("job")).State is JobState.Converged or JobState.Stopped, $"{(await cluster.Job("job")).Reason}\n{events}");
        Assert.Contains("goes on from the checkpoint", events, StringComparison.Ordinal);

        var results = Path.Combine(_folder, "results");
        cluster.Run("results", "job", "--out", results).Expect(exitCode);
        string[] names =
        [
            "rows_mean.npy", "rows_sd.npy", "columns_mean.npy", "columns_sd.npy", "row_prior.json", "column_prior.json", "split_rows.tsv",
            "split_cells.tsv"
        ];
        Assert.All(names, name => Assert.True(
            File.ReadAllBytes(Path.Combine(expected, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(results, name))),
            $"{name} differs"));
    }

    [Fact]
    public async Task A_job_that_diverges_fails_and_its_best_so_far_is_that_of_one_process()
    {
        // An epoch's loss that is a thousandth above the one before is divergence, and there is no retry.
        WriteCounts(200);
        string[] arguments =
        [
            "twineb", "--data", Data, "--shards", "3", "--factors", "3", "--set", "twineb.optimizer=reference",
            "--set", "twineb.divergenceFactor=1.001", "--set", "twineb.retries=0",
            "--set", "twineb.rowComponents=2", "--set", "twineb.columnComponents=2", "--set", "twineb.batchSize=50",
            "--set", "twineb.steps=4000",
        ];
        await using var cluster = await TestCluster.StartShared(1);
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

    // Three kinds of rows that prefer their own third of the columns.
    private void WriteCounts(int rows)
    {
        var lines = new List<string>();
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < Columns; j++)
            {
                var hash = unchecked((uint)((i * 2_654_435_761L) ^ (j * 40_503L * (i + 7)))) % 1000;
                var rate = i % 3 == j * 3 / Columns ? 400 : 60;
                if (hash < rate)
                {
                    lines.Add(string.Create(CultureInfo.InvariantCulture, $"{i + 1} {j + 1} {1 + (hash % 3)}"));
                }
            }
        }

        var text = new StringBuilder("%%MatrixMarket matrix coordinate real general\n").AppendLine(
            CultureInfo.InvariantCulture, $"{rows} {Columns} {lines.Count}");
        File.WriteAllText(Data, text + string.Join('\n', lines) + "\n");
    }
}
