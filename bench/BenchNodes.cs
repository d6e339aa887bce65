using System.Diagnostics;

namespace FitCluster.Bench;

/// <summary>Node processes of one measurement; they end with it.</summary>
internal sealed class BenchNodes : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly List<Process> _nodes = [];

    /// <summary>The processes of the nodes.</summary>
    public IReadOnlyList<Process> Processes => _nodes;

    /// <summary>Seconds from the start of each node's process to its word that it is ready.</summary>
    public List<double> Starts { get; } = [];

    public static async Task<BenchNodes> Start(int count, string[] arguments, (string Name, string Value)[] environment)
    {
        var nodes = new BenchNodes();
        for (var n = 0; n < count; n++)
        {
            var start = new ProcessStartInfo(BenchFiles.Program,
                ["node", "--name", $"bench{n}", .. arguments])
            { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }

            var clock = Stopwatch.StartNew();
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var process = Process.Start(start)!;
            nodes._nodes.Add(process);
            process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data?.Contains("is ready", StringComparison.Ordinal) == true)
                {
                    ready.TrySetResult();
                }
            };
            process.OutputDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            await ready.Task.WaitAsync(StartLimit);
            nodes.Starts.Add(clock.Elapsed.TotalSeconds);
        }

        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            node.Kill();
            await node.WaitForExitAsync();
            node.Dispose();
        }
    }
}
