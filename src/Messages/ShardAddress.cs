using System.Globalization;

namespace FitCluster.Messages;

/// <summary>The addresses of a job's actors: ("fit", job) and ("shard", job/index).</summary>
public static class ShardAddress
{
    /// <summary>The kind of a shard's worker.</summary>
    public const string Kind = "shard";

    /// <summary>The kind of a job's coordinator.</summary>
    public const string CoordinatorKind = "fit";

    /// <summary>The address of a shard's worker.</summary>
    public static ActorAddress Of(JobName job, ShardId shard) => new(Kind, $"{job}/{shard}");

    /// <summary>The address of a job's coordinator.</summary>
    public static ActorAddress OfCoordinator(JobName job) => new(CoordinatorKind, job.Value);

    /// <summary>The job and the shard of a worker's address.</summary>
    /// <exception cref="ArgumentException">The id is not "job/index".</exception>
    public static (JobName Job, ShardId Shard) Parse(ActorAddress address)
    {
        var slash = address.Id.LastIndexOf('/');
        return slash > 0 && int.TryParse(address.Id.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
            ? (new JobName(address.Id[..slash]), new ShardId(shard))
            : throw new ArgumentException($"'{address}' is not the address of a shard: expected shard/<job>/<index>", nameof(address));
    }
}
