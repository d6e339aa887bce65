using System.Diagnostics;
using System.Text.Json;
using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Deploy.Tests.Local;

/// <summary>"Backup and restore" of docs/operations.md, by its own commands.</summary>
public sealed class BackupTests
{
    private const int Stop = 19;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_job_that_ran_when_the_dump_was_taken_goes_on_from_it_with_the_same_bits()
    {
        LocalCluster.SkipWithoutDatabase();
        await using var cluster = new LocalCluster();
        await cluster.Expect(0, "up", "--nodes", "1", "--postgres");
        var (data, dump) = (Path.Combine(cluster.Folder, "data"), Path.Combine(cluster.Folder, "fitcluster.dump"));
        // Of hundreds of rounds: the job is in its first tenth when it is stopped.
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "12000", "--columns", "300", "--factors", "15").Expect(0);
        string[] fit =
        [
            "ebmf", "--data", data, "--shards", "3", "--factors", "15", "--checkpoint-rounds", "20", "--tolerance", "1e-7",
            "--set", "ebmf.init=power",
        ];
        cluster.Fit(["submit", "--name", "job", .. fit]).Expect(0);
        var url = cluster.Store.Replace("postgres:", "postgresql:", StringComparison.Ordinal);
        for (var clock = Stopwatch.StartNew();
            await Run("psql", "-At", url, "-c", "SELECT count(*) FROM fitcluster.manifests WHERE round >= 20") == "0\n";)
        {
            Assert.True(clock.Elapsed < Limit, "there was no checkpoint in time");
        }

        using var node = Process.GetProcessById(cluster.ProcessOfNode(1));
        FitProgram.Signal(node, Stop);
        await Run("pg_dump", "--format=custom", "--compress=1", "--schema=fitcluster", $"--file={dump}", url);
        await cluster.Expect(0, "kill", "1");
        await Run("psql", "--quiet", url, "-c", "DROP SCHEMA fitcluster CASCADE");
        await Run("pg_restore", $"--dbname={url}", "--exit-on-error", "--single-transaction", dump);
        // The dump is of the middle of the job, not of its end.
        Assert.Equal("running", State(cluster));
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

    private static string? State(LocalCluster cluster)
    {
        using var document = JsonDocument.Parse(cluster.Fit("status", "job", "--format", "json").Expect(0).Output);
        return document.RootElement.GetProperty("state").GetString();
    }

    private static async Task<string> Run(string program, params string[] arguments)
    {
        var ran = await Checkout.Run(program, arguments);
        Assert.True(ran.ExitCode == 0, $"{program}: {ran.Error}");
        return ran.Output;
    }
}
