using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>What the coordinator knows of one shard.</summary>
internal sealed class ShardSlot(ShardId shard)
{
    public ShardId Shard => shard;

    /// <summary>How often this attempt has loaded the shard: messages of another load are stale.</summary>
    public long Load { get; set; }

    /// <summary>Whether it has said that it is loaded.</summary>
    public bool IsReady { get; set; }

    /// <summary>Once ready: its state is the one after this round. Before: the one it is being loaded with.</summary>
    public Round Round { get; set; }

    /// <summary>The furthest round this attempt has had an answer of.</summary>
    public Round Furthest { get; set; }

    /// <summary>Its answer to the round in hand; counted once, however often the shard is lost afterwards.</summary>
    public ArraySet? Partial { get; set; }

    /// <summary>Its part of the results, once it is durable.</summary>
    public CheckpointPart? Result { get; set; }

    /// <summary>How often it could not save its part of the results.</summary>
    public int ResultFailures { get; set; }

    /// <summary>Failures in a row without progress.</summary>
    public int Failures { get; set; }

    /// <summary>Losses in a row without progress.</summary>
    public int Losses { get; set; }

    /// <summary>The activations that have begun the present load.</summary>
    public int Loadings { get; set; }

    /// <summary>Its node wants to give it up: it goes with the next checkpoint.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Whether it has been asked for something that it has not answered.</summary>
    public bool IsOwing => Due < TimeSpan.MaxValue;

    /// <summary>Its rows, once it was ready.</summary>
    public long Rows { get; set; }

    /// <summary>How long it took over its last answer.</summary>
    public TimeSpan Last { get; private set; }

    /// <summary>It was said to be slow, and is.</summary>
    public bool IsStraggler { get; set; }

    /// <summary>When it was asked for what it owes, first.</summary>
    public TimeSpan AskedAt { get; set; }

    /// <summary>When to ask (again).</summary>
    public TimeSpan Due { get; set; }

    /// <summary>How often it was asked again.</summary>
    public int Repeats { get; set; }

    /// <summary>When to ask (again) for its part of a pending checkpoint.</summary>
    public TimeSpan PartDue { get; set; }

    /// <summary>The longest time it has taken over an answer.</summary>
    public TimeSpan Slowest { get; set; }

    /// <summary>An answer came: it is not late, and the next wait starts small.</summary>
    public void Answered(TimeSpan now)
    {
        Last = now - AskedAt;
        Slowest = Repeats == 0 && now - AskedAt > Slowest ? now - AskedAt : Slowest;
        Repeats = 0;
    }

    /// <summary>It is to be loaded anew: answers up to now are stale.</summary>
    public void Reload(Round from)
    {
        Load++;
        (IsReady, Round, Repeats, IsLeaving, Loadings) = (false, from, 0, false, 0);
    }
}
