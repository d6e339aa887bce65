using System.Globalization;
using System.Runtime.InteropServices;

namespace FitCluster.Cli;

/// <summary>
/// The signals that tell the program to end: SIGINT, SIGTERM, and SIGHUP, which comes when the terminal is closed or a session breaks off.
/// Who started the program so that SIGHUP is ignored (nohup) wants it to outlive that.
/// </summary>
internal sealed class EndSignals(Action<PosixSignalContext> received) : IDisposable
{
    private static readonly bool IgnoresHangUp = IsHangUpIgnored();

    private readonly PosixSignalRegistration[] _registrations =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Where(signal => signal != PosixSignal.SIGHUP || !IgnoresHangUp)
            .Select(signal => PosixSignalRegistration.Create(signal, received)),
    ];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    // As it was before anything was registered; SIGHUP is the first bit of the mask.
    private static bool IsHangUpIgnored()
    {
        const string name = "SigIgn:";
        try
        {
            var line = OperatingSystem.IsLinux()
                ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
                : null;
            return line is not null &&
                (ulong.Parse(line.AsSpan(name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
