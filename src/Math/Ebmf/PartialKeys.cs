using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.Ebmf;

/// <summary>
/// What shards answer, step by step. K are all factors, a the active ones, b the vectors, p the columns. Reduced by sums over shards where
/// nothing else is said.
/// </summary>
internal static class PartialKeys
{
    /// <summary>Describe, at first: the largest absolute entry.</summary>
    public static readonly StateKey LargestEntry = new("largestEntry", Reduction.Max);

    /// <summary>Describe: entries by binary exponent, from the largest down (<see cref="FarEntry"/>).</summary>
    public static readonly StateKey Exponents = new("exponents");

    /// <summary>
    /// Describe: the place of an entry of the largest exponent, counted from 1, and the largest positive and negative one.
    /// </summary>
    public static readonly StateKey FarthestEntry = new("farthestEntry", Reduction.Max);

    /// <summary>Describe: observed entries by column, p.</summary>
    public static readonly StateKey Counts = new("counts");

    /// <summary>Describe: weighted sums of y^2 by column, p.</summary>
    public static readonly StateKey Squares = new("squares");

    /// <summary>Describe: sums of y by column, p.</summary>
    public static readonly StateKey Sums = new("sums");

    /// <summary>Describe: sums of log weights, y^2 and S^2, and the observed entries.</summary>
    public static readonly StateKey Description = new("description");

    /// <summary>Subspace, power, sweep: R'Z or X'UL, factor-major.</summary>
    public static readonly StateKey Cross = new("cross");

    /// <summary>Subspace: Z'Z, its lower triangle, b x b. Sweep: L'UL, K x a.</summary>
    public static readonly StateKey Gram = new("gram");

    /// <summary>Subspace, power: L'Z, K x b.</summary>
    public static readonly StateKey LoadingsCross = new("loadingsCross");

    /// <summary>Power with missing or weighted entries: sums of l^2 by column, b x p.</summary>
    public static readonly StateKey Denominator = new("denominator");

    /// <summary>Power, project: sums of squares of the positive and of the negative loadings, 2 for each vector.</summary>
    public static readonly StateKey Signs = new("signs");

    /// <summary>Prepare: counts and sums of the pseudo-data, at each active factor.</summary>
    public static readonly StateKey Summary = new("summary");

    /// <summary>Prepare: their extremes (maxima over shards), at each active factor.</summary>
    public static readonly StateKey Extremes = new("extremes", Reduction.Max);

    /// <summary>Prior, sweep: the statistics of the loadings prior, at each active factor.</summary>
    public static readonly StateKey Statistics = new("statistics");

    /// <summary>Sweep: sums of u E l^2, a.</summary>
    public static readonly StateKey SumSecond = new("sumSecond");

    /// <summary>Sweep: sums of E l^2, a.</summary>
    public static readonly StateKey PlainSecond = new("plainSecond");

    /// <summary>Sweep: the divergences' part that is no log-likelihood, a.</summary>
    public static readonly StateKey Divergence = new("kl");

    /// <summary>Sweep with missing or weighted entries: L'UL by column, p x a x K.</summary>
    public static readonly StateKey GramByColumn = new("gramByColumn");

    /// <summary>Sweep with missing or weighted entries: sums of u E l^2 by column, p x a.</summary>
    public static readonly StateKey SumSecondByColumn = new("sumSecondByColumn");

    /// <summary>Evaluate: weighted sums of E r^2 by column, p.</summary>
    public static readonly StateKey Residuals = new("residuals");

    /// <summary>Evaluate, kronecker: weighted sums of y^2 by column, p.</summary>
    public static readonly StateKey ResidualSquares = new("residualSquares");

    /// <summary>Evaluate, kronecker: weighted sums of y by column, p.</summary>
    public static readonly StateKey ResidualSums = new("residualSums");

    /// <summary>Evaluate, kronecker: sums of the weights by column, p.</summary>
    public static readonly StateKey ResidualWeights = new("residualWeights");

    /// <summary>
    /// Evaluate, by row: sums of N log u, u E r^2 and N / u, and of N log share and N where a row has a share
    /// (<see cref="LeastVariance"/>); by entry: the objective and the total variance.
    /// </summary>
    public static readonly StateKey Totals = new("totals");

    /// <summary>Evaluate, a search for added variances: the objective of each group.</summary>
    public static readonly StateKey Objective = new("objective");

    /// <summary>The search's gradient.</summary>
    public static readonly StateKey Gradient = new("gradient");

    /// <summary>The search's sums of weights 1 / (S^2 + variance).</summary>
    public static readonly StateKey SearchWeights = new("searchWeights");

    /// <summary>The search's curvature.</summary>
    public static readonly StateKey Curvature = new("curvature");

    /// <summary>The search's upper ends (maxima over shards).</summary>
    public static readonly StateKey Largest = new("largest", Reduction.Max);

    /// <summary>Loadings of evenly spaced rows, factor by factor.</summary>
    public static readonly StateKey Sample = new("sample");
}
