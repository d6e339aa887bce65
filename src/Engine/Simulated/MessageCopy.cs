using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Copies messages, so that sender and receiver share no arrays.</summary>
public static class MessageCopy
{
    /// <summary>A copy of a message. Records without arrays are immutable, and are their own copies.</summary>
    public static IMessage Of(IMessage message) => message switch
    {
        RunRound run => run with { Broadcast = run.Broadcast.Clone() },
        RoundAnswer answer => answer with { Partial = answer.Partial.Clone() },
        ShardCollected collected => collected with { Result = collected.Result.Clone() },
        _ => message,
    };
}
