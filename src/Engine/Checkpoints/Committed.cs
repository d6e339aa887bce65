namespace FitCluster.Engine;

/// <summary>What a committed checkpoint is made of is not replaced: the same bytes may be saved again, others may not.</summary>
internal static class Committed
{
    /// <summary>
    /// The refusal to save a part that the manifest of its round has with another checksum; null when there is no reason to refuse.
    /// </summary>
    public static StoreReply? WithOther(CheckpointManifest manifest, SavePart save, string checksum)
    {
        var isOther = save.Kind == PartKind.State &&
            manifest.Parts.Any(p => p.Shard == save.Shard && p.Attempt == save.Attempt && p.Checksum != checksum);
        return isOther
            ? new StoreReply(
                $"{CheckpointRules.Name(save.Shard)} of round {save.Round} of job {save.Job} belongs to a committed checkpoint, and " +
                "other content was to replace it")
            : null;
    }
}
