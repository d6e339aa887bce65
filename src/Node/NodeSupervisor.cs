using System.Diagnostics;
using FitCluster.Engine;
using FitCluster.Models;

namespace FitCluster.Node;

/// <summary>
/// Runs a node as a child process, starts it again with growing pauses when it crashes, and notes in the store how it ended: what a
/// process that is killed cannot do itself. Each start has a name of its own.
/// </summary>
/// <param name="options">The node's options.</param>
/// <param name="start">How a child of a name is started.</param>
/// <param name="say">Told each line of the child and of the supervisor.</param>
internal sealed class NodeSupervisor(NodeOptions options, Func<string, ProcessStartInfo> start, Action<string> say)
{
    /// <summary>The longest name of a node whose starts are numbered.</summary>
    public const int LongestName = 120;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>A node that has run for so long was sound: the next pause is the shortest again.</summary>
    private static readonly TimeSpan SoundAfter = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LastLines _lines = new();
    private Process? _child;
    private volatile bool _wasReady;

    /// <summary>Returns the exit code once the node has ended of its own accord, or could never join.</summary>
    public async Task<int> Run()
    {
        var pause = ShortestPause;
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? options.Name : $"{options.Name}.{number}";
            var killedBefore = NodeMemory.KilledForMemory();
            var since = Stopwatch.GetTimestamp();
            var code = await RunChild(name).ConfigureAwait(false);
            if (_stop.Task.IsCompleted || code is ExitCode.Done or ExitCode.BadInput or ExitCode.Interrupted ||
                (code == ExitCode.Unreachable && !_wasReady))
            {
                return code;
            }

            pause = Stopwatch.GetElapsedTime(since) > SoundAfter ? ShortestPause : pause;
            var how = ChildEnd.Words(code, killedBefore, NodeMemory.KilledForMemory());
            say(FormattableString.Invariant($"node {name} ended: {how}; it is started again in {pause.TotalSeconds:F0} s"));
            var noting = Note(name, how);
            await Task.WhenAny(Task.Delay(pause), _stop.Task).ConfigureAwait(false);
            await noting.ConfigureAwait(false);
            if (_stop.Task.IsCompleted)
            {
                return ExitCode.Done;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Sends the child a signal, and starts none any more.</summary>
    public void Stop(int signal)
    {
        _stop.TrySetResult();
        lock (_stop)
        {
            if (_child is { HasExited: false } child)
            {
                ChildEnd.Signal(child.Id, signal);
            }
        }
    }

    private async Task<int> RunChild(string name)
    {
        var info = start(name);
        info.RedirectStandardError = true;
        using var child = new Process { StartInfo = info };
        child.ErrorDataReceived += (_, line) => Take(line.Data);
        _lines.Clear();
        lock (_stop)
        {
            child.Start();
            _child = child;
        }

        child.BeginErrorReadLine();
        if (_stop.Task.IsCompleted)
        {
            // Told to stop in the moment of its start.
            ChildEnd.Signal(child.Id, ChildEnd.Terminate);
        }

        await child.WaitForExitAsync().ConfigureAwait(false);
        lock (_stop)
        {
            _child = null;
        }

        return child.ExitCode;
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        say(line);
        _wasReady |= line.Contains(NodeHost.ReadyWords, StringComparison.Ordinal);
        // The frames of a stack trace crowd out the sentence before them.
        if (!line.StartsWith("   at ", StringComparison.Ordinal))
        {
            _lines.Add(line);
        }
    }

    /// <summary>Writes into the node's last report how it ended; what others say of it then has a reason.</summary>
    private async Task Note(string name, string how)
    {
        var lines = _lines.All;
        try
        {
            await using var store = ClusterStores.Open(options.Store);
            var last = (await store.Nodes().ConfigureAwait(false)).FirstOrDefault(node => node.Name == name) ??
                new NodeEntry { Name = name, Host = Environment.MachineName };
            var state = last.State is "up" or "draining" or "left" ? how : $"{last.State}; {how}";
            await store.ReportNode(last with { State = state, LastLines = lines }).ConfigureAwait(false);
        }
        catch (ClusterStoreException error)
        {
            say($"how node {name} ended could not be noted: {error.Message}");
        }
    }
}
