using System.Text.RegularExpressions;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>What documents say of the code is there: folders and files by their paths from the root, source files by their names.</summary>
public sealed partial class NamedPathTests
{
    // What was is told there too.
    private const string History = "CHANGELOG.md";

    [Fact]
    public void Every_path_and_source_file_that_a_document_names_is_there()
    {
        var sources = WorkingCopy.Files(".cs").Select(Path.GetFileName).ToHashSet();
        var missing = new List<string>();
        var names = 0;
        foreach (var document in WorkingCopy.Files(".md").Where(f => Path.GetFileName(f) != History))
        {
            var text = File.ReadAllText(document);
            var paths = NamedPath().Matches(text).Select(m => m.Value.TrimEnd('.', '/')).Distinct().ToList();
            var files = SourceFile().Matches(text).Select(m => m.Value).Distinct().ToList();
            names += paths.Count + files.Count;
            missing.AddRange(paths.Where(p => !IsThere(p)).Concat(files.Where(f => !sources.Contains(f)))
                .Select(name => $"{Path.GetRelativePath(WorkingCopy.Root, document)} names {name}, which is not there"));
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
        Assert.True(names > 50, $"only {names} names were found: the documents are not where this test looks");
    }

    private static bool IsThere(string path)
    {
        var full = Path.Combine(WorkingCopy.Root, path);
        return path.Contains('*', StringComparison.Ordinal)
            ? Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(full)!, Path.GetFileName(full)).Any()
            : Path.Exists(full);
    }

    [GeneratedRegex(@"(?<![\w/.-])(?:src|tests|bench|deploy/k8s|deploy/local)/[\w./*-]+")]
    private static partial Regex NamedPath();

    [GeneratedRegex(@"(?<![\w/.*-])[A-Z]\w*(?:\.[A-Z]\w*)*\.cs\b")]
    private static partial Regex SourceFile();
}
