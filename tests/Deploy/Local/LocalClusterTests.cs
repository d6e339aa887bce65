using System.Text.RegularExpressions;
using FitCluster.Cli.Tests;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Deploy.Tests.Local;

/// <summary>deploy/local/cluster: what a user does with it, on ports and in a folder of the test's own.</summary>
public sealed partial class LocalClusterTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"fitcluster-local-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster("down");
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_job_outlives_a_node_that_stops_and_comes_back_and_in_the_end_nothing_runs()
    {
        Assert.Contains("up: 2 nodes", await Expect(0, "up", "--nodes", "2"), StringComparison.Ordinal);
        Assert.Contains("up already", await Expect(0, "up", "--nodes", "2"), StringComparison.Ordinal);
        Assert.Equal("broker up\ndatabase up\nnode1 up\nnode2 up\n", await Expect(0, "status"));

        // Two nodes, the broker, the port mapper and the database at least: what is looked for afterwards can be found.
        Assert.InRange(StillRunning().Count, 5, 100);
        string[] urls = [.. Urls()];
        var data = Path.Combine(_folder, "data");
        FitProgram.Run("simulate", "ebmf", "--out", data, "--rows", "4000", "--columns", "200", "--factors", "4").Expect(0);
        FitProgram.Run(["submit", "ebmf", "--name", "job", "--data", data, "--shards", "4", "--factors", "8", .. urls]).Expect(0);
        Assert.Equal("node1 has drained\n", await Expect(0, "stop", "1"));
        Assert.Contains("node1 down", await Expect(0, "status"), StringComparison.Ordinal);
        Assert.Contains("node 1 does not run", await Expect(1, "stop", "1"), StringComparison.Ordinal);
        Assert.Equal("node1 has joined\n", await Expect(0, "start", "1"));
        Assert.Equal("node1 is up\n", await Expect(0, "start", "1"));
        Assert.Equal("node2 is killed\n", await Expect(0, "kill", "2"));
        FitProgram.Run(["watch", "job", "--progress", "none", .. urls]).Expect(0);

        // The database outlives the rest: the job and its results are still known.
        await Expect(0, "down");
        Assert.Empty(StillRunning());
        Assert.Contains("nothing runs", await Expect(0, "status"), StringComparison.Ordinal);
        await Expect(0, "down");
        Assert.Contains("up: 1 node;", await Expect(0, "up", "--nodes", "1"), StringComparison.Ordinal);
        Assert.Contains("converged", FitProgram.Run(["list", .. Urls()]).Expect(0).Output, StringComparison.Ordinal);
        await Expect(0, "down");
        Assert.Empty(StillRunning());
    }

    [Fact]
    public async Task What_was_started_before_a_failure_is_stopped()
    {
        var said = await Expect(1, "/bin/false", "up", "--nodes", "1");
        Assert.Contains("node 1 did not start", said, StringComparison.Ordinal);
        Assert.Contains("stopping what was started", said, StringComparison.Ordinal);
        Assert.Empty(StillRunning());
    }

    [Theory]
    [InlineData("'0' is not a number from 1 to 99", "up", "--nodes", "0")]
    [InlineData("'x' is not a number from 1 to 99", "up", "--nodes", "x")]
    [InlineData("unknown argument '--frob'", "up", "--frob")]
    [InlineData("stop needs the number of a node", "stop")]
    [InlineData("'down' takes no number", "down", "2")]
    [InlineData("cluster up [--nodes N]", "frob")]
    public async Task A_mistake_is_said_and_starts_nothing(string words, params string[] arguments)
    {
        Assert.Contains(words, await Expect(2, arguments), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder));
    }

    [Theory]
    [InlineData("start", "1")]
    [InlineData("kill", "1")]
    public async Task Without_a_cluster_a_node_is_neither_started_nor_stopped(params string[] arguments) =>
        Assert.Contains("no cluster is up in", await Expect(1, arguments), StringComparison.Ordinal);

    /// <summary>What was said, after the exit code was as expected. A first argument that is a path is the program to use.</summary>
    private async Task<string> Expect(int exitCode, params string[] arguments)
    {
        var ran = await Cluster(arguments);
        Assert.True(ran.ExitCode == exitCode, $"cluster {string.Join(' ', arguments)} ended with {ran.ExitCode}: {ran.Error}{ran.Output}");
        return exitCode == 0 ? ran.Output : ran.Error;
    }

    private Task<Checkout.Ran> Cluster(params string[] arguments)
    {
        var isProgram = arguments[0][0] == '/';
        return Checkout.Run(
            Checkout.PathOf("deploy/local/cluster"),
            [.. arguments.Skip(isProgram ? 1 : 0), "--dir", _folder],
            ("FITCLUSTER_PROGRAM", isProgram ? arguments[0] : FitProgram.Path));
    }

    /// <summary>--broker URL --store URL, as DIR/env has them.</summary>
    private IEnumerable<string> Urls() => EnvironmentPattern().Matches(File.ReadAllText(Path.Combine(_folder, "env")))
        .SelectMany(m => new[] { $"--{m.Groups[1].Value.ToLowerInvariant()}", m.Groups[2].Value });

    /// <summary>Processes that have the folder, or the broker's URL, on their command line or in their environment: nodes, broker, port mapper, database.</summary>
    private List<string> StillRunning()
    {
        string[] marks = [_folder, Urls().ElementAt(1)];
        var found = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var known = File.ReadAllText($"{process}/cmdline") + File.ReadAllText($"{process}/environ");
                if (marks.Any(mark => known.Contains(mark, StringComparison.Ordinal)))
                {
                    found.Add(File.ReadAllText($"{process}/cmdline").Replace('\0', ' '));
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is somebody else's.
            }
        }

        return found;
    }

    [GeneratedRegex("FITCLUSTER_(BROKER|STORE)=(.+)")]
    private static partial Regex EnvironmentPattern();
}
