using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>How a process takes part in a cluster whose messages RabbitMQ carries.</summary>
public sealed record RabbitMqOptions
{
    /// <summary>
    /// amqp://user:password@host:5672/vhost, or amqps:// for TLS. Query parameters: <c>heartbeat</c> (seconds, default 4), <c>cacert</c> (a PEM file whose
    /// authorities are trusted for this connection).
    /// </summary>
    public required string Url { get; init; }

    /// <summary>The node's name: unique for each start of a process; 1 to 128 letters, digits, '.', '_' or '-'.</summary>
    public required string Node { get; init; }

    /// <summary>The most handlers that run at once.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The most actors of each kind that this process hosts. A kind that is not listed is not hosted here, registered or not.</summary>
    public IReadOnlyDictionary<string, int> Capacity { get; init; } = new Dictionary<string, int>();

    /// <summary>Which addresses this process hosts, of those kinds: a lease of any other is dropped, and said. Null: every address.</summary>
    public Func<ActorAddress, bool>? Accepts { get; init; }

    /// <summary>Told in words of what a user may want to read: connections lost and regained, refused messages, alarms of the broker.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>Told, when the broker is connected again, what was hosted here when the connection was lost.</summary>
    public Action<IReadOnlyList<ActorAddress>>? Regained { get; init; }

    /// <summary>Told of failed activations and of messages that no actor could take.</summary>
    public Action<ActorAddress, Exception>? Failed { get; init; }
}

/// <summary>The broker cannot be used: one sentence that says what and why, without a password.</summary>
/// <param name="message">The sentence.</param>
/// <param name="inner">The cause.</param>
public sealed class BrokerException(string message, Exception? inner = null) : Exception(message, inner);
