namespace FitCluster.Math.TwinEb;

/// <summary>The distribution of an entry x_ij given its row's and its column's factors.</summary>
public enum TwinEbLikelihood
{
    /// <summary>x_ij ~ Poisson(u_i . v_j), u and v positive; a cell that is neither stored nor held out is an observed zero.</summary>
    Poisson,

    /// <summary>x_ij ~ N(u_i . v_j, noise sd squared); a cell that is not stored is missing.</summary>
    Gaussian,
}
