namespace FitCluster.Math.TwinEb;

/// <summary>The distribution of an entry x_ij given its row's and its column's factors.</summary>
public enum TwinEbLikelihood
{
    /// <summary>x_ij ~ Poisson(u_i . v_j), u and v positive; a cell that is neither stored nor held out is an observed zero.</summary>
    Poisson,

    /// <summary>
    /// x_ij ~ Poisson(theta_ij u_i . v_j), theta_ij ~ Gamma(a, a) of mean 1, integrated out, with a learnt: a variance of mu + mu^2 / a.
    /// Zeros as in the Poisson model.
    /// </summary>
    NegativeBinomial,

    /// <summary>x_ij ~ N(u_i . v_j, noise sd squared); a cell that is not stored is missing.</summary>
    Gaussian,
}
