using System.ComponentModel;
using System.Diagnostics;

namespace FitCluster.Runner;

/// <summary>
/// Runs test executables, the longest first, so many at once as keep the cores busy: those that mostly wait beside those that compute.
/// Disposing of it kills what runs, and deletes what that left in its folder for temporary files.
/// </summary>
internal sealed class Scheduler(string logs, int cores) : IDisposable
{
    // What waits does not wait all the time: somewhat more than the cores is started.
    private const double Crowding = 1.3;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(Environment.GetEnvironmentVariable("FITCLUSTER_LONG") == "1" ? 240 : 30);

    private readonly DirectoryInfo _temporary = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"fitcluster-tests-{Environment.ProcessId}"));
    private readonly List<Process> _processes = [];
    private bool _isOver;

    public async Task<IReadOnlyList<TestOutcome>> Run(IEnumerable<TestRun> runs)
    {
        var waiting = runs.OrderByDescending(run => run.Seconds).ToList();
        var running = new Dictionary<Task<TestOutcome>, TestRun>();
        var (outcomes, cpu) = (new List<TestOutcome>(), 0.0);
        while (waiting.Count + running.Count > 0)
        {
            var free = (cores * Crowding) - running.Values.Sum(run => run.Cores);
            // The longest of those for which there is room; with nothing running there is room for any.
            if (waiting.Find(run => run.Cores <= free || running.Count == 0) is { } next)
            {
                waiting.Remove(next);
                running.Add(Start(next), next);
                continue;
            }

            var ended = await Task.WhenAny(running.Keys);
            running.Remove(ended);
            // Counted are processes that were waited for: what came with this one is its own.
            var now = CpuClock.OfChildren();
            outcomes.Add(await ended with { CpuSeconds = now - cpu });
            cpu = now;
            await Console.Error.WriteLineAsync($"  {outcomes[^1].Line}");
        }

        return outcomes;
    }

    public void Dispose()
    {
        lock (_processes)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            foreach (var process in _processes)
            {
                Kill(process);
            }

            try
            {
                _temporary.Delete(recursive: true);
            }
            catch (IOException)
            {
                // Something that was killed still writes; it is a temporary folder.
            }
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or Win32Exception)
        {
            // It, or one that it had started, has ended meanwhile.
        }
    }

    private async Task<TestOutcome> Start(TestRun run)
    {
        var (clock, trx, log) = (Stopwatch.StartNew(), Path.Combine(logs, $"{run.Name}.trx"), Path.Combine(logs, $"{run.Name}.log"));
        if (!File.Exists(run.Program))
        {
            return TestOutcome.Died(run, clock.Elapsed, $"{run.Program} is not there: was it built?");
        }

        // By env, as who runs ./test in the background has SIGINT ignored, and tests send it.
        var info = new ProcessStartInfo("env", ["--default-signal=INT,QUIT", run.Program, .. run.Arguments, "-noColor", "-trx", trx])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // The second: .NET maps code twice against attacks, at a tenth of the CPU time of processes that live for seconds.
            Environment = { ["TMPDIR"] = _temporary.FullName, ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        Process process;
        lock (_processes)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            process = Process.Start(info)!;
            _processes.Add(process);
        }

        using var limit = new CancellationTokenSource(Limit);
        using var stop = limit.Token.Register(() => Kill(process));
        await using (var writer = File.CreateText(log))
        {
            await Task.WhenAll(Copy(process.StandardOutput, writer), Copy(process.StandardError, writer));
        }

        await process.WaitForExitAsync(CancellationToken.None);
        return limit.IsCancellationRequested
            ? TestOutcome.Died(run, clock.Elapsed, $"{run.Name} was ended after {Limit.TotalMinutes:F0} minutes: see {log}")
            : TestOutcome.Read(run, clock.Elapsed, process.ExitCode, trx, log);
    }

    private static async Task Copy(StreamReader from, StreamWriter to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (to)
            {
                to.WriteLine(line);
            }
        }
    }
}
