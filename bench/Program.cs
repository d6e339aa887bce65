using System.Globalization;
using System.Runtime.InteropServices;
using FitCluster.Bench;

(string Name, Func<Table> Run)[] parts =
[
    ("sweep", SweepPart.Run), ("fit", FitPart.Run), ("ebnm", EbnmPart.Run), ("memory", MemoryPart.Run), ("checkpoint", CheckpointPart.Run),
    ("cluster", ClusterPart.Run), ("answers", AnswersPart.Run), ("twineb-ml100k", TwinEbMl100kPart.Run), ("twineb-sim", TwinEbSimPart.Run),
    ("twineb-planted", TwinEbPlantedPart.Run), ("twineb-overdispersed", TwinEbOverdispersedPart.Run),
    ("twineb-speed", TwinEbSpeedPart.Run), ("twineb-scale", TwinEbScalePart.Run), ("start", StartPart.Run), ("nb-pass", NbPassPart.Run),
    ("nb-kits", NbKitsPart.Run),
];
var names = parts.Select(p => p.Name).ToArray();
if (args is ["--list"])
{
    Console.WriteLine(string.Join('\n', names));
    return 0;
}

var updates = args is ["--update", _, ..];
args = updates ? args[1..] : args;
if (args.FirstOrDefault(a => !names.Contains(a)) is { } unknown)
{
    Console.Error.WriteLine($"'{unknown}' is no part of the benchmark: the parts are {string.Join(", ", names)}");
    return 2;
}

var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
var changes = Git("status", "--porcelain", "src", "bench", "Directory.Build.props").Length > 0 ? " with changes" : "";
var header = string.Create(CultureInfo.InvariantCulture, $"""
    # Benchmark results

    Written by `bench/run`; do not edit. Targets: "Speed and memory" of the first issue. Timings depend on what else the machine is doing.

    | | |
    |---|---|
    | date | {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC |
    | commit | {Git("rev-parse", "--short", "HEAD")}{changes} |
    | machine | {Cpu()}, {Environment.ProcessorCount} cores, {Memory()} |
    | system | {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.FrameworkDescription}, OpenBLAS {OpenBlas.Version} |
    | load average at the start | {load} |


    """);
var results = Path.Combine("bench", "RESULTS.md");
var tables = parts.Where(p => args.Length == 0 || args.Contains(p.Name)).Select(p =>
{
    Console.Error.WriteLine($"{p.Name} ...");
    var table = p.Run();
    if (updates)
    {
        table.Note(string.Create(CultureInfo.InvariantCulture,
            $"measured by itself on {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, commit {Git("rev-parse", "--short", "HEAD")}, load average " +
            $"at the start {load}"));
    }

    return (p.Name, Text: table.ToMarkdown());
}).ToList();
var text = header + string.Concat(tables.Select(table => table.Text));
Console.Write(text);
if (updates)
{
    text = tables.Aggregate(File.ReadAllText(results), (known, table) => Replace(known, table.Name, table.Text));
}

if (updates || args.Length == 0)
{
    File.WriteAllText(results, text.TrimEnd() + "\n");
}

return 0;

// The section of a part, or the end where there is none yet.
static string Replace(string known, string name, string section)
{
    var start = known.IndexOf($"## {name}: ", StringComparison.Ordinal);
    var end = start < 0 ? -1 : known.IndexOf("\n## ", start, StringComparison.Ordinal);
    return start < 0 ? known.TrimEnd() + "\n\n" + section : known[..start] + section + (end < 0 ? "" : known[(end + 1)..]);
}

static string Git(params string[] arguments) => Clock.Run("git", arguments).Output.Trim();

static string Cpu() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(
    l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";

static string Memory() => string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:F0} GB");
