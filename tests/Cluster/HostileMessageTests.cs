using FitCluster.Engine;
using FitCluster.Messages;
using RabbitMQ.Client;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Everything that somebody with access to the broker may put into its queues is dropped with a
/// sentence, while a fit goes on to the right bits.
/// </summary>
public sealed class HostileMessageTests(FaultTests.Fit fit)
{
    private const int Beginnings = 200;
    private static readonly JobName Job = new("job");

    [Fact]
    public async Task What_strangers_put_into_the_queues_is_dropped_with_a_sentence_each_and_the_fit_has_the_right_bits()
    {
        await using var cluster = await TestCluster.StartShared(2);
        cluster.Run(["submit", .. FaultTests.Fit.Arguments, "--name", Job.Value, "--data", fit.Data]).Expect(0);
        await cluster.Round(Job.Value, 20);
        var messages = HostileMessages.ForMailbox(Job).ToList();
        var leases = HostileMessages.ForLeases(Job).ToList();
        var mailbox = $"mailbox.shard.{Job}/0";
        await using (var connection = await new ConnectionFactory { Uri = new Uri(cluster.BrokerUrl.Split('?')[0]) }.CreateConnectionAsync(
            TestContext.Current.CancellationToken))
        {
            await using var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                TestContext.Current.CancellationToken);
            foreach (var (body, _) in messages)
            {
                await channel.BasicPublishAsync("", mailbox, mandatory: true, body, TestContext.Current.CancellationToken);
            }

            foreach (var (kind, body) in leases)
            {
                await channel.BasicPublishAsync("", $"leases.{kind}", mandatory: true, body, TestContext.Current.CancellationToken);
            }

            for (var n = 0; n < Beginnings; n++)
            {
                await channel.BasicPublishAsync(
                    "", mailbox, mandatory: true, HostileMessages.Beginning(100_000), TestContext.Current.CancellationToken);
            }
        }

        Assert.Null((await cluster.Job(Job.Value)).Ended);
        await cluster.End(Job.Value);
        Assert.Equal(JobState.Converged, (await cluster.Job(Job.Value)).State);
        var output = Path.Combine(cluster.Folder, "results");
        cluster.Run("results", Job.Value, "--out", output).Expect(0);
        fit.ExpectSame(output);

        Assert.All(cluster.Nodes, node => Assert.True(cluster.IsUp(node)));
        var said = string.Join("", cluster.Nodes.Select(cluster.ErrorOf)).Split('\n');
        foreach (var (_, words) in messages)
        {
            Assert.Contains(said, line => line.Contains($"a message to shard/{Job}/0 was dropped: ", StringComparison.Ordinal) &&
                line.Contains(words, StringComparison.Ordinal));
        }

        Assert.Equal(messages.Count, said.Count(line => line.Contains("was dropped: ", StringComparison.Ordinal)));
        Assert.Equal(
            leases.Count, said.Count(line => line.Contains("names no actor of this kind: it was dropped", StringComparison.Ordinal)));
        Assert.DoesNotContain(said, line => line.Contains("   at ", StringComparison.Ordinal) ||
            line.Contains("nhandled", StringComparison.Ordinal) || line.Contains(" failed: ", StringComparison.Ordinal));
        Assert.DoesNotContain("s3cret", string.Join("\n", said), StringComparison.Ordinal);

        // Nothing is left of it: no mailbox of a made-up actor, no lease that goes round and round.
        var vhost = new Uri(cluster.BrokerUrl).AbsolutePath[1..];
        await TestCluster.Until(
            async () => (await Queues(cluster, vhost)).All(q => q.Name == "mailbox.directory.jobs" || (q is { Ready: 0 } &&
                (q.Name.StartsWith("leases.", StringComparison.Ordinal) || q.Name.StartsWith("node.", StringComparison.Ordinal)))),
            "queues were left over");
        Assert.Equal(1, (await Queues(cluster, vhost)).Single(q => q.Name == "leases.directory").Held);
    }

    private static async Task<List<(string Name, int Ready, int Held)>> Queues(TestCluster cluster, string vhost) =>
        [.. (await cluster.Broker.Control(
            "-q", "list_queues", "-p", vhost, "--no-table-headers", "name", "messages_ready", "messages_unacknowledged"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).Select(
                f => (f[0], int.Parse(f[1]), int.Parse(f[2])))];
}
