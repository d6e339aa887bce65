using FitCluster.Models.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Verbs;

/// <summary>What the verbs of a cluster say when there is none, or they are told wrongly.</summary>
public sealed class ClusterVerbTests
{
    private const string NoStore = "postgres://fit:s3cret@127.0.0.1:1/db";

    [Theory]
    [InlineData("list")]
    [InlineData("status job")]
    [InlineData("watch job")]
    [InlineData("cancel job")]
    [InlineData("resume job")]
    [InlineData("results job --out /tmp/fitcluster-never")]
    public void A_store_that_is_not_there_ends_with_4_and_no_password(string arguments)
    {
        var ran = FitProgram.Run([.. arguments.Split(' '), "--store", NoStore]).Expect(4);
        Assert.Contains("the store postgres://127.0.0.1:1/db cannot be reached", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", ran.Error + ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list", "--store is missing")]
    [InlineData("node --store postgres://h/d --capacity x", "--capacity is 'x'")]
    [InlineData("node --store postgres://h/d --capacity 0 --coordinators 0", "leave this node nothing to do")]
    [InlineData("node --store postgres://h/d --name ../x", "--name '../x' is not allowed")]
    [InlineData("node --store postgres://h/d --listen nowhere", "--listen is 'nowhere'")]
    [InlineData("list --store http://fit:s3cret@h/d", "is not of the form postgres://")]
    [InlineData("list --store postgres://fit:s3cret@h/d?ssl=1", "unknown parameter 'ssl'")]
    [InlineData("list --format xml --store postgres://h/d", "--format cannot be 'xml'")]
    [InlineData("list --store postgres://fit:12/s3cret@h/d", "write '/', '?', '#', '@' and '%' in a user or password as %2F")]
    [InlineData("node --store postgres://h/d --broker amqp://fit:s3cret@h", "there is no --broker any more")]
    [InlineData("list --store postgres://h/d --broker amqp://fit:s3cret@h", "there is no --broker any more")]
    [InlineData("node --store postgres://h/d --listen 10.0.0.1:4053", "give --tls FOLDER, or say --insecure")]
    [InlineData("node --store postgres://h/d --listen *:4053 --insecure", "say by --advertise which one others reach")]
    [InlineData("node --store postgres://h/d --advertise h:4053", "--advertise needs a port that stays")]
    [InlineData("node --store postgres://h/d --health nowhere", "--health is 'nowhere'")]
    [InlineData("status ../job --store postgres://h/d", "'../job' cannot be the name of a job")]
    [InlineData("watch ../job --store postgres://h/d", "'../job' cannot be the name of a job")]
    [InlineData("cancel ../job --store postgres://h/d", "'../job' cannot be the name of a job")]
    [InlineData("resume ../job --store postgres://h/d", "'../job' cannot be the name of a job")]
    [InlineData("results ../job --out /tmp/never --store postgres://h/d", "'../job' cannot be the name of a job")]
    [InlineData("results job --store postgres://h/d", "--out DIR is missing")]
    [InlineData("cancel job --timeout never --store postgres://h/d", "--timeout is 'never'")]
    public void A_wrong_option_ends_with_2_before_anything_is_asked(string arguments, string words)
    {
        var ran = FitProgram.Run(arguments.Split(' ')).ExpectBadInput(words);
        Assert.DoesNotContain("s3cret", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Submit_needs_a_name_and_takes_nothing_that_is_for_one_machine()
    {
        using var scratch = new Scratch();
        var data = scratch.File("d.csv", "name,a,b\nx,1,2\ny,3,4\n");
        string[] cluster = ["--store", NoStore];
        FitProgram.Run(["submit", "ebmf", "--data", data, .. cluster]).ExpectBadInput("needs a name");
        FitProgram.Run(["submit", "ebmf", "--data", data, "--name", "../x", .. cluster]).ExpectBadInput("name");
        FitProgram.Run(["submit", "ebmf", "--data", data, "--name", "x", "--out", "y", "--threads", "2", .. cluster])
            .ExpectBadInput("'out' is for 'fit'", "'threads' is for 'fit'");
    }
}
