using FitCluster.Tests;
using System.Diagnostics;
using FitCluster.Cli.Tests;
using FitCluster.Messages;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>The PostgreSQL of a cluster is restarted, freezes, is full, cannot be reached, or is reached by TLS.</summary>
public sealed class DatabaseTests(EbmfFit fit)
{
    [Fact]
    public async Task A_database_that_is_restarted_and_then_frozen_costs_time_and_no_node()
    {
        Effort.OnlyLong();
        await using var cluster = await TestCluster.StartPostgres(2);
        await FaultRun.Of(cluster, fit, "restarted", async (_, _) =>
        {
            await cluster.Database.Stop();
            await cluster.Database.Start();
        });
        await FaultRun.Of(cluster, fit, "frozen", async (_, _) =>
        {
            await cluster.Database.Freeze(TimeSpan.FromSeconds(8));
        });
        Assert.All(cluster.Nodes, node => Assert.DoesNotContain("has left the cluster", cluster.ErrorOf(node), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_database_keeps_no_checkpoint_and_the_fit_goes_on()
    {
        Effort.OnlyLong();
        Assert.SkipUnless(Environment.UserName == "root", "mounting is not to be had here (root)");
        await using var cluster = await TestCluster.StartPostgres(2);
        var small = Directory.CreateDirectory(Path.Combine("/tmp", $"{Path.GetFileName(cluster.Folder)}-full")).FullName;
        await Must("mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "none", small);
        try
        {
            await Must("mkdir", $"{small}/space");
            await Must("chown", "postgres", $"{small}/space");
            await cluster.Database.Sql(cluster.StoreUrl, $"CREATE TABLESPACE small LOCATION '{small}/space'");
            foreach (var table in (await cluster.Database.Sql(
                cluster.StoreUrl, "SELECT tablename FROM pg_tables WHERE schemaname = 'fitcluster' AND tablename LIKE 'part%'")).Split(
                '\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await cluster.Database.Sql(cluster.StoreUrl, $"ALTER TABLE fitcluster.{table} SET TABLESPACE small");
            }

            var run = await FaultRun.Of(cluster, fit, "job", async (_, job) => await TestCluster.Until(
                async () => (await cluster.Events(job)).Contains("No space left", StringComparison.Ordinal) ||
                    (await cluster.Job(job)).Ended is not null,
                "the database was never full"));
            Assert.Contains("No space left", run.Events, StringComparison.Ordinal);
            Assert.Equal(0, run.Redone);
        }
        finally
        {
            await cluster.Database.Stop();
            await Must("umount", small);
            Directory.Delete(small);
        }
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_or_refuses_is_named_by_submit_node_and_list()
    {
        await using var cluster = await TestCluster.StartPostgres(0);
        using var small = new SmallFit();
        var store = cluster.StoreUrl;
        var there = $"127.0.0.1:{cluster.Database.Port}";
        var cases = new (string Store, string Words)[]
        {
            (store.Replace("s3cret", "b4dword", StringComparison.Ordinal),
                $"the store postgres://{there}{new Uri(store).AbsolutePath} refuses the user 'fit'"),
            ("postgres://fit:b4dword@127.0.0.1:1/x", "the store postgres://127.0.0.1:1/x cannot be reached"),
            (cluster.Database.Url("nothere"), "cannot be used: there is no database 'nothere'"),
        };
        // Nodes try for a while, as all of a cluster may be starting.
        var nodes = cases.Select(c => FitProgram.Start("node", "--store", c.Store)).ToList();
        foreach (var (theStore, words) in cases)
        {
            string[] where = ["--store", theStore];
            Refusals.Check(
                FitProgram.RunProcess(["submit", .. SmallFit.Arguments, "--name", "job", "--data", small.Data, .. where]).Expect(4), words);
            Refusals.Check(FitProgram.RunProcess(["list", .. where]).Expect(4), words);
        }

        foreach (var (node, (_, words)) in nodes.Zip(cases))
        {
            Refusals.Check(FitProgram.Wait(node, "node").Expect(4), words);
        }

        Assert.Null(await cluster.Store.Job(new JobName("job")));
    }

    [Fact]
    public async Task Nodes_and_database_by_tls_and_who_has_no_certificate_gets_nowhere()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        using var authority = new ThrowawayAuthority();
        var database = await PostgresServer.StartNew(tlsFolder: authority.Folder);
        var name = new Uri(await database.NewDatabase()).AbsolutePath[1..];
        var url = database.Url(name, tls: true) + "?sslmode=verify-full";
        await using var cluster = await TestCluster.StartPostgres(0, database, $"{url}&sslrootcert={authority.At("ca.pem")}");
        var port = TestCluster.FreePorts();
        await cluster.StartNode(more: ["--tls", authority.At("nodes"), "--listen", $"127.0.0.1:{port}"]);
        await cluster.StartNode(more: ["--tls", authority.At("nodes")]);
        using var small = new SmallFit();
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "job", "--data", small.Data, "--wait", "--progress", "none"]).Expect(0);
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", output).Expect(0);
        small.ExpectSame(output);
        Assert.Equal("t", (await database.Sql(url,
            "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'fitcluster' AND " +
            $"datname = '{name}'")).Trim());

        // Strangers: with no certificate, with another authority's, and with the right one for no node.
        var strangers = new[]
        {
            cluster.BeginNode(["env"]), cluster.BeginNode(["env"], "--tls", authority.At("strangers")),
        };
        await HostileBytes.TalkPlainly(port);
        await HostileBytes.TalkPlainly(port + 1);
        foreach (var stranger in strangers)
        {
            await TestCluster.Until(() => !cluster.IsUp(stranger), $"{stranger} was taken in: {cluster.ErrorOf(stranger)}");
            Assert.Contains("cannot be reached at 127.0.0.1", cluster.ErrorOf(stranger), StringComparison.Ordinal);
            Assert.DoesNotContain("is ready", cluster.ErrorOf(stranger), StringComparison.Ordinal);
        }

        Refusals.Check(
            FitProgram.RunProcess("list", "--store", $"{url}&sslrootcert={authority.At("other.pem")}").Expect(4),
            $"the store postgres://localhost:{database.Port}/{name} could not be trusted");
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "after", "--data", small.Data, "--wait", "--progress", "none"]).Expect(0);
    }

    private static async Task Must(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}");
    }
}
