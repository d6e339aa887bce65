using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The mode of y = link(t) for t ~ N(mean, variance), as the t where it is: the greatest of log N(t) - log dy/dt. Exp: mean - variance.
/// Softplus and logistic: by a grid, which finds the highest top where there are two, and golden section.
/// </summary>
internal static class NbMode
{
    private const int Grid = 80;
    private const double MostSds = 8;

    /// <summary>The mode's t.</summary>
    /// <param name="link">The link; null: logistic.</param>
    /// <param name="mean">E t.</param>
    /// <param name="variance">Its variance, positive.</param>
    public static double Of(NbLink? link, double mean, double variance)
    {
        if (link == NbLink.Exp)
        {
            return mean - variance;
        }

        // Its slope is within [-1, 1]: the mode is at most one variance away.
        var reach = double.Min(variance, MostSds * double.Sqrt(variance)) + 1e-12;
        var (best, most) = (mean, double.NegativeInfinity);
        for (var i = -Grid; i <= Grid; i++)
        {
            var t = mean + (reach * i / Grid);
            (best, most) = Density(t) > most ? (t, Density(t)) : (best, most);
        }

        return GoldenSection.Maximize(best - (reach / Grid), best + (reach / Grid), Density, 1e-13, 60).At;

        double Density(double t)
        {
            // log sigmoid(t), and for the logistic link log (1 - sigmoid(t)) with it.
            var logSlope = -VectorSoftplus.Softplus(-t) - (link is null ? VectorSoftplus.Softplus(t) : 0);
            return (-0.5 * (t - mean) * (t - mean) / variance) - logSlope;
        }
    }
}
