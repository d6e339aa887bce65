using FitCluster.Cli.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Deploy.Tests.Local;

/// <summary>deploy/local/cluster: what a user does with it, on ports and in a folder of the test's own.</summary>
public sealed class LocalClusterTests : IAsyncDisposable
{
    private readonly LocalCluster _cluster = new();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    /// <summary>Once over a file, with no server at all; once over a database.</summary>
    [Theory]
    [InlineData("", 2)]
    [InlineData("database up\n", 3, "--postgres")]
    public async Task A_job_outlives_a_node_that_stops_and_comes_back_and_in_the_end_nothing_runs(
        string database, int processes, params string[] options)
    {
        if (database.Length > 0)
        {
            Effort.OnlyLong();
            LocalCluster.SkipWithoutDatabase();
        }

        Assert.Contains("up: 2 nodes", await _cluster.Expect(0, ["up", "--nodes", "2", .. options]), StringComparison.Ordinal);
        Assert.Contains("up already", await _cluster.Expect(0, ["up", "--nodes", "2", .. options]), StringComparison.Ordinal);
        Assert.Equal($"{database}node1 up\nnode2 up\n", await _cluster.Expect(0, "status"));

        // What is looked for afterwards can be found.
        Assert.InRange(_cluster.StillRunning().Count, processes, 100);
        var data = Path.Combine(_cluster.Folder, "data");
        FitProgram.RunProcess("simulate", "ebmf", "--out", data, "--rows", "4000", "--columns", "200", "--factors", "4").Expect(0);
        _cluster.Fit("submit", "ebmf", "--name", "job", "--data", data, "--shards", "4", "--factors", "8").Expect(0);
        Assert.Equal("node1 has drained\n", await _cluster.Expect(0, "stop", "1"));
        Assert.Contains("node1 down", await _cluster.Expect(0, "status"), StringComparison.Ordinal);
        Assert.Contains("node 1 does not run", await _cluster.Expect(1, "stop", "1"), StringComparison.Ordinal);
        Assert.Equal("node1 has joined\n", await _cluster.Expect(0, "start", "1"));
        Assert.Equal("node1 is up\n", await _cluster.Expect(0, "start", "1"));
        Assert.Equal("node2 is killed\n", await _cluster.Expect(0, "kill", "2"));
        _cluster.Fit("watch", "job", "--progress", "none").Expect(0);

        // The store outlives the rest: the job and its results are still known.
        await _cluster.Expect(0, "down");
        Assert.Empty(_cluster.StillRunning());
        Assert.Contains("nothing runs", await _cluster.Expect(0, "status"), StringComparison.Ordinal);
        await _cluster.Expect(0, "down");
        Assert.Contains("up: 1 node;", await _cluster.Expect(0, ["up", "--nodes", "1", .. options]), StringComparison.Ordinal);
        Assert.Contains("converged", _cluster.Fit("list").Expect(0).Output, StringComparison.Ordinal);
        await _cluster.Expect(0, "down");
        Assert.Empty(_cluster.StillRunning());
    }

    [Fact]
    public async Task A_folder_has_one_kind_of_store()
    {
        await _cluster.Expect(0, "up", "--nodes", "1");
        await _cluster.Expect(0, "down");
        LocalCluster.SkipWithoutDatabase();
        Assert.Contains("has a store in a file", await _cluster.Expect(1, "up", "--nodes", "1", "--postgres"), StringComparison.Ordinal);
        Assert.Empty(_cluster.StillRunning());
    }

    [Fact]
    public async Task What_was_started_before_a_failure_is_stopped()
    {
        LocalCluster.SkipWithoutDatabase();
        var said = await _cluster.Expect(1, "/bin/false", "up", "--nodes", "1", "--postgres");
        Assert.Contains("node 1 did not start", said, StringComparison.Ordinal);
        Assert.Contains("stopping what was started", said, StringComparison.Ordinal);
        Assert.Empty(_cluster.StillRunning());
    }

    [Theory]
    [InlineData("'0' is not a number from 1 to 99", "up", "--nodes", "0")]
    [InlineData("'x' is not a number from 1 to 99", "up", "--nodes", "x")]
    [InlineData("unknown argument '--frob'", "up", "--frob")]
    [InlineData("--postgres is for 'up'", "down", "--postgres")]
    [InlineData("stop needs the number of a node", "stop")]
    [InlineData("'down' takes no number", "down", "2")]
    [InlineData("cluster up [--nodes N]", "frob")]
    public async Task A_mistake_is_said_and_starts_nothing(string words, params string[] arguments)
    {
        Assert.Contains(words, await _cluster.Expect(2, arguments), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_cluster.Folder));
    }

    [Theory]
    [InlineData("start", "1")]
    [InlineData("kill", "1")]
    public async Task Without_a_cluster_a_node_is_neither_started_nor_stopped(params string[] arguments) =>
        Assert.Contains("no cluster is up in", await _cluster.Expect(1, arguments), StringComparison.Ordinal);
}
