using FitCluster.Data;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models;

/// <summary>What a kind of model prepares a job from.</summary>
/// <param name="Spec">The job as it was asked for.</param>
/// <param name="Data">The data.</param>
/// <param name="Ranges">The rows of each shard.</param>
/// <param name="From">The finished fit of the same model to start from; null: none.</param>
public sealed record ModelRequest(JobSpec Spec, MatrixSource Data, IReadOnlyList<ShardRange> Ranges, FinishedFit? From)
{
    /// <summary>The model's own options.</summary>
    public SpecSection Section => Spec.Section;

    /// <summary>The seed of every random number.</summary>
    public ulong Seed => Spec.Seed;
}
