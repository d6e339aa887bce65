using System.Runtime.InteropServices;

namespace FitCluster.Node;

/// <summary>How a child process ended, in words; and signals to one.</summary>
internal static class ChildEnd
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    /// <summary>
    /// .NET gives this much more than the signal's number as the exit code of a process that a signal ended, as shells do.
    /// </summary>
    private const int OfSignals = 128;

    private static readonly Dictionary<int, string> Names = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [4] = "SIGILL", [6] = "SIGABRT", [7] = "SIGBUS", [8] = "SIGFPE", [9] = "SIGKILL", [11] = "SIGSEGV",
        [13] = "SIGPIPE", [15] = "SIGTERM",
    };

    /// <summary>The exit code or the signal, and whether the kernel has killed for memory meanwhile.</summary>
    /// <param name="code">The exit code as .NET gives it.</param>
    /// <param name="killedBefore">
    /// The processes that the kernel had killed for memory in this control group when the child was started; null: not known.
    /// </param>
    /// <param name="killedAfter">The same when it had ended.</param>
    public static string Words(int code, long? killedBefore, long? killedAfter)
    {
        var signal = code - OfSignals;
        var how = code <= OfSignals
            ? $"exit code {code}"
            : $"killed by signal {signal}{(Names.TryGetValue(signal, out var name) ? $" ({name})" : "")}, exit code {code}";
        return (killedBefore, killedAfter) switch
        {
            ({ } before, { } after) when after > before =>
                $"{how}; the kernel killed {after - before} of its control group's processes for memory meanwhile",
            ({ }, { }) when signal == 9 => $"{how}; not by the kernel for memory, as far as its control group tells",
            _ => how,
        };
    }

    /// <summary>Sends a signal; to a process that has ended meanwhile it does nothing.</summary>
    public static void Signal(int process, int signal) => _ = Kill(process, signal);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
