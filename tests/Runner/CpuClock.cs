using System.Globalization;

namespace FitCluster.Runner;

internal static class CpuClock
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds of all processes that have ended and were waited for, with those that they had waited for in turn.</summary>
    public static double OfChildren()
    {
        // Behind the name, which may have spaces: fields 16 and 17 of proc(5), cutime and cstime.
        var fields = File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ');
        return (double.Parse(fields[13], CultureInfo.InvariantCulture) + double.Parse(fields[14], CultureInfo.InvariantCulture)) /
            TicksPerSecond;
    }
}
