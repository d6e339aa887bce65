using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>One entry of a job's journal: something that happened, and is not taken back.</summary>
internal abstract record JobChange
{
    /// <summary>An attempt has taken the job.</summary>
    /// <param name="Attempt">Its number.</param>
    /// <param name="Restarts">The attempts before it since there was progress, or since a user resumed the job.</param>
    /// <param name="Node">The node it is on.</param>
    /// <param name="Time">When, by the store's clock.</param>
    public sealed record Claimed(Attempt Attempt, int Restarts, string Node, DateTimeOffset Time) : JobChange;

    /// <summary>A checkpoint exists.</summary>
    /// <param name="Manifest">What it is made of.</param>
    /// <param name="Keep">The newest checkpoints that stay.</param>
    /// <param name="Resume">The newest checkpoint up to this round stays too.</param>
    public sealed record Checkpoint(CheckpointManifest Manifest, int Keep, Round? Resume) : JobChange;

    /// <summary>A line of the job's event log.</summary>
    /// <param name="Node">The node that noted it.</param>
    /// <param name="Words">What happened.</param>
    /// <param name="Time">When, by the store's clock.</param>
    public sealed record Noted(string Node, string Words, DateTimeOffset Time) : JobChange;

    /// <summary>The job has ended; its results are stored.</summary>
    /// <param name="Attempt">The newest attempt then.</param>
    /// <param name="State">How.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Time">When, by the store's clock.</param>
    public sealed record Ended(Attempt Attempt, JobState State, string Reason, DateTimeOffset Time) : JobChange;
}
