namespace FitCluster.Data.Writing;

/// <summary>The descriptors that whoever started this process gave it.</summary>
public static class Descriptors
{
    private const int CloseOnExec = 0x80000;

    /// <summary>
    /// Whether a descriptor was open when this process began: .NET opens its own so that no program it starts has them, and may open one
    /// of the first three where those were closed. True where the system does not tell.
    /// </summary>
    public static bool IsInherited(int descriptor)
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists("/proc/self/fdinfo"))
        {
            return true;
        }

        try
        {
            const string name = "flags:";
            var flags = File.ReadLines($"/proc/self/fdinfo/{descriptor}").First(line => line.StartsWith(name, StringComparison.Ordinal));
            return (Convert.ToInt32(flags[name.Length..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
