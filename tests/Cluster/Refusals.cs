using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>How a refusal is to be worded.</summary>
internal static class Refusals
{
    /// <summary>One sentence in one line with the words, no trace of the inside, no password.</summary>
    public static void Check(FitProgram.Ran ran, string words)
    {
        var lines = ran.Error.Split('\n').Where(line =>
            line.StartsWith("fitcluster: ", StringComparison.Ordinal) || line.StartsWith("warning: ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count == 1 && lines[0].Contains(words, StringComparison.Ordinal), $"not one line with '{words}': {ran.Error}");
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", ran.Error, StringComparison.Ordinal);
        CheckNoPassword(ran.Error + ran.Output);
    }

    public static void CheckNoPassword(string text)
    {
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("b4dword", text, StringComparison.Ordinal);
    }
}
