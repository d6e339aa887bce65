using System.Text.RegularExpressions;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>docs/dependencies.md has every package, beside each project of src that takes it, and no other.</summary>
public sealed partial class DependencyTests
{
    [Fact]
    public void Packages_of_the_page_are_those_of_the_projects_of_src()
    {
        var taken = WorkingCopy.Files(".csproj").Select(f => Path.GetRelativePath(WorkingCopy.Root, f))
            .Where(f => f.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(f => Reference().Matches(File.ReadAllText(Path.Combine(WorkingCopy.Root, f)))
                .Select(m => $"{Path.GetDirectoryName(f)}: {m.Groups[1].Value}"))
            .Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(taken);
        Assert.Equal(taken, Named().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_package_of_a_central_version_has_its_line()
    {
        var page = File.ReadAllText(Page);
        var versions = Version().Matches(File.ReadAllText(Path.Combine(WorkingCopy.Root, "Directory.Packages.props")));
        Assert.NotEmpty(versions);
        Assert.All(versions.Select(m => m.Groups[1].Value), package => Assert.Contains(package, page, StringComparison.Ordinal));
    }

    private static string Page => Path.Combine(WorkingCopy.Root, "docs/dependencies.md");

    // "| A, B | src/X, src/Y (at build time) | why |": each package at each folder of src.
    private static IEnumerable<string> Named() =>
        from line in File.ReadLines(Page)
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        where cells.Length > 3
        from package in cells[1].Split(", ")
        from Match folder in Folder().Matches(cells[2])
        select $"{folder.Value}: {package}";

    [GeneratedRegex(@"<Package(?:Reference|Download) Include=""([^""]+)""")]
    private static partial Regex Reference();

    [GeneratedRegex(@"<PackageVersion Include=""([^""]+)""")]
    private static partial Regex Version();

    [GeneratedRegex(@"src/[\w.]+")]
    private static partial Regex Folder();
}
