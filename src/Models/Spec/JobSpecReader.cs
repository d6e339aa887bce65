using FitCluster.Data;
using FitCluster.Messages;

namespace FitCluster.Models.Spec;

/// <summary>Makes a <see cref="JobSpec"/> of a file, the command line, or both; every problem is noted.</summary>
internal static class JobSpecReader
{
    private const int LargestFileBytes = 1 << 20;

    /// <summary>The transformations of data.</summary>
    public static IReadOnlyList<string> Transforms { get; } = ["none", "log1p", "log1p-cp10k"];

    /// <summary>Whether an argument is meant as a spec's file and not as a model's name.</summary>
    public static bool IsSpecFile(string argument) =>
        Path.GetExtension(argument).ToLowerInvariant() is ".yaml" or ".yml" or ".json" || File.Exists(argument);

    /// <summary>The folder that paths of a spec are relative to: its own; of one that came through a pipe, the current.</summary>
    private static string FolderOf(string spec)
    {
        var path = Path.GetFullPath(spec);
        return FileKinds.Of(path) is FileKind.Pipe or FileKind.Device || path.StartsWith("/dev/", StringComparison.Ordinal) ||
            path.StartsWith("/proc/", StringComparison.Ordinal)
            ? Directory.GetCurrentDirectory()
            : Path.GetDirectoryName(path)!;
    }

    /// <summary>Reads the spec of MODEL|SPEC with the command line's values; null when there is any problem.</summary>
    public static JobSpec? Read(string modelOrFile, SpecOverrides overrides, ProblemList problems)
    {
        var isFile = IsSpecFile(modelOrFile);
        var root = isFile ? ReadTree(modelOrFile, problems) : new MapNode([], new Origin("command line", 0));
        if (root is null)
        {
            return null;
        }

        if (!isFile)
        {
            if (!ModelKinds.Names.Contains(modelOrFile))
            {
                var what = Directory.Exists(modelOrFile) ? "a folder, " : "";
                problems.Add($"'{modelOrFile}' is {what}neither a model nor a spec file" +
                    (modelOrFile == "-" ? InputFiles.AdviceOnAbsent("-") : "") +
                    Nearest.Suggest(modelOrFile, ModelKinds.Names));
                return null;
            }

            root.Entries.Add(new MapEntry("model", root.Origin, new ScalarNode(modelOrFile, root.Origin)));
        }

        overrides.ApplyTo(root, problems);
        var folder = isFile ? FolderOf(modelOrFile) : Directory.GetCurrentDirectory();
        var spec = Bind(root, folder, problems);
        return problems.Count == 0 ? spec : null;
    }

    /// <summary>Reads a spec that is a JSON text; null when there is any problem.</summary>
    public static JobSpec? ReadText(string json, string name, ProblemList problems) =>
        JsonSpecReader.Read(json, name, problems) is MapNode root ? Bind(root, Directory.GetCurrentDirectory(), problems) : null;

    private static MapNode? ReadTree(string path, ProblemList problems)
    {
        string text;
        try
        {
            var kind = FileKinds.Of(path);
            if (kind is FileKind.None or FileKind.Folder or FileKind.Socket or FileKind.Disk)
            {
                problems.Add(kind == FileKind.None
                    ? $"the spec file '{path}' does not exist{InputFiles.AdviceOnAbsent(path)}"
                    : $"the spec '{path}' is {kind.Words()}; give a .yaml or .json file");
                return null;
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            var bytes = new byte[LargestFileBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > LargestFileBytes)
            {
                problems.Add($"the spec file '{path}' has more than {LargestFileBytes} bytes: is it a spec?");
                return null;
            }

            using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
            text = reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"the spec file '{path}' cannot be read: {e.Message}");
            return null;
        }

        var name = Path.GetFileName(path);
        var isJson = Path.GetExtension(path).ToLowerInvariant() is var extension && (extension == ".json" ||
            (extension is not (".yaml" or ".yml") && IsJson(text)));
        var root = isJson ? JsonSpecReader.Read(text, name, problems) : YamlSpecReader.Read(text, name, problems);
        if (root is not null and not MapNode)
        {
            problems.Add(root.Origin, $"a spec is a list of keys and values, as in 'model: {ModelKinds.Names[0]}'");
        }

        return root as MapNode;
    }

    /// <summary>Whether a text whose name does not tell is JSON, which YAML's readers take too, but not with tabs in it.</summary>
    private static bool IsJson(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.StartsWith("{") && start[1..].TrimStart().StartsWith("\"");
    }

    private static JobSpec Bind(MapNode tree, string folder, ProblemList problems)
    {
        var root = new SectionReader(tree, "", problems);
        var name = root.Text("name");
        if (name is not null && !JobName.IsValid(name))
        {
            root.Wrong("name", "must be 1 to 128 letters, digits, '.', '_' or '-', not starting with '.'");
        }

        var names = ModelKinds.Names;
        var chosen = root.Choice("model", names);
        if (chosen is null && root.Node("model") is null)
        {
            problems.Add(tree.Origin, $"'model' is missing (there are: {string.Join(", ", names)})");
        }

        var model = names[chosen ?? 0];
        RefuseOtherSections(root, chosen is null ? null : model, problems);

        var stop = root.Section("stop");
        var table = ModelKinds.Get(model).Fields;
        var spec = new JobSpec
        {
            Name = name,
            Model = model,
            Data = DataSpecReader.Read(root.Section("data"), ModelKinds.Get(model), tree.Origin, folder, problems),
            Out = root.Text("out") is { } path ? PathResolver.Output(path, root.OriginOf("out")!.Value, folder) : null,
            Seed = (ulong?)root.Whole("seed", 0, long.MaxValue) ?? 1,
            Shards = (int?)root.Whole("shards", 1, 1 << 20),
            Threads = (int?)root.Whole("threads", 1, 1024),
            Fresh = root.Flag("fresh") ?? false,
            Tables = root.Flag("tables") ?? false,
            Stop = new StopSpec { MaxRounds = stop.Whole("maxRounds", 1, int.MaxValue), MaxSeconds = stop.Positive("maxSeconds") },
            Checkpoint = ReadCheckpoint(root.Section("checkpoint")),
            From = root.Text("from") is { } from ? PathResolver.Input(from, root.OriginOf("from")!.Value, folder) : null,
            Section = table.Read(root.Section(model), stop, folder, problems),
        };
        RefuseStopOfOthers(stop, table);
        stop.RefuseUnknown();
        root.RefuseUnknown();
        return spec;
    }

    private static void RefuseOtherSections(SectionReader root, string? model, ProblemList problems)
    {
        foreach (var other in ModelKinds.Names)
        {
            if (root.Node(other) is { } node && model is not null && other != model)
            {
                problems.Add(node.Origin, $"the section '{other}' has no effect with the model {model}: remove it");
            }
        }
    }

    /// <summary>What of the section "stop" is another name of a model's field has no effect with a model that does not have it.</summary>
    private static void RefuseStopOfOthers(SectionReader stop, SpecTable table)
    {
        foreach (var name in ModelKinds.Loaded.SelectMany(kind => kind.Fields.Fields).Select(field => field.StopName).OfType<string>()
            .Distinct())
        {
            if (table.OfStop(name) is null && stop.Node(name) is not null)
            {
                stop.Wrong(name, $"has no effect with the model {table.Name}: remove it");
            }
        }
    }

    private static CheckpointSpec ReadCheckpoint(SectionReader section)
    {
        var spec = new CheckpointSpec
        {
            EverySeconds = section.Positive("everySeconds") ?? 30,
            EveryRounds = section.Whole("everyRounds", 1, int.MaxValue),
            Keep = (int?)section.Whole("keep", 1, 1000) ?? 3,
        };
        section.RefuseUnknown();
        return spec;
    }
}
