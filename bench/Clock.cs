using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FitCluster.Bench;

/// <summary>CPU and wall times, and what the kernel knows of a process.</summary>
internal static partial class Clock
{
    private const int ProcessCpu = 2;
    private const int Children = -1;

    /// <summary>CPU seconds of all threads of this process: the collector's and the compiler's too.</summary>
    public static double CpuSeconds
    {
        get
        {
            _ = ClockGetTime(ProcessCpu, out var time);
            return time.Seconds + (1e-9 * time.Nanoseconds);
        }
    }

    /// <summary>CPU seconds, user and system, of the ended children of this process.</summary>
    public static double ChildrenCpuSeconds
    {
        get
        {
            var usage = new long[18];
            _ = GetResourceUsage(Children, usage);
            return usage[0] + usage[2] + (1e-6 * (usage[1] + usage[3]));
        }
    }

    /// <summary>Runs a program to its end, while looking at its peak memory every 10 ms.</summary>
    public static ChildRun Run(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var (cpu, watch) = (ChildrenCpuSeconds, Stopwatch.StartNew());
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var (peak, anonymous) = (0L, 0L);
        while (!process.WaitForExit(10))
        {
            peak = long.Max(peak, Status(process.Id, "VmHWM:"));
            anonymous = long.Max(anonymous, Status(process.Id, "RssAnon:"));
        }

        process.WaitForExit();
        return new ChildRun(
            process.ExitCode, watch.Elapsed.TotalSeconds, ChildrenCpuSeconds - cpu, peak, anonymous, output.Result, error.Result);
    }

    private static long Status(int process, string field)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/status"))
            {
                if (line.StartsWith(field, StringComparison.Ordinal))
                {
                    return 1024 * long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
                        System.Globalization.CultureInfo.InvariantCulture);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
        }

        return 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetResourceUsage(int who, [Out] long[] usage);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

/// <summary>How a child process ended, and what it took.</summary>
internal sealed record ChildRun(
    int ExitCode, double Seconds, double CpuSeconds, long PeakBytes, long AnonymousBytes, string Output, string Error)
{
    /// <summary>This, if it ended with 0 or, where a limit may stop it, with 3.</summary>
    public ChildRun Expect(string what, bool mayStop = false) => ExitCode == 0 || (mayStop && ExitCode == 3)
        ? this
        : throw new InvalidOperationException($"{what} ended with exit code {ExitCode}: {Error}");
}
