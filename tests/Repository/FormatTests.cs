using System.Diagnostics;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>How C# looks: what an editor does by .editorconfig, kept by a test. Style (names, usings, var) is kept by the build.</summary>
public sealed class FormatTests
{
    private const int Width = 140;

    [Fact]
    public void No_line_is_wider_than_140()
    {
        var tooLong = LongLines().ToList();
        Assert.True(tooLong.Count == 0, $"{tooLong.Count} lines are wider than {Width}:\n{string.Join('\n', tooLong.Take(50))}");
    }

    [Fact]
    public void Editors_are_told_the_same_width() =>
        Assert.Contains($"max_line_length = {Width}\n", File.ReadAllText(WorkingCopy.At(".editorconfig")), StringComparison.Ordinal);

    [Fact]
    public async Task White_space_is_as_dotnet_format_leaves_it()
    {
        var info = new ProcessStartInfo("dotnet", ["format", "whitespace", WorkingCopy.Root, "--folder", "--verify-no-changes"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"'dotnet format whitespace . --folder' mends this:\n{await output}{await error}");
    }

    private static IEnumerable<string> LongLines() =>
        from path in WorkingCopy.Sources("src", "tests", "bench")
        from line in File.ReadLines(WorkingCopy.At(path)).Select((text, at) => (Text: text, Number: at + 1))
        where line.Text.Length > Width
        select $"{path}:{line.Number}";
}
