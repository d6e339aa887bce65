namespace FitCluster.Math.Numerics;

/// <summary>
/// Gamma(a, 1) numbers that depend on a smoothly: dx/da at a fixed quantile, -(dF/da) / f (Figurnov, Mohamed and Mnih 2018, "Implicit
/// reparameterization gradients"), which makes a draw's gradient unbiased whatever way the number was drawn.
/// </summary>
public static class GammaGradient
{
    private const int MostTerms = 200_000;
    private const double Step = 0.0625;

    /// <summary>
    /// dx/da of a Gamma(a, 1) number x, to a relative 1e-9 (tests): for x below a + 8, x sum_n x^n / (a (a + 1) ... (a + n)) (digamma(a + n
    /// + 1) - log x), from the power series of F; beyond it the integral over s &gt; 0 of (1 + s / x)^(a - 1) (log(x + s) - digamma(a))
    /// e^-s
    /// by the trapezoidal rule in log s, which loses nothing where F is next to 1.
    /// </summary>
    /// <param name="shape">a, 1e-6 or more.</param>
    /// <param name="x">x, positive.</param>
    public static double ByShape(double shape, double x) => x < shape + 8 ? Series(shape, x) : Tail(shape, x);

    /// <summary>A Gamma(a, 1) number of a counter, by rejection; attempts have counters of their own.</summary>
    public static double Draw(double shape, ulong seed, ulong stream, ulong index)
    {
        var raised = shape < 1 ? shape + 1 : shape;
        for (var attempt = 0UL; ; attempt += 2)
        {
            var at = (index << 16) + attempt;
            if (GammaRejection.Try(raised, Philox.Normal(seed, stream, at), Philox.Uniform(seed, stream, at + 1), out var number))
            {
                // Never 0: its logarithm is looked at.
                return shape < 1
                    ? double.Max(1e-300, number * double.Pow(Philox.Uniform(seed, stream, (index << 16) + 0xFFFF), 1 / shape))
                    : number;
            }
        }
    }

    private static double Series(double a, double x)
    {
        var (term, digamma, log) = (1 / a, VectorGammaWide.Digamma(a) + (1 / a), double.Log(x));
        var sum = term * (digamma - log);
        for (var n = 1; n < MostTerms; n++)
        {
            var at = a + n;
            term *= x / at;
            digamma += 1 / at;
            var part = term * (digamma - log);
            sum += part;
            if (at > 2 * x && double.Abs(part) < 1e-17 * double.Abs(sum))
            {
                break;
            }
        }

        return x * sum;
    }

    private static double Tail(double a, double x)
    {
        var (sum, digamma) = (0.0, VectorGammaWide.Digamma(a));
        for (var y = -40.0; y < 7; y += Step)
        {
            var s = double.Exp(y);
            sum += double.Exp(y - s + ((a - 1) * VectorSoftplus.LogOnePlus(s / x))) * (double.Log(x + s) - digamma);
        }

        return sum * Step;
    }
}
