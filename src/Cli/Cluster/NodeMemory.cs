using System.Globalization;

namespace FitCluster.Cli.Cluster;

/// <summary>What memory this process has in use, and may have.</summary>
internal static class NodeMemory
{
    public static long InUse => Environment.WorkingSet;

    /// <summary>The container's limit (cgroup 2, then 1), or the machine's memory.</summary>
    public static long Limit { get; } = ReadLimit();

    private static long ReadLimit()
    {
        var machine = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        foreach (var path in new[] { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" })
        {
            try
            {
                if (long.TryParse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var limit) && limit > 0)
                {
                    return long.Min(limit, machine);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not of this kind.
            }
        }

        return machine;
    }
}
