namespace FitCluster.Math.TwinEb;

/// <summary>How a fit is found.</summary>
public enum TwinEbOptimizer
{
    /// <summary>Conjugate coordinate ascent: no step size.</summary>
    Default,

    /// <summary>The published algorithm's update: reparametrized gradients, clipping, Adam.</summary>
    Reference,
}
