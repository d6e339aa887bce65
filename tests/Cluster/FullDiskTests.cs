using System.Diagnostics;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>The temporary folder of a node, where it writes results, is full: in a mount namespace of its own.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task Results_that_find_no_room_are_kept_said_once_and_written_when_there_is()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/nsenter") && Environment.UserName == "root",
            "mount namespaces are not to be had here (root and util-linux)");
        await using var cluster = await TestCluster.Start(0);
        using var fit = new SmallFit();
        var small = Directory.CreateDirectory(Path.Combine(cluster.Folder, "small")).FullName;
        var node = await cluster.StartNodeIn(
            ["unshare", "-m", "sh", "-c", $"mount -t tmpfs -o size=32k none {small} && export TMPDIR={small} && exec \"$0\" \"$@\""]);
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "job", "--data", fit.Data]).Expect(0);
        await TestCluster.Until(async () => (await cluster.Events("job")).Contains("could not write the results", StringComparison.Ordinal),
            "the full disk was not told");
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Null((await cluster.Job("job")).Ended);
        Assert.Contains($"node {node} could not write the results in '{small}", Assert.Single((await cluster.Events("job")).Split('\n'),
            line => line.Contains("results", StringComparison.Ordinal)), StringComparison.Ordinal);

        using var remount = Process.Start("nsenter", ["-t", $"{cluster.ProcessOf(node)}", "-m", "mount", "-o", "remount,size=64m", small]);
        await remount.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, remount.ExitCode);
        await cluster.End("job");
        Assert.Equal(JobState.Converged, (await cluster.Job("job")).State);
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", output).Expect(0);
        fit.ExpectSame(output);
    }
}
