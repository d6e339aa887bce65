namespace FitCluster.Repository.Tests;

/// <summary>The repository's files as they lie in the working copy, without what is built or generated.</summary>
internal static class WorkingCopy
{
    private static readonly string[] Generated = [".git", "bin", "obj", "artifacts", "node_modules", "fitcluster-demo"];

    public static string Root { get; } = FindRoot();

    public static string At(string path) => Path.Combine(Root, path);

    /// <summary>Source files below some folders, as paths from the root.</summary>
    public static IEnumerable<string> Sources(params string[] folders) => folders.SelectMany(folder => Below(At(folder)))
        .Where(file => file.EndsWith(".cs", StringComparison.Ordinal))
        .Select(file => Path.GetRelativePath(Root, file))
        .Order(StringComparer.Ordinal);

    /// <summary>The files with one of these extensions ("" for none).</summary>
    public static IEnumerable<string> Files(params string[] extensions) =>
        Below(Root).Where(f => extensions.Contains(Path.GetExtension(f)) && Path.GetFileName(f) != ".git");

    private static IEnumerable<string> Below(string folder) =>
        Directory.EnumerateFiles(folder)
            .Concat(Directory.EnumerateDirectories(folder).Where(d => !Generated.Contains(Path.GetFileName(d))).SelectMany(Below));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Cluster.sln is in no folder above the tests");
        }

        return folder.FullName;
    }
}
