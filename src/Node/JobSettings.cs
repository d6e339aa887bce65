using FitCluster.Coordinator;
using FitCluster.Models.Spec;

namespace FitCluster.Node;

/// <summary>How a fit is run, as its spec asks for it: in one process and on a cluster.</summary>
internal static class JobSettings
{
    /// <summary>The settings that a spec asks for.</summary>
    public static FitSettings Of(JobSpec spec) => new()
    {
        MaxRounds = spec.Stop.MaxRounds ?? long.MaxValue,
        MaxSeconds = spec.Stop.MaxSeconds ?? double.PositiveInfinity,
        CheckpointSeconds = spec.Checkpoint.EverySeconds,
        CheckpointRounds = spec.Checkpoint.EveryRounds ?? 0,
        Keep = spec.Checkpoint.Keep,
    };
}
