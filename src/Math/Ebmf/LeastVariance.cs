namespace FitCluster.Math.Ebmf;

/// <summary>
/// How small an estimated residual variance may become (docs/ebmf.md, "Variances that collapse"). A factor that is one column, or one row,
/// alone lets the variance of that group go to 0, where the ELBO has no bound: as for uniquenesses in factor analysis (Heywood cases),
/// the variance of a group is kept above a share of the group's own variance about its mean. The share follows the other groups: where
/// all fit well, the bound is low. It only ever falls during a fit, so that no accepted point becomes inadmissible, and the ELBO, which is
/// maximized under the bound, does not fall by it.
/// </summary>
internal static class LeastVariance
{
    /// <summary>
    /// A group's residual variance, as a share of the group's own variance, is at least this much of the typical share: a hundredth of the
    /// typical residual standard deviation.
    /// </summary>
    public const double ShareOfTypical = 1e-4;

    // Below this share of a group's sum of squares, residuals are rounding: a perfect fit must have a finite precision.
    private const double RoundingShare = 1e-20;

    // Data that are 0 throughout have no scale: their unit is 1.
    private const double OfNothing = 2.2e-16;

    /// <summary>Whether all that is left of the data is rounding.</summary>
    public static bool IsExact(EbmfState state) =>
        state.K > 0 && state.MeanSquare > 0 && state.TotalVariance <= 4 * RoundingShare * state.MeanSquare * state.Observed;

    /// <summary>The least R^2 of all entries.</summary>
    public static double OfAll(double count, double squares) => squares > 0 ? RoundingShare * squares : OfNothing * count;

    /// <summary>The least R^2 of a group.</summary>
    /// <param name="count">Its observed entries N.</param>
    /// <param name="squares">Their sum of squares.</param>
    /// <param name="centred">Their sum of squares about their mean.</param>
    /// <param name="share">The share of that.</param>
    /// <param name="meanSquare">That of the whole matrix: a group of zeros has no scale of its own.</param>
    public static double OfGroup(double count, double squares, double centred, double share, double meanSquare) =>
        squares > 0 ? double.Max(RoundingShare * squares, share * centred) : count * (meanSquare > 0 ? share * meanSquare : OfNothing);

    /// <summary>A weighted sum of squares about the mean; one that is rounding is 0 or tiny.</summary>
    public static double Centred(double squares, double sum, double weight) =>
        weight > 0 ? double.Max(0, squares - (sum * (sum / weight))) : 0;

    /// <summary>
    /// The share that follows from the logarithms of all groups' shares, sum_g N_g log(sigma_g^2 / own variance_g) over sum_g N_g.
    /// </summary>
    public static double Share(double sumLogShares, double count) =>
        ShareOfTypical * double.Min(1, count > 0 ? double.Exp(sumLogShares / count) : 1);
}
