using System.Security.Cryptography;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>What every store holds requests against, and the sentences it answers with, so that all stores say the same.</summary>
public static class CheckpointRules
{
    /// <summary>The number of the coordinator's part.</summary>
    public const int CoordinatorShard = -1;

    /// <summary>SHA-256 as 64 lower-case hexadecimal digits.</summary>
    public static string Checksum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The refusal of a write of an old attempt; null when the attempt is not older than the newest claimed one.</summary>
    public static StoreReply? Fence(JobName job, Attempt attempt, Attempt newest) => attempt >= newest
        ? null
        : new StoreReply($"attempt {attempt} of job {job} may not write any more: attempt {newest} has taken over", IsFenced: true);

    /// <summary>What is wrong with a request, in one sentence; null when nothing is.</summary>
    public static string? Check(StoreRequest request)
    {
        if (request is not ListOpenJobs && !JobName.IsValid(request.Job.Value))
        {
            return $"a {request.GetType().Name} has no job name";
        }

        return request switch
        {
            SavePart { Kind: PartKind.Result, Shard.Value: < 0 } save =>
                $"rows of the results of job {save.Job} are of shard {save.Shard}: 0 is the least there is",
            SavePart save => CheckPart(save.Job, save.Round, save.Shard, save.Attempt),
            LoadPart load => CheckPart(load.Job, load.Round, load.Shard, load.Attempt),
            CommitCheckpoint commit => CheckCommit(commit),
            _ => null,
        };
    }

    /// <summary>The refusal to commit a checkpoint one of whose parts was not saved.</summary>
    internal static StoreReply NotThere(CommitCheckpoint commit, CheckpointPart part) => new(
        $"the checkpoint of round {commit.Manifest.Round} of job {commit.Job} was not committed: " +
        $"{Name(part.Shard)} of attempt {part.Attempt} is not there with {part.Bytes} bytes");

    /// <summary>The words for a part, as in "shard 4" or "the coordinator's part".</summary>
    public static string Name(ShardId shard, PartKind kind = PartKind.State) =>
        kind == PartKind.Result ? $"shard {shard}'s part of the results"
        : shard.Value == CoordinatorShard ? "the coordinator's part"
        : $"the part of shard {shard}";

    /// <summary>Ends the sentences for the checkpoints that were passed over with the one that is used instead.</summary>
    public static CheckpointFound Found(CheckpointManifest? manifest, IEnumerable<string> faults)
    {
        var instead = manifest is null ? "there is no older one" : $"the one of round {manifest.Round} is used";
        return new CheckpointFound(manifest, [.. faults.Select(fault => $"{fault}: {instead}")]);
    }

    private static string? CheckPart(JobName job, Round round, ShardId shard, Attempt attempt)
    {
        if (round.Value < 0 || attempt.Value < 0)
        {
            return $"{Name(shard)} of job {job} is of round {round} and attempt {attempt}: neither may be negative";
        }

        return shard.Value < CoordinatorShard
            ? $"a part of job {job} is of shard {shard}: -1 (the coordinator) is the least there is"
            : null;
    }

    private static string? CheckCommit(CommitCheckpoint commit)
    {
        var manifest = commit.Manifest;
        var what = $"the checkpoint of round {manifest.Round} of job {commit.Job}";
        if (manifest.Job != commit.Job || manifest.Attempt != commit.Attempt)
        {
            return $"{what} was not committed: its manifest is of job {manifest.Job} and attempt {manifest.Attempt}, and attempt " +
                $"{commit.Attempt} asked";
        }

        if (commit.Keep < 1)
        {
            return $"{what} was not committed: {commit.Keep} checkpoints cannot be kept, at least 1 must be";
        }

        if (manifest.Parts.Select(p => CheckPart(commit.Job, manifest.Round, p.Shard, p.Attempt)).FirstOrDefault(
            p => p is not null) is { } wrong)
        {
            return wrong;
        }

        var shards = manifest.Parts.Select(p => p.Shard.Value).Where(s => s != CoordinatorShard).Order().ToList();
        var isWhole = shards.SequenceEqual(Enumerable.Range(0, int.Max(0, manifest.Shards))) && manifest.Parts.Count - shards.Count <= 1;
        return isWhole ? null : $"{what} was not committed: it has {manifest.Shards} shards, and the manifest has parts of shards " +
            $"{string.Join(", ", manifest.Parts.Select(p => p.Shard))}";
    }
}
