using System.Text.RegularExpressions;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>
/// Every document that a comment, a script or another document names is in the repository, relative to its root or to the file that
/// names it, and has the section that is named: by number, by title in quotes, or by anchor.
/// </summary>
public sealed partial class LinkTests
{
    private static readonly string[] Extensions =
        [".cs", ".csproj", ".props", ".editorconfig", ".yaml", ".yml", ".py", ".sh", ".txt", ".md", ".dockerignore", ".gitignore", ""];

    private static readonly string Root = WorkingCopy.Root;

    [Fact]
    public void Every_document_and_section_that_is_named_is_there()
    {
        var names = 0;
        var broken = new List<string>();
        foreach (var file in WorkingCopy.Files(Extensions).Where(f => Path.GetFileName(f) != "LinkTests.cs"))
        {
            var text = File.ReadAllText(file);
            names += Name().Count(text);
            broken.AddRange(Broken(file, text).Select(b => $"{Path.GetRelativePath(Root, file)}: {b}"));
        }

        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.True(names > 100, $"only {names} names of documents were found: the files are not where this test looks");
    }

    [Theory]
    [InlineData("/// See docs/@.md.", "docs/@.md is not there")]
    [InlineData("/// See ../shared/design/@.md.", "../shared/design/@.md is not there")]
    [InlineData("/// (docs/design/architecture.md, section 99)", "docs/design/architecture.md has no section 99")]
    [InlineData("/// (docs/design/architecture.md,\n    /// section 99)", "docs/design/architecture.md has no section 99")]
    [InlineData("/// (docs/ebmf.md, \"No such title\")", "docs/ebmf.md has no \"No such title\"")]
    [InlineData("/// \"No such title\" of docs/ebmf.md", "docs/ebmf.md has no \"No such title\"")]
    [InlineData("[x](docs/ebmf.md#no-such-title)", "docs/ebmf.md has no #no-such-title")]
    [InlineData("[docs/ebmf.md](docs/ebmf.md), section 99", "docs/ebmf.md has no section 99")]
    [InlineData("[a picture](docs/figures/@.svg)", "docs/figures/@.svg is not there")]
    [InlineData("[below](#nowhere)", "no #nowhere here")]
    public void What_leads_nowhere_is_found(string text, string expected) =>
        Assert.Equal(expected.Replace('@', 'x'), Assert.Single(Broken(Path.Combine(Root, "x.md"), text.Replace('@', 'x')).Distinct()));

    [Theory]
    [InlineData("/// See docs/design/architecture.md, section 1, and https://example.org/none.@.")]
    [InlineData("/// (docs/ebmf.md, \"Extrapolation\")")]
    [InlineData("[the protocol](docs/protocol.md#the-store-on-disk), and [a figure](docs/figures/pbmc3k.svg)")]
    public void What_leads_somewhere_is_not(string text) =>
        Assert.Empty(Broken(Path.Combine(Root, "x.md"), text.Replace("@", "md", StringComparison.Ordinal)));

    private static IEnumerable<string> Broken(string file, string text)
    {
        // A comment goes on behind the slashes of the next line; addresses elsewhere are not followed.
        var plain = Address().Replace(CommentBreak().Replace(text, " "), "");
        foreach (Match name in Name().Matches(plain))
        {
            var path = name.Groups["path"].Value;
            if (Resolve(file, path) is not { } target)
            {
                yield return $"{path} is not there";
                continue;
            }

            var document = new Document(File.ReadAllText(target));
            foreach (Capture number in name.Groups["section"].Captures)
            {
                if (!document.HasSection(number.Value))
                {
                    yield return $"{path} has no section {number.Value}";
                }
            }

            foreach (Capture title in name.Groups["title"].Captures)
            {
                if (!document.HasTitle(title.Value))
                {
                    yield return $"{path} has no \"{title.Value}\"";
                }
            }

            if (name.Groups["anchor"] is { Success: true } anchor && !document.HasAnchor(anchor.Value))
            {
                yield return $"{path} has no #{anchor.Value}";
            }
        }

        if (Path.GetExtension(file) == ".md")
        {
            foreach (var broken in BrokenLinks(file, plain, new Document(text)))
            {
                yield return broken;
            }
        }
    }

    // Links of a document to what is no document (Name has those), to places in itself, and to its own sections by number.
    private static IEnumerable<string> BrokenLinks(string file, string text, Document itself)
    {
        foreach (Match link in Link().Matches(text))
        {
            var path = link.Groups[1].Value;
            if (path.StartsWith('#'))
            {
                if (!itself.HasAnchor(path[1..]))
                {
                    yield return $"no {path} here";
                }
            }
            else if (!path.Contains(".md", StringComparison.Ordinal) && Resolve(file, path) is null)
            {
                yield return $"{path} is not there";
            }
        }

        foreach (Match section in OwnSection().Matches(text))
        {
            if (!itself.HasSection(section.Groups[1].Value))
            {
                yield return $"no section {section.Groups[1].Value} here";
            }
        }
    }

    private static string? Resolve(string file, string path) =>
        new[] { Path.GetDirectoryName(file)!, Root }
            .Select(folder => Path.GetFullPath(Path.Combine(folder, path)))
            .FirstOrDefault(full => full.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && Path.Exists(full));

    // A link's target, section 2 and 3  |  path, "Title"  |  "Title" of path  |  path#anchor. Of a link the target counts, not its words.
    [GeneratedRegex("""
        (?: "(?<title>[^"\n]+)"\ of\ \[? )?
        (?<![\w/.:@-]) (?<path>(?:[\w.-]+/)*[\w-][\w.-]*\.md)\b(?!`?\]\() (?:\#(?<anchor>[\w-]+))?
        (?: `?\)?,?\s+sections?\ (?<section>\d+(?:\.\d+)?)\b (?:\ and\ (?<section>\d+)\b)? | \)?,\s+"(?<title>[^"\n]+)" )?
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Name();

    [GeneratedRegex(@"\]\(([^)\s:]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\(section (\d+)")]
    private static partial Regex OwnSection();

    [GeneratedRegex(@"\n[ \t]*//+[ \t]?")]
    private static partial Regex CommentBreak();

    [GeneratedRegex(@"https?://[^\s)""]+")]
    private static partial Regex Address();
}
