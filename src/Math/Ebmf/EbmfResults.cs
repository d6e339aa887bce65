using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>The arrays that a finished fit yields. n rows, p columns, K factors.</summary>
public static class EbmfResults
{
    /// <summary>E L, n x K, from the shards.</summary>
    public static readonly StateKey LoadingsMean = new("loadings_mean");

    /// <summary>Standard deviations of the loadings, n x K.</summary>
    public static readonly StateKey LoadingsSd = new("loadings_sd");

    /// <summary>Local false sign rates of the loadings, n x K.</summary>
    public static readonly StateKey LoadingsLfsr = new("loadings_lfsr");

    /// <summary>E F, p x K.</summary>
    public static readonly StateKey FactorsMean = new("factors_mean");

    /// <summary>Standard deviations of the factors, p x K.</summary>
    public static readonly StateKey FactorsSd = new("factors_sd");

    /// <summary>Local false sign rates of the factors, p x K.</summary>
    public static readonly StateKey FactorsLfsr = new("factors_lfsr");

    /// <summary>
    /// The residual standard deviation: one number, by column (from the coordinator), by row (from the shards), or both, whose product it
    /// is; beside
    /// known standard errors that vary within its groups, the estimated part.
    /// </summary>
    public static readonly StateKey ResidualSd = new("residual_sd");

    /// <summary>
    /// 1 for each column (from the coordinator) or row (from the shards) whose residual variance ended at its bound, else 0; absent where
    /// variances have no such bound (docs/ebmf.md, "Variances that collapse").
    /// </summary>
    public static readonly StateKey AtBound = new("at_bound");

    /// <summary>
    /// Row, column, value and typical absolute value of an entry far beyond all others, and how many there are; absent where there is none
    /// (docs/ebmf.md, "Entries far beyond the others").
    /// </summary>
    public static readonly StateKey FarEntry = new("farEntry");

    /// <summary>Present where the factors fit the data exactly, so that the residual variance is 0 but for rounding.</summary>
    public static readonly StateKey IsExact = new("isExact");

    /// <summary>Proportions of variance explained, K.</summary>
    public static readonly StateKey Explained = new("pve");

    /// <summary>Minus the divergences of the loadings from their priors, K.</summary>
    public static readonly StateKey KlLoadings = new("klLoadings");

    /// <summary>Minus the divergences of the factors from their priors, K.</summary>
    public static readonly StateKey KlFactors = new("klFactors");

    /// <summary>The ELBO.</summary>
    public static readonly StateKey Elbo = new("elbo");

    /// <summary>The tolerance that was in force.</summary>
    public static readonly StateKey Tolerance = new("tolerance");

    /// <summary>The sweeps of the whole fit.</summary>
    public static readonly StateKey Sweeps = new("sweeps");

    /// <summary>The prior of the loadings of factor k, at k, as <see cref="Ebnm.PriorCodec"/> has it.</summary>
    public static readonly StateKey LoadingsPrior = new("loadingsPrior");

    /// <summary>The prior of factor k, at k.</summary>
    public static readonly StateKey FactorsPrior = new("factorsPrior");
}
