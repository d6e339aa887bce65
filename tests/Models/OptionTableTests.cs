using Xunit;

namespace FitCluster.Models.Tests;

/// <summary>The table of options in a model's page is what its fields say; tests/approve writes it anew.</summary>
public sealed class OptionTableTests
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("FITCLUSTER_APPROVE") == "1";

    public static TheoryData<string> Names => [.. ModelKinds.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_page_of_a_model_has_the_table_of_its_fields(string name)
    {
        var page = Path.Combine(Repository(), "docs", $"{name}.md");
        var text = File.ReadAllText(page);
        var (start, end) = ($"<!-- options {name} -->\n", "<!-- /options -->");
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        Assert.True(from >= start.Length, $"docs/{name}.md has no line {start.TrimEnd()}");
        var to = text.IndexOf(end, from, StringComparison.Ordinal);
        Assert.True(to >= 0, $"docs/{name}.md has no line {end}");
        var expected = ModelKinds.Get(name).Fields.ToMarkdown();
        if (Writes)
        {
            File.WriteAllText(page, text[..from] + expected + text[to..]);
            return;
        }

        Assert.True(expected == text[from..to],
            $"the options in docs/{name}.md are not those of the model: run tests/approve and commit what it changes");
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cluster.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Cluster.sln is in no folder above the tests");
        }

        return folder.FullName;
    }
}
