using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("fitt", "did you mean 'fit'?")]
    [InlineData("sweep", "unknown verb 'sweep'")]
    [InlineData("ebnm --famly x", "unknown option '--famly': did you mean '--family'?")]
    [InlineData("fit ebmf --factrs 3", "did you mean '--factors'?")]
    [InlineData("fit ebfm --data x --out y", "did you mean 'ebmf'?")]
    [InlineData("fit nosuch --data x --out y", "'nosuch' is neither a model nor a spec file")]
    [InlineData("fit ebmf --threads none --factors 0", "--factors: ebmf.maxFactors is '0'")]
    [InlineData("fit ebmf --data x --progress loud --out y", "--progress cannot be 'loud'")]
    [InlineData("fit ebmf --data x", "give --out DIR")]
    [InlineData("fit ebmf --data", "--data")]
    [InlineData("fit nowhere.yaml", "the spec file 'nowhere.yaml' does not exist")]
    [InlineData("fit ebmf extra --data x --out y", "'extra' is one argument too many")]
    [InlineData("fit ebmf --data x --out y --set seed", "it must be path.to.field=value")]
    [InlineData("simulate ebmf", "--out DIR is missing")]
    [InlineData("simulate ebmf --out /tmp/x --density 0.2", "has no effect without --sparse")]
    [InlineData("ingest x", "--out STORE is missing")]
    public void A_wrong_command_line_ends_with_2_and_a_hint(string arguments, string hint) =>
        Assert.Contains(hint, FitProgram.Run(arguments.Split(' ')).ExpectBadInput().Error, StringComparison.Ordinal);

    [Fact]
    public void No_verb_is_bad_input() => FitProgram.Run().ExpectBadInput("no verb was given");

    [Fact]
    public void Version_and_help_end_well()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+", FitProgram.RunProcess("--version").Expect(0).Output);
        var help = FitProgram.RunProcess("--help").Expect(0).Output;
        Assert.All([
            "demo", "fit", "ebnm", "simulate", "ingest", "check", "node", "submit", "list", "status", "watch", "cancel", "resume",
            "results", "predict", "recommend", "project"
        ], verb => Assert.Contains(verb, help, StringComparison.Ordinal));
        Assert.DoesNotContain("sweep", help, StringComparison.Ordinal);
        Assert.Contains("--checkpoint-seconds", FitProgram.Run("fit", "--help").Expect(0).Output, StringComparison.Ordinal);
    }
}
