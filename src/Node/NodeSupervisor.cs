using System.Diagnostics;
using System.Runtime.InteropServices;
using FitCluster.Engine;
using FitCluster.Models;

namespace FitCluster.Node;

/// <summary>
/// Runs a node as a child process, starts it again with growing pauses when it crashes, and notes in the store how it ended: what a
/// process that is killed cannot do itself. Each start has a name of its own.
/// </summary>
/// <param name="options">The node's options.</param>
/// <param name="arguments">The arguments of this program, --supervise among them.</param>
internal sealed class NodeSupervisor(NodeOptions options, IReadOnlyList<string> arguments)
{
    /// <summary>The longest name of a node whose starts are numbered.</summary>
    public const int LongestName = 120;

    private const int LastLines = 20;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>A node that has run for so long was sound: the next pause is the shortest again.</summary>
    private static readonly TimeSpan SoundAfter = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lines = new();
    private Process? _child;
    private bool _wasReady;

    /// <summary>Returns the exit code once the node has ended of its own accord, or could never join.</summary>
    public async Task<int> Run()
    {
        using var handled = Interruption.HandledHere();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Forward(context, ChildEnd.Interrupt));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Forward(context, ChildEnd.Terminate));
        var pause = ShortestPause;
        for (var start = 1; ; start++)
        {
            var name = start == 1 ? options.Name : $"{options.Name}.{start}";
            var killedBefore = NodeMemory.KilledForMemory();
            var since = Stopwatch.GetTimestamp();
            var code = await RunChild(name).ConfigureAwait(false);
            if (_stop.Task.IsCompleted || code is ExitCode.Done or ExitCode.BadInput or ExitCode.Interrupted || (code == ExitCode.Unreachable && !_wasReady))
            {
                return code;
            }

            pause = Stopwatch.GetElapsedTime(since) > SoundAfter ? ShortestPause : pause;
            var how = ChildEnd.Words(code, killedBefore, NodeMemory.KilledForMemory());
            Console.Error.WriteLine(FormattableString.Invariant($"node {name} ended: {how}; it is started again in {pause.TotalSeconds:F0} s"));
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

    private async Task<int> RunChild(string name)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!, ChildArguments(name)) { RedirectStandardError = true };
        using var child = new Process { StartInfo = info };
        child.ErrorDataReceived += (_, line) => Take(line.Data);
        lock (_lines)
        {
            _lines.Clear();
        }

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

    private List<string> ChildArguments(string name)
    {
        var list = new List<string>();
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            list.Add(Environment.GetCommandLineArgs()[0]);
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--name")
            {
                i++;
            }
            else if (arguments[i] != "--supervise")
            {
                list.Add(arguments[i]);
            }
        }

        list.AddRange(["--name", name]);
        return list;
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        Console.Error.WriteLine(line);
        lock (_lines)
        {
            _wasReady |= line.Contains($" is ready: store ", StringComparison.Ordinal);
            // The frames of a stack trace crowd out the sentence before them.
            if (!line.StartsWith("   at ", StringComparison.Ordinal))
            {
                _lines.Enqueue(line);
                if (_lines.Count > LastLines)
                {
                    _lines.Dequeue();
                }
            }
        }
    }

    private void Forward(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        _stop.TrySetResult();
        lock (_stop)
        {
            if (_child is { HasExited: false } child)
            {
                ChildEnd.Signal(child.Id, signal);
            }
        }
    }

    /// <summary>Writes into the node's last report how it ended; what others say of it then has a reason.</summary>
    private async Task Note(string name, string how)
    {
        string[] lines;
        lock (_lines)
        {
            lines = [.. _lines];
        }

        try
        {
            await using var store = new PostgresStore(options.Store);
            var last = (await store.Nodes().ConfigureAwait(false)).FirstOrDefault(node => node.Name == name) ?? new NodeEntry { Name = name, Host = Environment.MachineName };
            var state = last.State is "up" or "draining" or "left" ? how : $"{last.State}; {how}";
            await store.ReportNode(last with { State = state, LastLines = lines }).ConfigureAwait(false);
        }
        catch (ClusterStoreException error)
        {
            Console.Error.WriteLine($"how node {name} ended could not be noted: {error.Message}");
        }
    }
}
