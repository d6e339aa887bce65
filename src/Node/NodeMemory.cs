using System.Globalization;

namespace FitCluster.Node;

/// <summary>What memory this process has in use, and may have.</summary>
internal static class NodeMemory
{
    public static long InUse => Environment.WorkingSet;

    /// <summary>The container's limit (cgroup 2, then 1), or the machine's memory.</summary>
    public static long Limit { get; } = ReadLimit("/");

    /// <summary>How many processes of this control group the kernel has killed for memory so far; null where it does not say.</summary>
    public static long? KilledForMemory() => KilledForMemory("/");

    /// <summary>The same, of the control groups under a root.</summary>
    public static long? KilledForMemory(string root)
    {
        foreach (var path in EventFiles(root))
        {
            try
            {
                var line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith("oom_kill ", StringComparison.Ordinal));
                if (line is not null &&
                    long.TryParse(line.AsSpan("oom_kill ".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                {
                    return count;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not of this kind.
            }
        }

        return null;
    }

    /// <summary>Of control groups 2, then 1: of the process's own group, then where a container sees its group as the root.</summary>
    private static IEnumerable<string> EventFiles(string root)
    {
        string[] groups = [];
        try
        {
            groups = File.ReadAllLines($"{root}proc/self/cgroup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No control groups here.
        }

        foreach (var parts in groups.Select(group => group.Split(':', 3)).Where(parts => parts.Length == 3))
        {
            if (parts[1].Length == 0)
            {
                yield return $"{root}sys/fs/cgroup{parts[2]}/memory.events";
            }
            else if (parts[1].Split(',').Contains("memory"))
            {
                yield return $"{root}sys/fs/cgroup/memory{parts[2]}/memory.oom_control";
            }
        }

        yield return $"{root}sys/fs/cgroup/memory.events";
        yield return $"{root}sys/fs/cgroup/memory/memory.oom_control";
    }

    /// <summary>The limit that the control groups under a root have, or the machine's memory.</summary>
    public static long ReadLimit(string root)
    {
        var machine = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        foreach (var path in new[] { $"{root}sys/fs/cgroup/memory.max", $"{root}sys/fs/cgroup/memory/memory.limit_in_bytes" })
        {
            try
            {
                var text = File.ReadAllText(path);
                if (long.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var limit) && limit > 0)
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
