using System.Runtime.InteropServices;
using FitCluster.Cli.Output;
using FitCluster.Models;

namespace FitCluster.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP while no fit is running (data are read, results are written): the program ends with the exit code of an
/// interruption.
/// A running fit handles them itself, and writes a checkpoint first.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static int _handlers;
    private readonly EndSignals _signals = new(End);

    /// <summary>While this is not disposed, somebody else handles the signals.</summary>
    public static IDisposable HandledHere()
    {
        Interlocked.Increment(ref _handlers);
        return new Handled();
    }

    /// <inheritdoc/>
    public void Dispose() => _signals.Dispose();

    private static void End(PosixSignalContext context)
    {
        if (Volatile.Read(ref _handlers) == 0)
        {
            context.Cancel = true;
            Terminal.Error.WriteLine("fitcluster: interrupted; no fit was running, the same command starts again");
            Environment.Exit(ExitCode.Interrupted);
        }
    }

    private sealed class Handled : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref _handlers);
    }
}
