namespace FitCluster.Math.TwinEb;

/// <summary>What a round of the conjugate optimizer does.</summary>
internal enum ConjugatePhase
{
    /// <summary>Sums over the data.</summary>
    Describe = 0,

    /// <summary>One update of rows and priors, and the sums that columns need.</summary>
    Sweep = 1,

    /// <summary>The end of a restart: rows under the last columns, held-out score of validation cells.</summary>
    Validate = 2,

    /// <summary>Held-out rows with columns and priors of the best restart, their score, and the rows' results.</summary>
    Project = 3,

    /// <summary>Nothing is left to do.</summary>
    Done = 4,

    /// <summary>The columns, each shard its part of them: the end of every sweep.</summary>
    Columns = 5,

    /// <summary>A score of the validation cells between two sweeps, by fewer draws, by which the best state is kept.</summary>
    Check = 6,

    /// <summary>Poisson: scores of the validation cells by draws more and more spread.</summary>
    Spread = 7,
}
