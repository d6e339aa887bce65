using FitCluster.Math.Numerics;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>
/// The distribution of one gene's count in one cell: with capture nu the odds are a nu (binomial thinning); f(u) = (1 - gate) g(u), and
/// gate more at 0, g negative binomial with r and these odds (mean r a nu), or, for omega &gt; 0, beta negative binomial of the same mean
/// with 1 + omega times the variance (mrazomej/scribe at b7372e30). One number at a time: for results, checks and tests.
/// </summary>
/// <param name="R">r, positive.</param>
/// <param name="Odds">a = p / (1 - p), positive.</param>
/// <param name="Gate">Probability of a structural zero, in [0, 1).</param>
/// <param name="Omega">Overdispersion; below 1e-9 it counts as none.</param>
public readonly record struct NbDensity(double R, double Odds, double Gate = 0, double Omega = 0)
{
    private const double LeastOmega = 1e-9;

    private bool IsBeta => Omega >= LeastOmega;

    /// <summary>log f(u).</summary>
    /// <param name="count">u, a whole number.</param>
    /// <param name="capture">nu, in (0, 1].</param>
    public double Log(double count, double capture = 1)
    {
        var plain = LogPlain(count, capture);
        return Gate == 0 ? plain
            : count > 0 ? plain + VectorSoftplus.LogOnePlus(-Gate)
            : double.Log(Gate + ((1 - Gate) * double.Exp(plain)));
    }

    /// <summary>The mean count.</summary>
    public double Mean(double capture = 1) => (1 - Gate) * R * Odds * capture;

    /// <summary>The count's variance.</summary>
    public double Variance(double capture = 1)
    {
        var odds = Odds * capture;
        var (mean, variance) = (R * odds, R * odds * (1 + odds) * (1 + (IsBeta ? Omega : 0)));
        return (1 - Gate) * (variance + (Gate * mean * mean));
    }

    /// <summary>
    /// Mean and variance of the molecules m that were there, given the u that were seen: of NB, m - u ~ NB(r + u, p (1 - nu)); of BNB the
    /// same given the seen fraction q ~ Beta(alpha + u, kappa + r), in which the mean is linear and the variance quadratic; a zero is
    /// structural with probability gate / f(0), and m then has the distribution without capture (mrazomej/scribe at b7372e30).
    /// </summary>
    /// <param name="count">u.</param>
    /// <param name="capture">nu, in (0, 1].</param>
    public (double Mean, double Variance) Denoise(double count, double capture)
    {
        var (q, square) = Fraction(count, capture);
        var lost = (1 - capture) / capture;
        var size = count + R;
        var mean = count + (size * lost * q);
        var variance = (size * lost * (q + ((1 - capture) / capture * square))) +
            (size * size * lost * lost * double.Max(0, square - (q * q)));
        if (count > 0 || Gate == 0)
        {
            return (mean, variance);
        }

        var weight = Gate / (Gate + ((1 - Gate) * double.Exp(LogPlain(0, capture))));
        var (priorMean, priorVariance) = Whole(capture);
        var both = (weight * priorMean) + ((1 - weight) * mean);
        return (both,
            (weight * (priorVariance + (priorMean * priorMean))) + ((1 - weight) * (variance + (mean * mean))) - (both * both));
    }

    /// <summary>
    /// The log-likelihood of a cell under a mixture, log sum_k w_k prod_g f(u_g | k), and what each component has of it.
    /// </summary>
    /// <param name="counts">G counts.</param>
    /// <param name="genes">K x G densities.</param>
    /// <param name="logWeights">K: log w_k.</param>
    /// <param name="capture">nu.</param>
    /// <param name="responsibilities">K: filled with each component's posterior probability.</param>
    public static double LogCell(
        ReadOnlySpan<double> counts, ReadOnlySpan<NbDensity> genes, ReadOnlySpan<double> logWeights, double capture,
        Span<double> responsibilities)
    {
        for (var k = 0; k < logWeights.Length; k++)
        {
            var sum = logWeights[k];
            for (var g = 0; g < counts.Length; g++)
            {
                sum += genes[(k * counts.Length) + g].Log(counts[g], capture);
            }

            responsibilities[k] = sum;
        }

        return Normalize(responsibilities);
    }

    // Logarithms become probabilities; returns the logarithm of their sum.
    internal static double Normalize(Span<double> logarithms)
    {
        var most = double.NegativeInfinity;
        foreach (var value in logarithms)
        {
            most = double.Max(most, value);
        }

        var sum = 0.0;
        foreach (ref var value in logarithms)
        {
            value = double.Exp(value - most);
            sum += value;
        }

        foreach (ref var value in logarithms)
        {
            value /= sum;
        }

        return most + double.Log(sum);
    }

    private double LogPlain(double count, double capture)
    {
        var odds = Odds * capture;
        return IsBeta
            ? BetaNegativeBinomial.Log(count, R, odds, Omega)
            : GammaRatio.LogBeyondPower(R, count) + (count > 0 ? count * double.Log(R * odds) : 0) -
                ((count + R) * VectorSoftplus.LogOnePlus(odds)) - VectorGammaWide.LogGamma(count + 1);
    }

    // E q and E q^2 given u of the fraction q = p nu / (1 - p (1 - nu)).
    private (double Mean, double Square) Fraction(double count, double capture)
    {
        var odds = Odds * capture;
        if (!IsBeta)
        {
            var q = odds / (1 + odds);
            return (q, q * q);
        }

        var kappa = 2 + ((R + 1) / Omega);
        var alpha = (odds * (kappa - 1)) + count;
        var total = alpha + kappa + R;
        var mean = alpha / total;
        return (mean, mean * (alpha + 1) / (total + 1));
    }

    // Mean and variance of m before anything is seen: odds q / (1 - q) / nu, q ~ Beta(alpha, kappa).
    private (double Mean, double Variance) Whole(double capture)
    {
        if (!IsBeta)
        {
            return (R * Odds, R * Odds * (1 + Odds));
        }

        var kappa = 2 + ((R + 1) / Omega);
        var alpha = Odds * capture * (kappa - 1);
        var square = alpha * (alpha + 1) / ((kappa - 1) * (kappa - 2)) / (capture * capture);
        return (R * Odds, (R * (Odds + square)) + (R * R * (square - (Odds * Odds))));
    }
}
