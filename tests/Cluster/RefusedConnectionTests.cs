using FitCluster.Cli.Tests;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// A broker or a store that cannot be reached, or refuses: one sentence that names which, exit code 4, nothing accepted, no password.
/// </summary>
public sealed class RefusedConnectionTests
{
    [Fact]
    public async Task What_cannot_be_reached_or_refuses_is_named_by_submit_node_and_status()
    {
        await using var cluster = await TestCluster.StartShared(0);
        using var fit = new SmallFit();
        var (broker, store) = (cluster.BrokerUrl, cluster.StoreUrl);
        var vhost = new Uri(broker).AbsolutePath[1..];
        await cluster.Broker.Control("add_user", $"reader{vhost}", "s3cret-reader");
        await cluster.Broker.Control("set_permissions", "-p", vhost, $"reader{vhost}", ".*", "", ".*");
        await cluster.Broker.Control("add_user", $"nobody{vhost}", "s3cret-nobody");
        var there = $"127.0.0.1:{cluster.Broker.Port}";
        var database = new Uri(store).AbsolutePath;
        var cases = new (string Broker, string Store, string Words)[]
        {
            (broker.Replace("s3cret", "b4dword", StringComparison.Ordinal), store,
                $"the broker amqp://{there}/{vhost} refuses the user 'fit': the user is unknown there, or the password is wrong"),
            ("amqp://fit:b4dword@127.0.0.1:1/", store, "the broker amqp://127.0.0.1:1/ cannot be reached"),
            ("amqp://fit:b4dword@no-such-host.invalid/", store, "cannot be reached: the host 'no-such-host.invalid' is not known"),
            (cluster.Broker.UrlOf("nothere"), store, "check the vhost 'nothere' and the user's rights in it"),
            ($"amqp://nobody{vhost}:s3cret-nobody@{there}/{vhost}", store, $"check the vhost '{vhost}' and the user's rights in it"),
            ($"amqp://reader{vhost}:s3cret-reader@{there}/{vhost}", store,
                $"does not let the user 'reader{vhost}' use queues: give the user configure, write and read rights in the vhost '{vhost}'"),
            (broker, store.Replace("s3cret", "b4dword", StringComparison.Ordinal),
                $"the store postgres://127.0.0.1:{cluster.Database.Port}{database} refuses the user 'fit'"),
            (broker, "postgres://fit:b4dword@127.0.0.1:1/x", "the store postgres://127.0.0.1:1/x cannot be reached"),
            (broker, cluster.Database.Url("nothere"), "cannot be used: there is no database 'nothere'"),
        };
        foreach (var (theBroker, theStore, words) in cases)
        {
            string[] where = ["--broker", theBroker, "--store", theStore];
            Refusals.Check(
                FitProgram.RunProcess(["submit", .. SmallFit.Arguments, "--name", "job", "--data", fit.Data, .. where]).Expect(4), words);
        }

        Assert.Null(await cluster.Store.Job(new JobName("job")));
        // Nodes try for a while, as all of a cluster may be starting: some of these at once.
        var some = new[] { cases[0], cases[1], cases[6], cases[7] };
        var nodes = some.Select(c => FitProgram.Start("node", "--broker", c.Broker, "--store", c.Store)).ToList();
        foreach (var (theBroker, theStore, words) in some)
        {
            Refusals.Check(FitProgram.RunProcess(["list", "--broker", theBroker, "--store", theStore]).Expect(4), words);
        }

        foreach (var (node, (_, _, words)) in nodes.Zip(some))
        {
            Refusals.Check(FitProgram.Wait(node, "node").Expect(4), words);
        }
    }

    [Fact]
    public async Task Files_of_results_are_written_into_the_folder_asked_for_or_not_at_all()
    {
        await using var cluster = await TestCluster.StartShared(1);
        using var fit = new SmallFit();
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "job", "--data", fit.Data, "--wait", "--progress", "none"]).Expect(0);
        var output = Path.Combine(cluster.Folder, "out", "results");
        Directory.CreateDirectory(Path.Combine(cluster.Folder, "out"));
        var other = Path.Combine(cluster.Folder, "out", "evil.txt");
        await File.WriteAllTextAsync(other, "mine", TestContext.Current.CancellationToken);
        foreach (var name in new[] { "../evil.txt", "/tmp/evil.txt", "a/b", "..", ".hidden" })
        {
            await cluster.Database.Sql(cluster.StoreUrl,
                $"INSERT INTO fitcluster.results SELECT job, '{name}', bytes, checksum FROM fitcluster.results WHERE name = 'fit.json'");
            Refusals.Check(cluster.Run("results", "job", "--out", output).Expect(1),
                $"under the name '{name}', which is not that of a file in a folder");
            Assert.False(Directory.Exists(output));
            await cluster.Database.Sql(cluster.StoreUrl, $"DELETE FROM fitcluster.results WHERE name = '{name}'");
        }

        Assert.Equal("mine", await File.ReadAllTextAsync(other, TestContext.Current.CancellationToken));
        cluster.Run("results", "job", "--out", output).Expect(0);
        fit.ExpectSame(output);
    }
}
