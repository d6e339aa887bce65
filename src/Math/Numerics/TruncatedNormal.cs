namespace FitCluster.Math.Numerics;

/// <summary>The standard normal distribution truncated to an interval [a, b].</summary>
public static class TruncatedNormal
{
    // An interval of half-width h about c is narrow when h max(1, |c|) is below this; then 8 terms of the Hermite series are exact.
    private const double Narrow = 0.5;
    private const int SeriesTerms = 16;

    /// <summary>
    /// log(Phi(b) - Phi(a)), and the mean and the variance of N(0, 1) truncated to [a, b], a &lt;= b, either end may be infinite. No
    /// cancellation: about 1e-14 relative in mass and variance, and in the mean unless the interval straddles 0 (there: absolute). For a =
    /// b: -infinity, a, 0.
    /// </summary>
    public static (double LogMass, double Mean, double Variance) Moments(double a, double b)
    {
        if (a == b)
        {
            return (double.NegativeInfinity, a, 0);
        }

        if (a + b < 0)
        {
            var (mass, mean, variance) = Moments(-b, -a);
            return (mass, -mean, variance);
        }

        var centre = 0.5 * (a + b);
        return 0.5 * (b - a) * double.Max(1, centre) < Narrow ? Series(centre, 0.5 * (b - a))
            : a >= 0 ? Tail(a, b) : Straddling(a, b);
    }

    // phi(c + u) = phi(c) sum_n He_n(c) (-u)^n / n!, integrated over [-h, h] against 1, u, u^2; e = He_n(c) h^n / n!.
    private static (double LogMass, double Mean, double Variance) Series(double c, double h)
    {
        double zeroth = 0, first = 0, second = 0, before = 0, e = 1;
        for (var n = 0; n < SeriesTerms; n++)
        {
            if (n % 2 == 0)
            {
                zeroth += e / (n + 1);
                second += e / (n + 3);
            }
            else
            {
                first -= e / (n + 2);
            }

            (before, e) = (e, ((c * h * e) - (h * h * before)) / (n + 1));
        }

        var offset = first / zeroth;
        return (
            (-0.5 * c * c) - NormalDistribution.LogRootTwoPi + double.Log(2 * h * zeroth),
            c + (h * offset),
            h * h * ((second / zeroth) - (offset * offset)));
    }

    // 0 <= a < b: with theta = a + d t, exp(a^2 / 2) / d times the integrals of t^k is J_k(a) / d^(k + 1) minus the part beyond b,
    // d = 1 / (1 + a).
    private static (double LogMass, double Mean, double Variance) Tail(double a, double b)
    {
        var (d, mass, first, second) = MillsRatio.Units(a);
        var w = b - a;
        var beyond = double.Exp(-0.5 * w * (a + b));
        if (beyond > 0)
        {
            var (e, j0, j1, j2) = MillsRatio.Units(b);
            var (shorter, end) = (e / d, w / d);
            (j0, j1, j2) = (j0 * shorter, j1 * shorter * shorter, j2 * shorter * shorter * shorter);
            mass -= beyond * j0;
            first -= beyond * ((end * j0) + j1);
            second -= beyond * ((end * ((end * j0) + (2 * j1))) + j2);
        }

        var t = first / mass;
        return (
            (-0.5 * a * a) - NormalDistribution.LogRootTwoPi + double.Log(mass * d), a + (d * t),
            d * d * ((second / mass) - (t * t)));
    }

    // a < 0 < b with |a| <= b and a width of the order of 1 or more.
    private static (double LogMass, double Mean, double Variance) Straddling(double a, double b)
    {
        var below = NormalDistribution.Density(a);
        var above = NormalDistribution.Density(b);
        var outside = (below * MillsRatio.Value(-a)) + (above * MillsRatio.Value(b));
        var mass = 1 - outside;
        var belowTerm = below > 0 ? a * below : 0;
        var aboveTerm = above > 0 ? b * above : 0;
        var mean = (below - above) / mass;
        return (NormalDistribution.LogOneMinus(outside), mean, 1 + ((belowTerm - aboveTerm) / mass) - (mean * mean));
    }
}
