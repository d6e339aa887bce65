using FitCluster.Cli.Tests;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>A cluster over TLS, with an authority that nobody else knows.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task A_fit_runs_over_tls_and_who_cannot_be_trusted_is_refused_with_a_sentence()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        using var authority = new ThrowawayAuthority();
        var starting = RabbitServer.StartNew(tlsFolder: authority.Folder);
        var database = await PostgresServer.StartNew(tlsFolder: authority.Folder);
        var broker = await starting;
        var name = new Uri(await database.NewDatabase()).AbsolutePath[1..];
        var (brokerUrl, storeUrl) = (broker.UrlOf("", tls: true), database.Url(name, tls: true) + "?sslmode=verify-full");
        await using var cluster = await TestCluster.Start(
            1, broker, database, $"{brokerUrl}?cacert={authority.At("ca.pem")}", $"{storeUrl}&sslrootcert={authority.At("ca.pem")}",
            ownsServers: true);
        using var fit = new SmallFit();
        cluster.Run(["submit", .. SmallFit.Arguments, "--name", "job", "--data", fit.Data]).Expect(0);
        Assert.Equal("true", string.Join(",", (await broker.Control("-q", "list_connections", "--no-table-headers", "ssl")).Split(
            '\n', StringSplitOptions.RemoveEmptyEntries).Distinct()));
        Assert.Equal("t", (await database.Sql(storeUrl,
            "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'fitcluster' AND " +
            $"datname = '{name}'")).Trim());
        cluster.Run("watch", "job", "--progress", "none").Expect(0);
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", "job", "--out", output).Expect(0);
        fit.ExpectSame(output);

        var (goodBroker, goodStore) = (cluster.BrokerUrl, cluster.StoreUrl);
        foreach (var (theBroker, theStore, words) in new[]
        {
            ($"{brokerUrl}?cacert={authority.At("other.pem")}", goodStore,
                $"the broker amqps://localhost:{broker.TlsPort}/ could not be trusted: the authorities in " +
                $"cacert={authority.At("other.pem")}"),
            (brokerUrl, goodStore,
                $"the broker amqps://localhost:{broker.TlsPort}/ could not be trusted: no authority that this machine knows"),
            (goodBroker.Replace("localhost", "127.0.0.1", StringComparison.Ordinal), goodStore,
                "its certificate is not for the host '127.0.0.1'"),
            (goodBroker, $"{storeUrl}&sslrootcert={authority.At("other.pem")}",
                $"the store postgres://localhost:{database.Port}/{name} could not be trusted"),
            (goodBroker, storeUrl, $"the store postgres://localhost:{database.Port}/{name} could not be trusted"),
            (goodBroker, goodStore.Replace("localhost", "127.0.0.1", StringComparison.Ordinal),
                $"the store postgres://127.0.0.1:{database.Port}/{name} could not be trusted"),
        })
        {
            var ran = FitProgram.RunProcess(
                ["submit", .. SmallFit.Arguments, "--name", "other", "--data", fit.Data, "--broker", theBroker, "--store", theStore])
                .Expect(4);
            Refusals.Check(ran, words);
        }

        Assert.Null(await cluster.Store.Job(new Messages.JobName("other")));
    }
}
