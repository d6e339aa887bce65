using System.Diagnostics;
using System.Text.Json;
using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Deploy.Tests.Local;

/// <summary>"Backup and restore" of docs/operations.md, by its own commands.</summary>
public sealed class BackupTests
{
    private const int Stop = 19;
    private const int Continue = 18;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_job_that_ran_when_the_dump_was_taken_goes_on_from_it_with_the_same_bits()
    {
        LocalCluster.SkipWithoutDatabase();
        await using var cluster = new LocalCluster();
        await cluster.Expect(0, "up", "--nodes", "1", "--postgres");
        var (data, dump) = (Path.Combine(cluster.Folder, "data"), Path.Combine(cluster.Folder, "fitcluster.dump"));
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "20000", "--columns", "300", "--factors", "6").Expect(0);
        string[] fit = ["ebmf", "--data", data, "--shards", "3", "--factors", "15", "--checkpoint-rounds", "20"];
        cluster.Fit(["submit", "--name", "job", .. fit]).Expect(0);
        // The node runs in slices and is frozen while it is asked about and dumped: however fast it is, the job does not end meanwhile.
        using var node = Process.GetProcessById(cluster.ProcessOfNode(1));
        for (var clock = Stopwatch.StartNew(); ;)
        {
            await Task.Delay(Slice);
            FitProgram.Signal(node, Stop);
            if (CheckpointRound(cluster) >= 20)
            {
                break;
            }

            FitProgram.Signal(node, Continue);
            Assert.True(clock.Elapsed < Limit, "there was no checkpoint in time");
        }

        var url = cluster.Store.Replace("postgres:", "postgresql:", StringComparison.Ordinal);
        await Run("pg_dump", "--format=custom", "--compress=1", "--schema=fitcluster", $"--file={dump}", url);
        await cluster.Expect(0, "kill", "1");
        await Run("psql", "--quiet", url, "-c", "DROP SCHEMA fitcluster CASCADE");
        await Run("pg_restore", $"--dbname={url}", "--exit-on-error", "--single-transaction", dump);
        // The dump is of the middle of the job, not of its end.
        Assert.InRange(CheckpointRound(cluster), 20, 1_000_000);
        Assert.Equal("running", Job(cluster).GetProperty("state").GetString());
        await cluster.Expect(0, "start", "1");
        cluster.Fit("watch", "job", "--progress", "none").Expect(0);
        Assert.Contains("goes on from the checkpoint", cluster.Fit("status", "job").Expect(0).Output, StringComparison.Ordinal);

        var (here, there) = (Path.Combine(cluster.Folder, "here"), Path.Combine(cluster.Folder, "there"));
        cluster.Fit("results", "job", "--out", there).Expect(0);
        FitProgram.RunProcess(["fit", .. fit, "--out", here, "--progress", "none"]).Expect(0);
        var arrays = Directory.GetFiles(here, "*.npy");
        Assert.NotEmpty(arrays);
        Assert.All(
            arrays, array => Assert.Equal(File.ReadAllBytes(array), File.ReadAllBytes(Path.Combine(there, Path.GetFileName(array)))));
    }

    private static JsonElement Job(LocalCluster cluster)
    {
        using var document = JsonDocument.Parse(cluster.Fit("status", "job", "--format", "json").Expect(0).Output);
        return document.RootElement.Clone();
    }

    private static long CheckpointRound(LocalCluster cluster) => Job(cluster).GetProperty("checkpointRound").GetInt64();

    private static async Task Run(string program, params string[] arguments)
    {
        var ran = await Checkout.Run(program, arguments);
        Assert.True(ran.ExitCode == 0, $"{program}: {ran.Error}");
    }
}
