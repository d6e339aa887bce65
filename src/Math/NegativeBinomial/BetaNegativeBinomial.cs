using System.Runtime.Intrinsics;
using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The beta negative binomial on 8 lanes: q ~ Beta(alpha, kappa), u given q ~ NB(r, q), with kappa = 2 + (r + 1) / omega and alpha = odds
/// (kappa - 1): its mean is r odds, its variance that of the negative binomial times 1 + omega (mrazomej/scribe at b7372e30). log pmf = log
/// of Gamma ratios (kappa + r over kappa) + (r + u over r) - log u! + (alpha + u over alpha) - (alpha + kappa + u + r over alpha + kappa);
/// each is split into its power and what is beyond (<see cref="GammaRatio.LogBeyondPower(double, double)"/>), whose powers join to u
/// log(odds') + r log(..), so that nothing cancels as omega falls to 0: right to 1e-11 at omega = 1e-6 (tests). omega &gt;= 1e-9.
/// </summary>
public static class BetaNegativeBinomial
{
    /// <summary>log pmf without -log u!.</summary>
    /// <param name="u">The count, 0 or more; real between counts.</param>
    /// <param name="r">r, 1e-6 to 1e7.</param>
    /// <param name="odds">The odds, capture in it; positive.</param>
    /// <param name="omega">omega, 1e-9 or more.</param>
    public static Vector512<double> LogKernel(
        Vector512<double> u, Vector512<double> r, Vector512<double> odds, Vector512<double> omega)
    {
        var (kappa, alpha) = Shapes(r, odds, omega);
        var both = alpha + kappa;

        // log(alpha / (alpha + kappa)) and log(kappa / (alpha + kappa)), the smaller part's ratio as it is.
        var powers = -(u * VectorSoftplus.LogOnePlus(kappa / alpha)) - (r * VectorSoftplus.LogOnePlus(alpha / kappa));
        return powers + GammaRatio.LogBeyondPower(kappa, r) + GammaRatio.Log(r, u) + GammaRatio.LogBeyondPower(alpha, u) -
            GammaRatio.LogBeyondPower(both, u + r);
    }

    /// <summary>Derivatives of the log pmf in log r, log odds and log omega.</summary>
    /// <inheritdoc cref="LogKernel"/>
    public static (Vector512<double> LogR, Vector512<double> LogOdds, Vector512<double> LogOmega) Gradient(
        Vector512<double> u, Vector512<double> r, Vector512<double> odds, Vector512<double> omega)
    {
        var (kappa, alpha) = Shapes(r, odds, omega);
        var both = alpha + kappa;
        var total = GammaRatio.First(both, u + r);
        var byAlpha = GammaRatio.First(alpha, u) - total;
        var byKappa = GammaRatio.First(kappa, r) - total + (odds * byAlpha);

        // digamma(kappa + r) - digamma(alpha + kappa + u + r) + digamma(r + u) - digamma(r).
        var byR = GammaRatio.First(r, u) - GammaRatio.First(kappa + r, alpha + u);
        var inverse = Vector512<double>.One / omega;
        return (r * (byR + (byKappa * inverse)), alpha * byAlpha, -(r + Vector512<double>.One) * inverse * byKappa);
    }

    /// <summary>log pmf of one count.</summary>
    /// <inheritdoc cref="LogKernel"/>
    public static double Log(double u, double r, double odds, double omega) =>
        LogKernel(Vector512.Create(u), Vector512.Create(r), Vector512.Create(odds), Vector512.Create(omega)).ToScalar() -
        VectorGammaWide.LogGamma(u + 1);

    private static (Vector512<double> Kappa, Vector512<double> Alpha) Shapes(
        Vector512<double> r, Vector512<double> odds, Vector512<double> omega)
    {
        var beyondTwo = (r + Vector512<double>.One) / omega;
        return (Vector512.Create(2.0) + beyondTwo, odds * (Vector512<double>.One + beyondTwo));
    }
}
