using System.Text;
using FitCluster.Messages;
using FitCluster.Services;
using FitCluster.Tests;
using Xunit;

namespace FitCluster.Engine.Tests.RabbitMq;

/// <summary>
/// What comes from outside is checked before anything is made of it: addresses, pieces of frames, URLs, the broker's version.
/// </summary>
[Trait(Effort.Quick, "no")]
public sealed class OutsideInputTests
{
    [Theory]
    [InlineData("shard/job/0", true)]
    [InlineData("shard/a.b_c-d/12", true)]
    [InlineData("shard", false)]
    [InlineData("shard/", false)]
    [InlineData("shard//0", false)]
    [InlineData("shard/../0", false)]
    [InlineData("shard/job/../../0", false)]
    [InlineData("shard/.hidden", false)]
    [InlineData("shard/a b", false)]
    [InlineData("shard/a\0", false)]
    [InlineData("fit/job", false)]
    [InlineData("shards/job/0", false)]
    public void A_lease_names_an_actor_of_its_kind_or_nothing(string text, bool isAddress) =>
        Assert.Equal(
            isAddress ? new ActorAddress("shard", text["shard/".Length..]) : null, LeaseText.Read(Encoding.UTF8.GetBytes(text), "shard"));

    [Fact]
    public void A_lease_too_long_for_a_queues_name_is_none() =>
    Assert.Null(LeaseText.Read(Encoding.UTF8.GetBytes("shard/" + new string('a', 300)), "shard"));

    [Fact]
    public void Frames_that_are_never_whole_take_a_bounded_number_of_places_and_the_oldest_goes_first()
    {
        var reassembly = new Reassembly();
        var frames = Enumerable.Range(0, 100).Select(_ => Guid.NewGuid()).ToList();
        foreach (var frame in frames)
        {
            Assert.Null(reassembly.Add(new Parcel(null, frame, 0, 4, [1, 2])));
        }

        // The first have gone, so that their second pieces follow nothing; the last are whole now.
        Assert.Throws<FrameException>(() => reassembly.Add(new Parcel(null, frames[0], 2, 4, [3, 4])));
        Assert.Equal([1, 2, 3, 4], reassembly.Add(new Parcel(null, frames[^1], 2, 4, [3, 4]))!.Value.ToArray());
        Assert.Throws<FrameException>(() => reassembly.Add(new Parcel(null, frames[^1], 2, 4, [3, 4])));
    }

    [Theory]
    [InlineData("http://fit:s3cret@h/", "is not of the form amqp://")]
    [InlineData("amqp://fit:1234/s3cret@h/", "write '/', '?', '#', '@' and '%' in a user or password as %2F")]
    [InlineData("amqp://fit:1234?s3cret=1@h/", "write '/', '?', '#', '@' and '%' in a user or password as %2F")]
    [InlineData("amqp://fit:1234#s3cret@h/", "write '/', '?', '#', '@' and '%' in a user or password as %2F")]
    [InlineData("amqp://fit:s3cret@h/v?what=1", "unknown parameter 'what': heartbeat and cacert are known")]
    [InlineData("amqp://fit:s3cret@h/v?heartbeat=0", "heartbeat=0")]
    [InlineData("amqp://fit:s3cret@h/v?cacert=/nowhere.pem", "cacert=/nowhere.pem")]
    public void A_wrong_url_of_a_broker_is_refused_without_its_password(string url, string words)
    {
        var error = Assert.Throws<ClusterEngineException>(() => RabbitMqEngine.CheckUrl(url));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://fit:1234/s3cret@h/db")]
    [InlineData("postgres://fit:1234?s3cret=1@h/db")]
    [InlineData("postgres://fit:1234#s3cret@h/db")]
    public void A_wrong_url_of_a_store_is_refused_without_its_password(string url)
    {
        var error = Assert.Throws<ClusterStoreException>(() => PostgresStore.CheckUrl(url));
        Assert.False(error.IsUnreachable);
        Assert.Contains("%2F", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.10.8", true)]
    [InlineData("3.11.28", true)]
    [InlineData("3.12.0", false)]
    [InlineData("4.1.0", false)]
    public void A_broker_whose_consumer_timeout_cannot_be_asked_for_is_warned_of(string version, bool isWarned)
    {
        var warning = new BrokerQueues(BrokerUrl.Parse("amqp://fit:s3cret@h/v"), Version.Parse(version)).Warning;
        Assert.Equal(isWarned, warning is not null);
        if (warning is not null)
        {
            Assert.Contains(
                $"the broker amqp://h:5672/v is RabbitMQ {version}, whose consumer_timeout cannot be asked for: unless rabbitmq.conf " +
                "has consumer_timeout = 31536000000", warning, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_node_says_once_at_its_start_that_the_brokers_consumer_timeout_is_not_known()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var server = await RabbitServer.Shared();
        var version = Version.Parse((await server.Control("-q", "version")).Trim());
        var said = new List<string>();
        var options = new ClusterEngineOptions { Node = "test", Say = said.Add };
        await using var engine = await RabbitMqEngine.Connect(
            await server.NewVirtualHost(), options, new InMemoryCheckpointStore(), TestContext.Current.CancellationToken);
        await engine.Start(TestContext.Current.CancellationToken);
        Assert.Equal(
            version < new Version(3, 12) ? 1 : 0, said.Count(words => words.Contains("consumer_timeout", StringComparison.Ordinal)));
    }
}
