using FitCluster.Cli.Tests;
using FitCluster.Engine;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A node that does not see the data of a job, or sees others under the same path (in a mount namespace of its own).</summary>
public sealed class UnseenDataTests
{
    private const int Jobs = 3;

    [Fact]
    public async Task Shards_and_coordinators_go_to_nodes_that_see_the_data_and_a_job_whose_data_no_node_sees_fails_with_path_and_node()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/unshare") && Environment.UserName == "root",
            "mount namespaces are not to be had here (root and util-linux)");
        await using var cluster = await TestCluster.Start(0);
        using var hidden = new SmallFit();
        using var changed = new SmallFit(seed: 2);
        using var lost = new SmallFit(seed: 3);
        // Coordinators avoid the oldest node: the blind one is tried first; of the other blind one shards alone know.
        var blindness = $"mount --bind {lost.DataFolder} {changed.DataFolder} && mount -t tmpfs none {hidden.DataFolder} && " +
            $"mount -t tmpfs none {lost.DataFolder}";
        var sighted = await cluster.StartNodeIn(Mounting($"mount -t tmpfs none {lost.DataFolder}"));
        var blind = await cluster.StartNodeIn(Mounting(blindness));
        var worker = await cluster.StartNodeIn(Mounting(blindness), "--coordinators", "0");
        for (var n = 0; n < Jobs; n++)
        {
            Submit(cluster, hidden, $"hidden{n}").Expect(0);
        }

        Submit(cluster, changed, "changed").Expect(0);

        var events = "";
        for (var n = 0; n < Jobs; n++)
        {
            await cluster.End($"hidden{n}");
            var job = await cluster.Job($"hidden{n}");
            events += await cluster.Events($"hidden{n}") + "\n";
            Assert.True(job.State == JobState.Converged, $"{job.Reason}\n{events}");
            var output = Path.Combine(cluster.Folder, $"hidden{n}");
            cluster.Run("results", $"hidden{n}", "--out", output).Expect(0);
            hidden.ExpectSame(output);
        }

        const string Sentence = " cannot use the data: ";
        Assert.Contains(events.Split('\n'), line => line.Contains($"node {worker}{Sentence}", StringComparison.Ordinal) &&
            line.Contains(hidden.DataFolder, StringComparison.Ordinal) && line.Contains("it is loaded again", StringComparison.Ordinal));
        Assert.Contains(events.Split('\n'),
            line => line.Contains($"node {blind}{Sentence}", StringComparison.Ordinal) &&
                line.Contains("goes to another node", StringComparison.Ordinal));
        Assert.DoesNotContain($"node {sighted} cannot", events, StringComparison.Ordinal);

        await cluster.End("changed");
        events = await cluster.Events("changed");
        Assert.True((await cluster.Job("changed")).State == JobState.Converged, $"{(await cluster.Job("changed")).Reason}\n{events}");
        Assert.Matches(
            $"the data at '{changed.Data}', as node ({blind}|{worker}) sees them, are not those the job was submitted with", events);

        var failed = Submit(cluster, lost, "lost", "--wait").Expect(1);
        var reason = (await cluster.Job("lost")).Reason;
        Assert.Matches(
            $"^job lost could not be opened: node ({blind}|{sighted}|{worker}) cannot use the data: .*{lost.DataFolder}", reason);
        Assert.Contains($"fitcluster: lost failed: {reason}", failed.Error, StringComparison.Ordinal);
        Assert.All(cluster.Nodes, node => Assert.True(cluster.IsUp(node)));

        // Once the data are there, the same job goes on.
        await cluster.StartNode();
        cluster.Run("resume", "lost").Expect(0);
        cluster.Run("watch", "lost", "--progress", "none").Expect(0);
    }

    private static string[] Mounting(string script) => ["unshare", "-m", "sh", "-c", $"{script} && exec \"$0\" \"$@\""];

    private static FitProgram.Ran Submit(TestCluster cluster, SmallFit fit, string name, params string[] more) =>
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", name, "--data", fit.Data, "--progress", "none", .. more]);
}
