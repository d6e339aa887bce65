using System.Collections.Concurrent;
using System.Diagnostics;
using FitCluster.Models;
using Xunit;

namespace FitCluster.Node.Tests;

public sealed class NodeSupervisorTests
{
    private readonly ConcurrentQueue<string> _said = new();
    private readonly ConcurrentQueue<string> _names = new();

    [Fact]
    public async Task A_child_that_crashes_is_started_again_under_another_name_and_its_words_go_on()
    {
        var supervisor = Supervise(name => name == "n" ? "echo the last word >&2; exit 7" : "exit 0");
        Assert.Equal(ExitCode.Done, await supervisor.Run());
        Assert.Equal(["n", "n.2"], _names);
        Assert.Equal("the last word", _said.First());
        Assert.Contains("node n ended: exit code 7; it is started again in 1 s", _said);
        const string NotNoted = "how node n ended could not be noted: the store postgres://127.0.0.1:1/db";
        Assert.Contains(_said, words => words.StartsWith(NotNoted, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ExitCode.BadInput)]
    [InlineData(ExitCode.Unreachable)]
    [InlineData(ExitCode.Interrupted)]
    public async Task A_child_that_cannot_be_helped_by_another_start_is_not_started_again(int code)
    {
        Assert.Equal(code, await Supervise(_ => $"exit {code}").Run());
        Assert.Equal(["n"], _names);
    }

    [Fact]
    public async Task A_child_that_had_joined_is_started_again_when_the_cluster_goes_away()
    {
        var first = $"echo '12:00:00 node n{NodeHost.ReadyWords}x' >&2; exit {ExitCode.Unreachable}";
        var supervisor = Supervise(name => name == "n" ? first : "exit 0");
        Assert.Equal(ExitCode.Done, await supervisor.Run());
        Assert.Equal(["n", "n.2"], _names);
    }

    [Fact]
    public async Task A_signal_goes_to_the_child_and_none_is_started_after_it()
    {
        var supervisor = Supervise(_ => "trap 'exit 9' TERM; echo up >&2; while :; do sleep 0.05; done");
        var running = supervisor.Run();
        await Eventually.Holds(() => _said.Contains("up"), "the child");
        supervisor.Stop(ChildEnd.Terminate);
        Assert.Equal(9, await running);
        Assert.Equal(["n"], _names);
    }

    private NodeSupervisor Supervise(Func<string, string> script) => new(
        new NodeOptions { Store = "postgres://u:p@127.0.0.1:1/db", Name = "n" },
        name =>
        {
            _names.Enqueue(name);
            return new ProcessStartInfo("/bin/sh", ["-c", script(name)]);
        },
        _said.Enqueue);
}
