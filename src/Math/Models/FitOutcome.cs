using FitCluster.Messages;

namespace FitCluster.Math.Models;

/// <summary>The end of a fit.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Reason">Why, in a sentence; empty for a converged fit.</param>
/// <param name="Rounds">The rounds done.</param>
/// <param name="GlobalResult">The coordinator's part of the results; null unless converged or
/// stopped, or failed with a best so far.</param>
/// <param name="ShardResults">
/// Each shard's rows of the results, in shard order; empty where that is null. May load a part each time it is indexed: whoever writes them
/// goes through them part by part, and keeps none.
/// </param>
/// <param name="Report">Where the fit stood; null if it never started.</param>
/// <param name="Trace">Every round since the very first, whichever attempt did it.</param>
/// <param name="Seconds">The seconds spent over all attempts, without what was lost.</param>
public sealed record FitOutcome(
    FitStatus Status, string Reason, Round Rounds, ArraySet? GlobalResult, IReadOnlyList<ArraySet> ShardResults, RoundReport? Report,
    IReadOnlyList<TraceLine> Trace, double Seconds)
{
    /// <summary>The attempt that ended it: the store refuses what older ones say.</summary>
    public Attempt Attempt { get; init; }

    /// <summary>The shard that was lost or failed too often, if that is why it ended.</summary>
    public ShardId? Culprit { get; init; }

    /// <summary>
    /// Where a limit ended it early, so that it can be gone on with under a larger one; null if that is not how it ended.
    /// </summary>
    public ResumePoint? Resume { get; init; }
}

/// <summary>One round of a fit's trace.</summary>
public readonly record struct TraceLine(Round Round, string Phase, double Objective);
