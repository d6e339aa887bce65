namespace FitCluster.Math.TwinEb;

/// <summary>What the coming round of a reference fit does.</summary>
internal enum ReferencePhase
{
    /// <summary>Shards count their rows and held-out cells.</summary>
    Describe,

    /// <summary>Minibatch steps on the training rows.</summary>
    Train,

    /// <summary>The validation cells are scored.</summary>
    Validate,

    /// <summary>Minibatch steps on the held-out rows, columns and priors frozen.</summary>
    Project,

    /// <summary>The test cells are scored.</summary>
    Test,

    /// <summary>Shards carry out their last orders.</summary>
    Finish,

    /// <summary>Nothing is left to do.</summary>
    Done,
}
