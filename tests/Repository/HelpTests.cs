using System.Text.RegularExpressions;
using FitCluster.Cli.Tests;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>What `--help` says, of the program and of every verb, is what was approved.</summary>
public sealed partial class HelpTests
{
    [Fact]
    public void The_program_and_its_verbs_say_what_was_approved()
    {
        var whole = FitProgram.RunProcess("--help").Expect(0).Output;
        Approved.Check("Help/fitcluster.txt", Tidy(whole));
        string[] verbs = [.. Verb().Matches(whole).Select(m => m.Groups[1].Value)];
        Assert.Contains("fit", verbs);
        Assert.All(verbs, verb => Approved.Check($"Help/{verb}.txt", Tidy(FitProgram.RunProcess(verb, "--help").Expect(0).Output)));
        Approved.CheckFiles("Help", [.. verbs, "fitcluster"]);
    }

    // Columns are filled with spaces to the end of the line.
    private static string Tidy(string help) => TrailingSpaces().Replace(help, "").TrimEnd('\n') + "\n";

    [GeneratedRegex("^  ([a-z]+) ", RegexOptions.Multiline)]
    private static partial Regex Verb();

    [GeneratedRegex(" +$", RegexOptions.Multiline)]
    private static partial Regex TrailingSpaces();
}
