namespace FitCluster.Runner;

/// <summary>
/// Which executables run with which filters. A project that is not named here runs whole: so a new one is found by itself. A project in
/// parts: each part names classes, the last one (no classes) has all the others.
/// </summary>
internal static class Plan
{
    /// <summary>Classes and assemblies with this trait need services, processes or patience, and are not in "quick".</summary>
    private const string NotQuick = "Quick=no";

    private static readonly Part Unknown = new("", 20, 1, 1);

    private static readonly Dictionary<string, Part[]> Parts = new()
    {
        // Mostly waits: for suspicions, for cut cables, for frozen nodes. One test at a time, as each has several nodes.
        ["Cluster"] =
        [
            new("Faults", 160, 0.8, 1, "FaultTests"),
            // Uses every core for a minute, with whatever else does: that is its subject.
            new("Load", 90, 1, 1, "LoadTests"),
            new("Outside", 150, 0.6, 1, "NetworkTests", "DatabaseTests", "HostileBytesTests", "NodeInputTests"),
            new("Many", 120, 1, 1, "ManyJobsTests", "ManyNodesTests", "OwnModelTests"),
            new("", 135, 0.6, 1),
        ],
        // One command or process at a time, which has two threads.
        ["Cli"] =
        [
            new("Kills", 70, 0.6, 1, "KillTests"),
            new("Cases", 60, 1, 1, "CaseTests"),
            new("", 80, 0.8, 1),
        ],
        ["Deploy"] = [new("", 130, 0.4, 1)],
        ["Engine"] = [new("", 30, 0.7, 2)],
        // Several nodes in one process, which have times to keep: nothing runs beside it.
        ["Engine.Akka"] = [new("", 100, 2.6, 1)],
        ["Math"] = [new("", 140, 1, 1)],
        ["Nb"] = [new("", 40, 1, 1)],
        ["Simulation"] = [new("", 10, 1, 1)],
        ["Data"] = [new("", 6, 1, 1)],
        ["Repository"] = [new("", 25, 1, 1)],
        ["Coordinator"] = [new("", 2, 1, 1)],
        ["Messages"] = [new("", 2, 1, 1)],
    };

    // Nothing in them is quick: they are not even started.
    private static readonly string[] Slow = ["Cluster", "Deploy", "Engine.Akka"];

    public static IEnumerable<TestRun> Make(string root, bool isQuick) =>
        from project in Directory.GetFiles(Path.Combine(root, "tests"), "*.Tests.csproj", SearchOption.AllDirectories)
        let name = Path.GetFileNameWithoutExtension(project)[..^".Tests".Length]
        where !isQuick || !Slow.Contains(name)
        from run in isQuick ? [Quick(project, name)] : Whole(project, name)
        select run;

    private static TestRun Quick(string project, string name) =>
        new(name, Executable(project), ["-trait-", NotQuick, "-maxThreads", "1"], Parts.GetValueOrDefault(name, [Unknown])[^1].Seconds, 1);

    private static IEnumerable<TestRun> Whole(string project, string name)
    {
        var parts = Parts.GetValueOrDefault(name, [Unknown]);
        var classes = parts.SelectMany(p => p.Classes);
        foreach (var part in parts)
        {
            var filters = part.Classes.Length > 0
                ? part.Classes.SelectMany(c => new[] { "-class", Pattern(c) })
                : classes.SelectMany(c => new[] { "-class-", Pattern(c) });
            yield return new TestRun(part.Name.Length > 0 ? $"{name}.{part.Name}" : name, Executable(project),
                [.. filters, "-maxThreads", $"{part.Threads}"], part.Seconds, part.Cores);
        }
    }

    // A class of any namespace; or "Namespace.*" for all classes of one.
    private static string Pattern(string name) => name.EndsWith('*') ? $"*.Tests.{name}" : $"*.{name}";

    private static string Executable(string project) => Path.Combine(
        Path.GetDirectoryName(project)!, "bin", "Release", "net10.0", $"FitCluster.{Path.GetFileNameWithoutExtension(project)}");

    private sealed record Part(string Name, double Seconds, double Cores, int Threads, params string[] Classes);
}
