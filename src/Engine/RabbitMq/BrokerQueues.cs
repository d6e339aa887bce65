using FitCluster.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FitCluster.Engine;

/// <summary>The names and the properties of the broker's queues.</summary>
internal sealed class BrokerQueues(BrokerUrl url, Version broker)
{
    private const int AccessRefused = 403;
    private const int PreconditionFailed = 406;
    private const string NodePrefix = "node.";
    private const int LongestName = 255;
    private const int LongestNode = 50;
    private const long MailboxBytes = 1L << 30;
    private static readonly Dictionary<string, object?> Bounded = new()
    {
        ["x-queue-type"] = "classic", ["x-max-length-bytes"] = MailboxBytes, ["x-overflow"] = "reject-publish",
    };

    private static readonly TimeSpan UnusedMailbox = TimeSpan.FromHours(1);

    /// <summary>As long as a timeout can be: no job runs for longer than a year on one lease.</summary>
    private static readonly TimeSpan ConsumerTimeout = TimeSpan.FromDays(365);

    /// <summary>From this version on a queue can say its own consumer timeout.</summary>
    private static readonly Version WithConsumerTimeout = new(3, 12);

    /// <summary>From this version on a quorum queue drops what was delivered 20 times, unless told otherwise.</summary>
    private static readonly Version WithDeliveryLimit = new(4, 0);

    /// <summary>What a user should know of this broker; null when there is nothing.</summary>
    public string? Warning => broker >= WithConsumerTimeout ? null
        : $"the broker {url} is RabbitMQ {broker}, whose consumer_timeout cannot be asked for: " +
          "unless rabbitmq.conf has consumer_timeout = 31536000000, " +
          "it takes shards away from their nodes after 30 minutes (nothing is lost but the rounds since the last checkpoint)";

    public static string Leases(string kind) => $"leases.{kind}";

    /// <summary>A name for the queue of one connection of a node.</summary>
    public static string NewNode(string node) => $"{NodePrefix}{node[..int.Min(node.Length, LongestNode)]}.{Guid.NewGuid():N}";

    /// <summary>Whether a queue that somebody names can be that of a node.</summary>
    public static bool IsNode(string queue) => queue.Length <= LongestName && queue.StartsWith(NodePrefix, StringComparison.Ordinal);

    public static string Mailbox(ActorAddress address) => $"mailbox.{address.Kind}.{address.Id}";

    public static bool IsRefused(OperationInterruptedException error) => error.ShutdownReason?.ReplyCode == AccessRefused;

    public static bool IsPrecondition(OperationInterruptedException error) => error.ShutdownReason?.ReplyCode == PreconditionFailed;

    /// <summary>
    /// Declares the queue of a kind's leases: durable and replicated, as a lease that is lost is an actor that nobody misses.
    /// </summary>
    public Task DeclareLeases(IChannel channel, string kind, CancellationToken cancellation)
    {
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum" };
        if (broker >= WithDeliveryLimit)
        {
            arguments["x-delivery-limit"] = -1;
        }

        return Declare(channel, Leases(kind), isDurable: true, arguments, cancellation);
    }

    /// <summary>
    /// Declares a mailbox: it outlives its node, refuses what is too much, and goes when nobody has used it for an hour. It does not
    /// outlive the broker's node it is on, so that another can have it at once: what was in it is asked for again.
    /// </summary>
    public Task DeclareMailbox(IChannel channel, ActorAddress address, CancellationToken cancellation) => Declare(
        channel,
        Mailbox(address),
        // RabbitMQ 4 is about to give up queues that are shared and not durable.
        isDurable: broker >= WithDeliveryLimit,
        new Dictionary<string, object?>(Bounded) { ["x-expires"] = (long)UnusedMailbox.TotalMilliseconds },
        cancellation);

    /// <summary>Declares the queue of a node itself, which goes with its connection.</summary>
    public Task DeclareNode(IChannel channel, string queue, CancellationToken cancellation) =>
        Declare(channel, queue, isDurable: false, new Dictionary<string, object?>(Bounded), cancellation, exclusive: true);

    private async Task Declare(
        IChannel channel,
        string queue,
        bool isDurable,
        Dictionary<string, object?> arguments,
        CancellationToken cancellation,
        bool exclusive = false)
    {
        if (broker >= WithConsumerTimeout)
        {
            arguments["x-consumer-timeout"] = (long)ConsumerTimeout.TotalMilliseconds;
        }

        try
        {
            await channel.QueueDeclareAsync(
                queue, isDurable, exclusive, autoDelete: false, arguments, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (OperationInterruptedException error) when (IsPrecondition(error))
        {
            throw new ClusterEngineException(
                $"the queue {queue} of the broker {url} was made with other properties ({error.ShutdownReason?.ReplyText}): " +
                "give all nodes the same URL parameters, or delete the queue while no node runs",
                error);
        }
        catch (OperationInterruptedException error) when (IsRefused(error))
        {
            throw Refused(queue, error);
        }
    }

    public ClusterEngineException Refused(string queue, Exception error) => new(
        $"the broker {url} does not let the user '{url.User}' use the queue {queue}: " +
        $"give the user configure, write and read rights in the vhost '{url.VirtualHost}'",
        error);
}
