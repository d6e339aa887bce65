using FitCluster.Engine;
using FitCluster.Messages;

namespace FitCluster.Coordinator;

/// <summary>A checkpoint whose parts are being saved.</summary>
/// <param name="round">The round of every part.</param>
/// <param name="shards">How many shards save a part; 0 for the one at round 0 that only makes the job known.</param>
/// <param name="started">When it began.</param>
internal sealed class PendingCheckpoint(Round round, int shards, TimeSpan started)
{
    private readonly CheckpointPart?[] _parts = new CheckpointPart?[shards];

    public Round Round => round;

    public int Shards => _parts.Length;

    public TimeSpan Started => started;

    public CheckpointPart? OwnPart { get; set; }

    /// <summary>The manifest, once it is being committed.</summary>
    public CheckpointManifest? Manifest { get; set; }

    public bool IsComplete => OwnPart is not null && _parts.All(part => part is not null);

    /// <summary>Own part first, then by shard.</summary>
    public IReadOnlyList<CheckpointPart> Parts => [OwnPart!, .. _parts.Select(part => part!)];

    public long Bytes => Parts.Sum(part => part.Bytes);

    /// <summary>Whether a shard's part is still owed.</summary>
    public bool Needs(ShardId shard) => shard.Value < _parts.Length && _parts[shard.Value] is null;

    public void Take(CheckpointPart part) => _parts[part.Shard.Value] ??= part;
}
