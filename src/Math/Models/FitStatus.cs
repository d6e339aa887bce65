namespace FitCluster.Math.Models;

/// <summary>How a fit stands at its end.</summary>
public enum FitStatus
{
    /// <summary>It has not ended.</summary>
    Running = 0,

    /// <summary>The tolerance was reached.</summary>
    Converged = 1,

    /// <summary>A limit of rounds or time was reached, or the model ended by itself: the results are valid, but not converged.</summary>
    Stopped = 2,

    /// <summary>
    /// It cannot go on; the newest whole checkpoint is kept, and the best so far is in the outcome where the model has one.
    /// </summary>
    Failed = 3,

    /// <summary>It was interrupted, with a checkpoint; starting it again goes on from there.</summary>
    Interrupted = 4,

    /// <summary>It was not run: the name belongs to another spec or to other data.</summary>
    Refused = 5,
}
