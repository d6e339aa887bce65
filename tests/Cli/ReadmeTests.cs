using System.Diagnostics;
using System.Text.RegularExpressions;
using FitCluster.Math.Ebnm;
using FitCluster.Models.Tests;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests;

/// <summary>
/// What README and docs say can be done: the commands of their console blocks below a "run" comment are run as they stand, in order, in a
/// folder beside which ../shared is; and verbs, options and prior families that they name exist.
/// </summary>
[Trait(Effort.Quick, "no")]
public sealed partial class ReadmeTests : IDisposable
{
    // Pages that name options of this program alone: docs/operations.md, say, names those of others.
    private static readonly string[] Ours =
        ["README.md", "docs/commands.md", "docs/cluster.md", "docs/recovery.md", "docs/results.md", "docs/limits.md"];

    private static readonly string Readme = Page("README.md");
    private static readonly string Commands = Page("docs/commands.md");
    private readonly Scratch _scratch = new();

    public static TheoryData<string, int> Blocks()
    {
        var blocks = new TheoryData<string, int>();
        foreach (var page in Directory.EnumerateFiles(Path.Combine(Repository(), "docs"), "*.md").Order(StringComparer.Ordinal)
            .Select(f => $"docs/{Path.GetFileName(f)}").Prepend("README.md"))
        {
            for (var block = 0; block < RunBlock().Count(Page(page)); block++)
            {
                blocks.Add(page, block);
            }
        }

        return blocks;
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Commands_of_a_block_that_is_marked_run_end_well(string page, int block)
    {
        var commands = RunBlock().Matches(Page(page))[block].Groups[1].Value.Split('\n')
            .Where(l => l.StartsWith("$ ", StringComparison.Ordinal)).Select(l => l[2..]).ToList();
        Assert.NotEmpty(commands);
        foreach (Match path in commands.SelectMany(c => SharedPath().Matches(c)))
        {
            SharedFolder.Require(path.Groups[1].Value);
        }

        var work = Directory.CreateDirectory(_scratch.At("work")).FullName;
        if (SharedFolder.Root is { } shared)
        {
            Directory.CreateSymbolicLink(_scratch.At("shared"), shared);
        }

        _scratch.File("work/fitcluster", $"#!/usr/bin/env bash\nexec '{FitProgram.Path}' \"$@\"\n");
        FitProgram.Wait(FitProgram.StartOther("chmod", "+x", _scratch.At("work/fitcluster"))).Expect(0);
        foreach (var command in commands)
        {
            var info = new ProcessStartInfo(
                "bash", ["-c", command])
            { WorkingDirectory = work, RedirectStandardOutput = true, RedirectStandardError = true };
            FitProgram.Wait(new FitProgram.Started(Process.Start(info)!), command).Expect(0);
        }
    }

    [Fact]
    public void There_are_blocks_to_run()
    {
        Assert.True(RunBlock().Count(Readme) >= 2, "README has no console blocks below <!-- run -->");
        Assert.True(Blocks().Count >= 6, "docs have no console blocks below <!-- run -->");
    }

    [Fact]
    public void Verbs_of_the_page_of_commands_and_of_the_program_are_the_same()
    {
        var help = FitProgram.Run("--help").Expect(0).Output;
        var verbs = HelpVerb().Matches(help).Select(m => m.Groups[1].Value)
            .Order().ToList();
        var named = NamedVerb().Matches(Commands).Select(m => m.Groups[1].Value).Distinct().Order().ToList();
        Assert.Equal(verbs, named);
    }

    [Fact]
    public void Every_option_that_README_and_docs_name_exists()
    {
        var verbs = NamedVerb().Matches(Commands).Select(m => m.Groups[1].Value).Distinct();
        string[] asked = ["--help", .. verbs];
        var help = string.Concat(asked.Select(v => FitProgram.Run(v, "--help").Expect(0).Output));
        // The page of a cluster also shows the script that starts one for trying out.
        var known = Option().Matches(help + Page("deploy/local/cluster")).Select(m => m.Value).ToHashSet();
        var unknown = Ours.SelectMany(page => Option().Matches(Page(page)).Select(m => m.Value).Distinct()
            .Where(o => !known.Contains(o))
            .Select(o => $"{page} names {o}, which neither the program nor a verb nor deploy/local/cluster has")).ToList();
        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    [Fact]
    public void Every_prior_family_is_in_the_page_of_EBMF() =>
        Assert.All(EbnmFamilies.Names, name => Assert.Contains($"`{name}`", Page("docs/ebmf.md"), StringComparison.Ordinal));

    [Fact]
    public void README_is_short() =>
        Assert.InRange(Readme.TrimEnd().Split('\n').Length, 1, 150);

    [Fact]
    public void Every_file_that_README_links_is_there() =>
        Assert.All(Link().Matches(Readme).Select(m => m.Groups[1].Value), path =>
            Assert.True(File.Exists(Path.Combine(Repository(), path)), $"README links {path}, which is not there"));

    public void Dispose() => _scratch.Dispose();

    private static string Page(string path) => File.ReadAllText(Path.Combine(Repository(), path));

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Cluster.sln is in no folder above the tests");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"<!-- run -->\n```console\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex RunBlock();

    [GeneratedRegex(@"\.\./shared/([^\s'""]+)")]
    private static partial Regex SharedPath();

    [GeneratedRegex(@"^  ([a-z]+) ", RegexOptions.Multiline)]
    private static partial Regex HelpVerb();

    [GeneratedRegex(@"(?:^\$ \./|`|^\./|^  )fitcluster ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex NamedVerb();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*[a-z]")]
    private static partial Regex Option();

    [GeneratedRegex(@"\]\(([^)#:]+)\)")]
    private static partial Regex Link();
}
