using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>How a process takes part in a cluster, whatever engine carries the messages.</summary>
public sealed record ClusterEngineOptions
{
    /// <summary>The node's name: unique for each start of a process; 1 to 128 letters, digits, '.', '_' or '-'.</summary>
    public required string Node { get; init; }

    /// <summary>The most handlers that run at once (the number of cores).</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// The most actors of each kind that this process hosts. A kind that is not listed is not hosted here, registered or not.
    /// </summary>
    public IReadOnlyDictionary<string, int> Capacity { get; init; } = new Dictionary<string, int>();

    /// <summary>Which addresses this process hosts, of those kinds: any other is refused, and said. Null: every address.</summary>
    public Func<ActorAddress, bool>? Accepts { get; init; }

    /// <summary>Told in words of what a user may want to read: connections lost and regained, refused messages, alarms.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>Told of failed activations and of messages that no actor could take.</summary>
    public Action<ActorAddress, Exception>? Failed { get; init; }
}
