namespace FitCluster.Math.TwinEb;

/// <summary>Why a reference fit cannot go on.</summary>
internal enum ReferenceFailure
{
    /// <summary>It can.</summary>
    None,

    /// <summary>There are no training rows.</summary>
    NoTrainingRows,

    /// <summary>Two shards begin in the same slot of the table of ranks.</summary>
    TooManyShards,

    /// <summary>Every restart used up its retries.</summary>
    Diverged,
}
