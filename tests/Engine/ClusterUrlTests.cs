using Xunit;

namespace FitCluster.Engine.Tests;

/// <summary>Engines and stores are chosen by the schemes of their URLs.</summary>
public sealed class ClusterUrlTests
{
    [Theory]
    [InlineData("amqp://h")]
    [InlineData("amqps://h")]
    [InlineData("AMQP://h/v?heartbeat=3")]
    public void A_scheme_that_has_an_engine_is_taken(string url) => ClusterEngines.CheckUrl(url);

    [Theory]
    [InlineData("http://fit:s3cret@h/")]
    [InlineData("fit:s3cret@h")]
    [InlineData("h")]
    [InlineData("")]
    public async Task A_scheme_without_an_engine_is_refused_with_those_there_are_and_without_a_password(string url)
    {
        const string Words = "the broker's URL is not of the form amqp://user:password@host:5672/vhost (amqps for TLS)";
        Assert.Equal(Words, Assert.Throws<ClusterEngineException>(() => ClusterEngines.CheckUrl(url)).Message);
        await using var store = ClusterStores.Open("postgres://h/d");
        var options = new ClusterEngineOptions { Node = "test" };
        Assert.Equal(Words,
            (await Assert.ThrowsAsync<ClusterEngineException>(async () => await ClusterEngines.Connect(url, options, store))).Message);
    }

    [Theory]
    [InlineData("postgres://fit:s3cret@h/d", "postgres://h:5432/d")]
    [InlineData("postgresql://fit:s3cret@h:1/d?sslmode=require", "postgres://h:1/d")]
    public async Task A_scheme_that_has_a_store_is_opened_and_says_where_it_is_without_a_password(string url, string where)
    {
        ClusterStores.CheckUrl(url);
        await using var store = ClusterStores.Open(url);
        Assert.Equal(where, store.ToString());
    }

    [Theory]
    [InlineData("mysql://fit:s3cret@h/d")]
    [InlineData("fit:s3cret@h")]
    [InlineData("h")]
    public void A_scheme_without_a_store_is_refused_with_those_there_are_and_without_a_password(string url)
    {
        const string Words = "the store's URL is not of the form postgres://user:password@host:5432/database (or postgresql://)";
        Assert.Equal(Words, Assert.Throws<ClusterStoreException>(() => ClusterStores.CheckUrl(url)).Message);
        Assert.False(Assert.Throws<ClusterStoreException>(() => ClusterStores.Open(url)).IsUnreachable);
    }
}
